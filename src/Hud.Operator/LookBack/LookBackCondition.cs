using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Operator.Policies;
using Hud.Operator.Reconcile;

namespace Hud.Operator.LookBack;

/// <summary>What a session that looks back wants, and why some of its nodes are not answered by agents that watch already.</summary>
/// <param name="Without">A sentence for each node that has an agent of the session's own.</param>
public sealed record LookBackSeen(LookBackWindow Window, IReadOnlyList<string> Without);

/// <summary>Whether a session begins before its trigger, and where. Pure.</summary>
public static class LookBackCondition
{
    /// <summary>What an agent keeps begins and ends within a moment of what it is asked.</summary>
    private static readonly TimeSpan Exact = TimeSpan.FromSeconds(2);

    /// <summary>While the session is in progress.</summary>
    public static void Set(ConditionSet conditions, Observation o, IReadOnlyList<AgentObservation> agents)
    {
        if (o.LookBack is not { } seen)
            return;
        var asked = agents.Count(a => a.Asked is not null);
        if (asked == 0)
            conditions.Set(ConditionTypes.LookedBack, status: false, "NotWatched", NotWatched(seen));
        else
            conditions.Set(
                ConditionTypes.LookedBack,
                status: null,
                "Waiting",
                $"{asked} agent{(asked == 1 ? "" : "s")} that watched before there was a session will tell of the time from {PolicyNames.Time(seen.Window.From)} on, soon after {PolicyNames.Time(seen.Window.Until)}"
                    + (seen.Without.Count == 0 ? "" : "; " + NotWatched(seen))
            );
    }

    /// <summary>At the end.</summary>
    /// <param name="profiles">By their nodes.</param>
    /// <returns>The status with where the report begins.</returns>
    public static ProfilingSessionStatus Finish(
        ProfilingSessionStatus status,
        ConditionSet conditions,
        Observation o,
        IReadOnlyList<(string Node, ProfileDocument Profile)> profiles
    )
    {
        if (o.LookBack is not { } seen)
            return status;
        var told = profiles.Where(p => p.Profile.LookBack is not null && Start(p.Profile) != default).ToList();
        if (told.Count == 0)
        {
            // what was asked and did not answer is said by its targets
            conditions.Set(
                ConditionTypes.LookedBack,
                status: false,
                seen.Without.Count > 0 ? "NotWatched" : LookBackView.NotAnswered,
                seen.Without.Count > 0 ? NotWatched(seen) : "no agent that watched before has told of it"
            );
            return status;
        }

        var first = told.Min(p => Start(p.Profile));
        var late = told.MaxBy(p => Start(p.Profile));
        var from = PolicyNames.Time(first);
        if (told.Count < profiles.Count || seen.Without.Count > 0)
            conditions.Set(
                ConditionTypes.LookedBack,
                status: false,
                "Partial",
                $"the report begins at {from} for {told.Count} of {profiles.Count} nodes"
                    + (seen.Without.Count == 0 ? "" : "; " + NotWatched(seen))
            );
        else if (Start(late.Profile) > seen.Window.From + Exact)
            conditions.Set(
                ConditionTypes.LookedBack,
                status: false,
                "NotKept",
                $"the agent on {late.Node} had kept what was from {PolicyNames.Time(Start(late.Profile))} on, and the session looks back to {PolicyNames.Time(seen.Window.From)}"
            );
        else
            conditions.Set(
                ConditionTypes.LookedBack,
                status: true,
                "LookedBack",
                $"the report begins at {from}, before the session"
            );
        return status with
        {
            ObservedFrom = status.StartTime is { } start && first < start ? ConditionSet.Seconds(first) : null,
        };
    }

    private static string NotWatched(LookBackSeen seen) =>
        StatusSizeLimiter.Cut(
            seen.Without.Count switch
            {
                0 => "no agent watched before",
                1 => seen.Without[0],
                _ =>
                    $"{seen.Without[0]}; so it is on {seen.Without.Count - 1} other node{(seen.Without.Count == 2 ? "" : "s")}",
            },
            600
        );

    private static DateTimeOffset Start(ProfileDocument profile) => profile.Summary.StartedAt;
}
