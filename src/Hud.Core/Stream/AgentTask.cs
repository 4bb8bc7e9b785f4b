using System.Text.Json.Serialization;
using Hud.Core.Api;

namespace Hud.Core.Stream;

/// <summary>The agent's whole input, as JSON in the environment variable <see cref="EnvironmentVariable"/> or on stdin.</summary>
public sealed record AgentTask
{
    public const string EnvironmentVariable = "HUD_AGENT_TASK";

    public ProfilingSessionSpec Session { get; set; } = new();
    public IReadOnlyList<AgentTarget> Targets { get; set; } = [];

    /// <summary>
    /// The processes may come and go: a file with the list of those that are wanted now, a JSON array of <see cref="AgentTarget"/> of at most
    /// 256 KiB, which is looked at once a second. Until it can be read, <see cref="Targets"/> is the list.
    /// </summary>
    public string? TargetsFile { get; set; }

    /// <summary>
    /// A file with the parts of the run that are asked for while it goes on: a JSON array of at most <see cref="LookBackRequest.MaxRequests"/>
    /// <see cref="LookBackRequest"/>s, which is looked at once a second. What is kept to be asked for is said by <see cref="AgentOptions.LookBack"/>.
    /// </summary>
    public string? LookBackFile { get; set; }

    /// <summary>
    /// The run watches and makes no report: progress goes out once a minute and is small, there is no profile at the end, and the session's
    /// duration is not asked, so that the run goes on until it is stopped, or ends by itself (exit code 7) for a process that it has no room for.
    /// </summary>
    public bool Continuous { get; set; }

    /// <summary>Processes may come and go: all that have this name, or run the executable with this path.</summary>
    public string? FollowName { get; set; }

    /// <summary>The run goes on when no target is left, and takes in those that come.</summary>
    [JsonIgnore]
    public bool Follows => TargetsFile is { Length: > 0 } || FollowName is { Length: > 0 };

    /// <summary>Node name, copied into the report.</summary>
    public string? Node { get; set; }

    /// <summary>Processes of other pods and of the node go without their names, as the administrator of a cluster decides.</summary>
    public bool HideNeighbours { get; set; }

    public AgentOptions Options { get; set; } = new();
}

/// <summary>One process to profile: by pid locally, by container id (checked against the pod's UID) in a cluster.</summary>
public sealed record AgentTarget
{
    public int? Pid { get; set; }
    public string? ContainerId { get; set; }
    public string? PodUid { get; set; }
    public string? Namespace { get; set; }
    public string? Pod { get; set; }
    public string? Container { get; set; }

    /// <summary>Copied into the report, as are the first digits of its digest.</summary>
    public string? Image { get; set; }
    public string? ImageDigest { get; set; }

    /// <summary>comm or basename of the executable, when the container runs several processes.</summary>
    public string? ProcessName { get; set; }
}

/// <summary>Knobs that no session can set: for tests, benchmarks and doctors.</summary>
public sealed record AgentOptions
{
    /// <summary>Only this probe mode: uprobe.session, uprobe.multi, perf-uprobe, sched-only.</summary>
    public string? ForceProbeMode { get; set; }

    /// <summary>Fixed governor level 0..3; null lets the governor decide.</summary>
    public int? ForceLevel { get; set; }

    /// <summary>Ring buffer size in KiB (power of two); small ones make loss testable.</summary>
    public int? RingBufferKiB { get; set; }

    /// <summary>Records of slow polls and of wakers a second and CPU, and those of samples; under four there are none.</summary>
    public int? SlowPerSecond { get; set; }
    public int? SamplesPerSecond { get; set; }

    /// <summary>Polling threads that get a row and stacks.</summary>
    public int? WorkerSlots { get; set; }

    /// <summary>Pretend that the seccomp self-test failed.</summary>
    public bool PretendSeccompUnsafe { get; set; }

    /// <summary>How much of the past SIGUSR1 asks for while the run goes on; null for nothing. Within <see cref="SessionBounds"/>.</summary>
    public GoDuration? LookBack { get; set; }

    /// <summary>Send <see cref="MetricsMessage"/>s as well. A reader of an earlier version takes them for lines that it cannot read.</summary>
    public bool Metrics { get; set; }

    /// <summary>
    /// A FIFO that takes the <see cref="MetricsMessage"/>s in the place of the stream, as lines with a count of their own; made where there is
    /// none. Nobody has to read it, and the run never waits for who does.
    /// </summary>
    public string? MetricsPipe { get; set; }

    /// <summary>Folders with separate debug files.</summary>
    public IReadOnlyList<string> DebugDirectories { get; set; } = [];

    /// <summary>Servers that are asked for debug files by build id (debuginfod); none unless named here. Local runs only: an agent in a
    /// cluster has no business on the network.</summary>
    public IReadOnlyList<string> DebuginfodUrls { get; set; } = [];
}
