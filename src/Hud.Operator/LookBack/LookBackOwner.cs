using Hud.Core.Api;
using Hud.Operator.Entities;
using Hud.Operator.Policies;

namespace Hud.Operator.LookBack;

/// <summary>
/// Whose agents a session may ask: those of the policy that controls it, which lives in the same namespace. Owner references are written by whoever makes
/// a session; one that names a policy of another namespace, or one that is gone, is not an owner. Who makes sessions in a namespace may profile each pod
/// of it in any case, so asking for what a policy there has watched gives nobody more. Pure.
/// </summary>
public static class LookBackOwner
{
    /// <param name="policy">The policy by a name in a namespace; null where there is none.</param>
    /// <param name="why">Why no agent may be asked, as a sentence; empty when they may.</param>
    /// <returns>UID of the policy; empty when there is none.</returns>
    public static string Of(SessionEntity session, Func<string, string, PolicyEntity?> policy, out string why)
    {
        why = "";
        if (PolicyRun.Owner(session) is not { } owner)
        {
            why = "the session was made by no policy, and only the agents of a policy watch before there is a session";
            return "";
        }

        if (
            policy(session.Namespace, owner.Name) is not { } found
            || found.Uid.Length == 0
            || found.Uid != owner.Uid
            || found.Metadata.DeletionTimestamp is not null
        )
        {
            why = $"the policy {owner.Name} that made the session is not there any more";
            return "";
        }

        if (!found.TryReadSpec(out var spec, out _) || spec.Continuous is not { Suspend: false })
        {
            why = $"the policy {owner.Name} has no agents that watch; set spec.continuous";
            return "";
        }

        return found.Uid;
    }
}
