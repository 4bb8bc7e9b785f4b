using Hud.Core.Stream;

namespace Hud.NodeAgent.Run;

/// <summary>A target as it is asked for.</summary>
/// <param name="Key">Equal as long as the same is meant: for another process, or another program in it, another key.</param>
internal sealed record WantedTarget(string Key, AgentTarget Spec)
{
    public static WantedTarget Of(AgentTarget spec) =>
        new(
            spec.Pid is { } pid
                ? $"pid {pid}"
                : string.Join('\n', "container", spec.ContainerId, spec.PodUid, spec.ProcessName),
            spec
        );
}

/// <summary>Where a run that follows its targets learns which are wanted.</summary>
internal interface IWantedTargets
{
    /// <summary>What a process must be called to be wanted; empty where that isn't how it is decided.</summary>
    string Name { get; }

    /// <summary>What is wanted now. Called once a second.</summary>
    IReadOnlyList<WantedTarget> Look(long nowNs);
}
