using Hud.Kubernetes;
using Hud.Operator.Entities;
using Result = Hud.Kubernetes.ReconciliationResult<Hud.Operator.Entities.SessionEntity>;

namespace Hud.Operator;

/// <summary>
/// Takes off what earlier operators put on sessions in progress. A deletion needs no finalizer; <see cref="SessionController.DeletedAsync"/> and
/// the sweep do what there is to do.
/// </summary>
public sealed class FormerFinalizer(Latest<SessionEntity> latest, SessionActions actions)
    : IEntityFinalizer<SessionEntity>
{
    public const string Identifier = "hud.dev/agents";

    /// <summary>The change that is written here brings the session back.</summary>
    public Task<Result> FinalizeAsync(SessionEntity entity, CancellationToken cancel) =>
        SessionController.TracedAsync(
            entity,
            async () =>
            {
                try
                {
                    entity = latest.Wrote(
                        await actions.RemoveFinalizerAsync(entity, Identifier, cancel).ConfigureAwait(false)
                    );
                }
                catch (NotFoundException)
                {
                    // gone already
                }
                return Result.Success(entity, SessionController.Soon);
            }
        );
}
