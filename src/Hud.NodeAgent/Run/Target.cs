using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.NodeAgent.Run;

/// <summary>What the task names, once it was looked for: a process that is watched, or the reason why it can't be.</summary>
internal abstract class Target
{
    public required AgentTarget Spec { get; init; }

    /// <summary>In the agent's pid namespace; 0 when there is no process.</summary>
    public int Pid { get; init; }

    public string Name { get; init; } = "";

    public string Executable { get; init; } = "";

    public virtual TargetProfile Describe(string? node) =>
        new()
        {
            Pid = Pid,
            Process = Name,
            Executable = Executable,
            Pod = Spec.Pod,
            PodUid = Spec.PodUid,
            Container = Spec.Container,
            Node = node,
            Image = Spec.Image,
            ImageDigest = Spec.ImageDigest,
        };
}

internal sealed class RefusedTarget : Target
{
    public required Diagnostic Problem { get; init; }

    /// <summary>What it is wanted as, in a run that follows its targets.</summary>
    public string Key { get; set; } = "";

    public override TargetProfile Describe(string? node) =>
        base.Describe(node) with
        {
            State = TargetState.Failed,
            Reason = Problem.Kind.TargetReason ?? Problem.Kind.Id,
            Message = Problem.Message,
        };
}
