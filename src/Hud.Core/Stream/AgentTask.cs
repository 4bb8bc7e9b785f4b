using Hud.Core.Api;

namespace Hud.Core.Stream;

/// <summary>The agent's whole input, as JSON in the environment variable <see cref="EnvironmentVariable"/> or on stdin.</summary>
public sealed record AgentTask
{
    public const string EnvironmentVariable = "HUD_AGENT_TASK";

    public ProfilingSessionSpec Session { get; init; } = new();
    public IReadOnlyList<AgentTarget> Targets { get; init; } = [];

    /// <summary>Node name, copied into the report.</summary>
    public string? Node { get; init; }

    public AgentOptions Options { get; init; } = new();
}

/// <summary>One process to profile: by pid locally, by container id (checked against the pod's UID) in a cluster.</summary>
public sealed record AgentTarget
{
    public int? Pid { get; init; }
    public string? ContainerId { get; init; }
    public string? PodUid { get; init; }
    public string? Pod { get; init; }
    public string? Container { get; init; }

    /// <summary>comm or basename of the executable, when the container runs several processes.</summary>
    public string? ProcessName { get; init; }
}

/// <summary>Knobs that no session can set: for tests, benchmarks and doctors.</summary>
public sealed record AgentOptions
{
    /// <summary>Only this rung of the ladder: uprobe.session, uprobe.multi, perf-uprobe, sched-only.</summary>
    public string? ForceRung { get; init; }

    /// <summary>Fixed governor level 0..3; null lets the governor decide.</summary>
    public int? ForceLevel { get; init; }

    /// <summary>Ring buffer size in KiB (power of two); small ones make loss testable.</summary>
    public int? RingBufferKiB { get; init; }

    /// <summary>Pretend that the seccomp self-test failed.</summary>
    public bool PretendSeccompUnsafe { get; init; }

    /// <summary>Folders with separate debug files.</summary>
    public IReadOnlyList<string> DebugDirectories { get; init; } = [];
}
