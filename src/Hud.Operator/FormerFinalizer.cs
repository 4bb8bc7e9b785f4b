using Hud.Kubernetes;
using Hud.Operator.Entities;

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
    public async Task<ReconciliationResult<SessionEntity>> FinalizeAsync(SessionEntity entity, CancellationToken cancel)
    {
        try
        {
            entity = latest.Wrote(await actions.RemoveFinalizerAsync(entity, Identifier, cancel).ConfigureAwait(false));
        }
        catch (Exception e) when (e is NotFoundException or ConflictException)
        {
            // gone already, or changed while we looked
        }
        return ReconciliationResult<SessionEntity>.Success(entity, SessionController.Soon);
    }
}
