using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Operator.LookBack;

/// <summary>
/// What of an answer is a session's own. An agent that watches tells of all its targets; those that the session does not have are of the same policy, but
/// the session has not asked for them. Pure.
/// </summary>
public static class LookBackProfile
{
    /// <param name="pods">UIDs of the session's targets on the node.</param>
    /// <returns>Null and why it cannot be used.</returns>
    public static (ProfileDocument? Part, string Error) Of(
        ProfileDocument profile,
        ProfilingSessionSpec spec,
        IReadOnlySet<string> pods
    )
    {
        if (profile.LookBack is null)
            return (null, "the agent's answer is not a look-back");
        var own = ProfilePart.OfTargets(profile, t => t.PodUid is { Length: > 0 } uid && pods.Contains(uid));
        return (own with { Session = Session(spec, profile.Session) }, "");
    }

    /// <summary>The session's own spec, with what holds for how it was watched.</summary>
    private static ProfilingSessionSpec Session(ProfilingSessionSpec spec, ProfilingSessionSpec watched) =>
        spec with
        {
            Threshold = watched.Threshold,
            SampleFrequencyHz = watched.SampleFrequencyHz,
            WorkerThreadNames = watched.WorkerThreadNames,
            OverheadBudgetPercent = watched.OverheadBudgetPercent,
        };
}
