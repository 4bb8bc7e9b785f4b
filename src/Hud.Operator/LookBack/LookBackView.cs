using Hud.Core.Stream;
using Hud.Operator.Reconcile;

namespace Hud.Operator.LookBack;

/// <summary>What an agent that watches is doing for one session that asked it. Pure.</summary>
public static class LookBackView
{
    /// <summary>Of a target that the answer does not have.</summary>
    public const string NotWatched = nameof(NotWatched);

    /// <summary>Of a node whose agent did not answer in time.</summary>
    public const string NotAnswered = nameof(NotAnswered);

    public static AgentView Of(AgentObservation agent, LookBackRequest asked, DateTimeOffset now)
    {
        var (pod, stream) = (agent.Pod, agent.Stream);
        if (stream.Profile is not null || stream.ProfileError.Length > 0)
            return new AgentView(
                AgentPhase.Ended,
                NotWatched,
                $"the agent on {agent.Node} had not begun to watch it when the time was over"
            );
        if (pod is null || stream.ReadToEnd)
            return new AgentView(
                AgentPhase.Ended,
                "AgentCrashed",
                $"the agent that watched on {agent.Node} ended before it told of the time until {Time(asked.Until)}"
            );
        if (now > asked.Until + LookBackWindow.AnswersWithin)
            return new AgentView(
                AgentPhase.Ended,
                NotAnswered,
                $"the agent that watches on {agent.Node} did not tell of the time until {Time(asked.Until)} within {LookBackWindow.AnswersWithin.TotalSeconds:0}s"
                    + (stream.Trouble.Length == 0 ? "" : $"; its log cannot be read: {stream.Trouble}")
            );
        return now < asked.Until
            ? new AgentView(AgentPhase.Measuring, "Running", "")
            : new AgentView(
                AgentPhase.Draining,
                "Collecting",
                stream.Trouble.Length == 0
                    ? ""
                    : StatusSizeLimiter.Cut(
                        $"the log of the agent on {agent.Node} cannot be read: {stream.Trouble}",
                        400
                    )
            );
    }

    private static string Time(DateTimeOffset time) => Policies.PolicyNames.Time(time);
}
