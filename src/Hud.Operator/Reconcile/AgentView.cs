using Hud.Kubernetes;
using Hud.Operator.LookBack;
using k8s.Models;

namespace Hud.Operator.Reconcile;

public enum AgentPhase
{
    /// <summary>To be made.</summary>
    Missing,

    /// <summary>Made, not measuring yet.</summary>
    Starting,

    Measuring,

    /// <summary>Its container ended; the rest of its log is on the way.</summary>
    Draining,

    /// <summary>Nothing more will come.</summary>
    Ended,
}

/// <summary>What an agent is doing, and for those that do not get on, why.</summary>
/// <param name="Reason">For <see cref="AgentPhase.Starting"/> one of the reasons of AgentsScheduled, for <see cref="AgentPhase.Ended"/> without a last word that of the failure.</param>
public sealed record AgentView(AgentPhase Phase, string Reason, string Message)
{
    private static readonly HashSet<string> ImageReasons = new(StringComparer.Ordinal)
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    };

    /// <summary>A kubelet takes a pod within moments of its scheduling. One that has not after so long is not there.</summary>
    public static readonly TimeSpan NodeAnswers = TimeSpan.FromSeconds(10);

    /// <param name="seen">A status written earlier says that this agent was measuring.</param>
    public static AgentView Of(AgentObservation agent, bool seen, DateTimeOffset now)
    {
        if (agent.Asked is { } asked)
            return LookBackView.Of(agent, asked, now);
        var (pod, stream) = (agent.Pod, agent.Stream);
        if (stream.EndMessage is { } ending)
            return new AgentView(AgentPhase.Ended, ending.Reason, "");
        if (pod is null)
        {
            if (agent.Refusal is { } refusal)
                return new AgentView(AgentPhase.Starting, "PodRejected", refusal);
            return seen || stream.ReadToEnd
                ? new AgentView(
                    AgentPhase.Ended,
                    "AgentCrashed",
                    $"the agent pod {agent.Name} on {agent.Node} is gone before it sent its report"
                )
                : new AgentView(AgentPhase.Missing, "Scheduling", "");
        }
        var container = pod.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == Resources.Names.AgentContainer);
        if (container?.State?.Terminated is { } ended)
            return Terminated(agent, ended);
        if (pod.Status?.Phase == "Failed")
        {
            // a pod past its deadline is Failed while its container still writes its last lines
            if (container?.State?.Running is not null && !stream.ReadToEnd)
                return Draining(agent);
            if (stream.LastSeq > 0 || stream.Hello is not null)
                return new AgentView(
                    AgentPhase.Ended,
                    "AgentCrashed",
                    $"the agent on {agent.Node} ended before its report: {Words(pod.Status.Reason, pod.Status.Message)}"
                );
            // failed without a container: the kubelet would not have it
            return new AgentView(
                AgentPhase.Ended,
                "PodRejected",
                $"{agent.Node} refused the agent pod: {Words(pod.Status.Reason, pod.Status.Message)}"
            );
        }
        // after a restart of ours or an outage the stream is still to be read again; the session does not go back for that
        if (stream.Started || (seen && container?.State?.Running is not null))
            return new AgentView(AgentPhase.Measuring, "Running", "");
        if (container?.State?.Running is not null)
            return new AgentView(AgentPhase.Starting, "Attaching", $"the agent on {agent.Node} is attaching");
        return Pending(agent, pod, container, now);
    }

    /// <summary>
    /// Nothing of the pod runs, nor will without its image, so its end need not be waited for. Some kubelets take a minute to confirm it.
    /// </summary>
    public static bool HasNoImage(V1Pod pod) =>
        pod.Status is { Phase: "Pending", ContainerStatuses: { Count: > 0 } containers }
        && containers.All(c => c.State?.Waiting?.Reason is { } reason && ImageReasons.Contains(reason));

    private static AgentView Draining(AgentObservation agent) =>
        new(
            AgentPhase.Draining,
            "Collecting",
            agent.Stream.Trouble.Length == 0
                ? ""
                : StatusSizeLimiter.Cut(
                    $"the log of the agent on {agent.Node} cannot be read: {agent.Stream.Trouble}",
                    400
                )
        );

    private static AgentView Terminated(AgentObservation agent, V1ContainerStateTerminated ended)
    {
        if (!agent.Stream.ReadToEnd)
            return Draining(agent);
        var why = ended.Reason is "OOMKilled"
            ? "it ran out of memory; raise agent.resources.limits.memory"
            : $"exit code {ended.ExitCode}";
        var last = string.IsNullOrWhiteSpace(ended.Message)
            ? ""
            : ": " + StatusSizeLimiter.Cut(ended.Message.Trim().Split('\n')[^1], 300);
        return new AgentView(
            AgentPhase.Ended,
            "AgentCrashed",
            $"the agent on {agent.Node} ended before its report ({why}){last}"
        );
    }

    private static AgentView Pending(
        AgentObservation agent,
        V1Pod pod,
        V1ContainerStatus? container,
        DateTimeOffset now
    )
    {
        if (container?.State?.Waiting is { Reason: { } reason } waiting)
        {
            if (ImageReasons.Contains(reason))
                return new AgentView(
                    AgentPhase.Starting,
                    "ImagePull",
                    $"{agent.Node} cannot pull the agent's image: {Words(reason, waiting.Message)}"
                );
            if (reason.EndsWith("Error", StringComparison.Ordinal))
                return new AgentView(
                    AgentPhase.Starting,
                    "PodRejected",
                    $"{agent.Node} cannot start the agent: {Words(reason, waiting.Message)}"
                );
        }
        var scheduled = pod.Status?.Conditions?.FirstOrDefault(c => c.Type == "PodScheduled");
        if (scheduled is { Status: "False" })
            return new AgentView(
                AgentPhase.Starting,
                "Unschedulable",
                $"the agent for {agent.Node} cannot be scheduled: {scheduled.Message}"
            );
        // the start time is the kubelet's first word on a pod; the pod tolerates every taint, so that of a lost node does not keep it away
        return
            scheduled is { Status: "True", LastTransitionTime: { } at }
            && pod.Status?.StartTime is null
            && now.UtcDateTime - at > NodeAnswers
            ? new AgentView(
                AgentPhase.Starting,
                "NodeNotReady",
                $"{agent.Node} has not taken the agent pod: its kubelet does not answer"
            )
            : new AgentView(AgentPhase.Starting, "Scheduling", $"the agent on {agent.Node} is starting");
    }

    private static string Words(string? reason, string? message) =>
        string.IsNullOrEmpty(message)
            ? reason ?? "no reason given"
            : StatusSizeLimiter.Cut($"{reason}: {message}", 400);
}
