using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;

namespace Hud.Operator.Reconcile;

/// <summary>Brings the targets of the status up to date with what an agent said of them. Pure.</summary>
public static class TargetProgress
{
    /// <param name="index">Position of the target in the agent's task.</param>
    public static TargetStatus Update(TargetStatus target, int index, AgentObservation agent, AgentView view)
    {
        var said =
            agent.Stream.Profile?.Targets.FirstOrDefault(t => t.PodUid == target.PodUid)
            ?? agent.Stream.Targets.Values.FirstOrDefault(t => t.PodUid == target.PodUid)
            ?? Unnamed(agent.Stream.Profile?.Targets.ElementAtOrDefault(index))
            ?? Unnamed(agent.Stream.Targets.GetValueOrDefault(index));
        var now = said is null ? target : Copy(target, said);
        if (view.Phase != AgentPhase.Ended)
        {
            // whether a target went well is known from the agent's last word; until then it runs as long as its agent
            return now.State == TargetState.Failed
                ? now
                : now with
                {
                    State = view.Phase is AgentPhase.Measuring or AgentPhase.Draining
                        ? TargetState.Running
                        : target.State,
                };
        }
        if (agent.Stream.Profile is not null && said is not null)
            return now.State is TargetState.Succeeded or TargetState.Failed
                ? now
                : now with
                {
                    State = TargetState.Succeeded,
                };
        if (now.State == TargetState.Failed && now.Reason.Length > 0)
            return now;
        var (reason, message) = WithoutProfile(agent, view);
        return now with { State = TargetState.Failed, Reason = reason, Message = StatusSizeLimiter.Cut(message, 512) };
    }

    /// <summary>The position counts only for what does not say which pod it is: a target that had gone before the agent began is not in its task.</summary>
    private static TargetProfile? Unnamed(TargetProfile? said) => string.IsNullOrEmpty(said?.PodUid) ? said : null;

    public static TargetStatus Fail(TargetStatus target, string reason, string message) =>
        target.State is TargetState.Succeeded or TargetState.Failed
            ? target
            : target with
            {
                State = TargetState.Failed,
                Reason = reason,
                Message = StatusSizeLimiter.Cut(message, 512),
            };

    private static (string Reason, string Message) WithoutProfile(AgentObservation agent, AgentView view)
    {
        if (agent.Stream.ProfileError.Length > 0)
            return ("AgentCrashed", $"the profile from {agent.Node} cannot be used: {agent.Stream.ProfileError}");
        if (agent.Stream.EndMessage is { } ending)
            return (
                ReasonOf(ending.Reason),
                $"the agent on {agent.Node} ended with {ending.Reason} and sent no profile"
            );
        return (view.Reason, view.Message);
    }

    /// <summary>The agent ends with a word of its own or with a diagnostic id; the API has reasons.</summary>
    public static string ReasonOf(string ending) =>
        ending switch
        {
            "Interrupted" or TargetReasons.TargetGone => ending,
            _ => DiagnosticKinds.All.FirstOrDefault(k => k.Id == ending)?.TargetReason ?? "AgentCrashed",
        };

    private static TargetStatus Copy(TargetStatus target, TargetProfile said) =>
        target with
        {
            Pid = StatusSizeLimiter.Count(said.Pid),
            State = said.State,
            Reason = StatusSizeLimiter.Cut(said.Reason, 128),
            Message = StatusSizeLimiter.Cut(said.Message, 512),
            Runtimes = StatusSizeLimiter.Count(said.Runtimes),
            Workers = StatusSizeLimiter.Count(said.Workers),
            TokioVersion = StatusSizeLimiter.Cut(said.TokioVersion, 64),
            Polls = StatusSizeLimiter.Count(said.Polls),
            SlowPolls = StatusSizeLimiter.Count(said.SlowPolls),
            BlockedPercent = StatusSizeLimiter.Percent(said.BlockedPercent),
            LongestPoll = HumanText.Duration(said.LongestPollNs),
            WaitP99 = said.WaitP99Ns is { } wait ? HumanText.Duration(wait) : "",
            LostEvents = StatusSizeLimiter.Count(said.LostEvents),
            SymbolizedPercent = Math.Clamp(said.SymbolizedPercent, 0, 100),
            OverheadPercent = StatusSizeLimiter.Percent(said.OverheadPercent, 1_000_000),
            ThrottledMillis = StatusSizeLimiter.Count(said.ThrottledNs / 1_000_000),
        };
}
