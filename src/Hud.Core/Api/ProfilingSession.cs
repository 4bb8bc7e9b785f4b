using System.Text.Json.Serialization;

namespace Hud.Core.Api;

/// <summary>The resource a user applies: which process to profile, how long, and what counts as blocking.</summary>
public sealed record ProfilingSession
{
    public const string Group = "hud.dev";
    public const string Version = "v1alpha1";
    public const string KindName = "ProfilingSession";
    public const string Plural = "profilingsessions";
    public const string FullApiVersion = Group + "/" + Version;

    public string ApiVersion { get; set; } = FullApiVersion;
    public string Kind { get; set; } = KindName;
    public ObjectMetadata Metadata { get; set; } = new();
    public ProfilingSessionSpec Spec { get; set; } = new();

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ProfilingSessionStatus? Status { get; set; }
}

/// <summary>The part of <c>metav1.ObjectMeta</c> that Hud reads or writes.</summary>
public sealed record ObjectMetadata
{
    public string Name { get; set; } = "";
    public string? Namespace { get; set; }
    public string? Uid { get; set; }
    public string? ResourceVersion { get; set; }
    public long? Generation { get; set; }
    public DateTimeOffset? CreationTimestamp { get; set; }
    public DateTimeOffset? DeletionTimestamp { get; set; }
    public IReadOnlyDictionary<string, string>? Labels { get; set; }
    public IReadOnlyDictionary<string, string>? Annotations { get; set; }
    public IReadOnlyList<string>? Finalizers { get; set; }
}

/// <summary>What to profile and how. Defaults are those of the CRD.</summary>
public sealed record ProfilingSessionSpec
{
    public TargetSpec Target { get; set; } = new();

    /// <summary>How long to observe; 1s to 30m.</summary>
    public GoDuration Duration { get; set; } = new(60_000_000_000);

    /// <summary>A poll longer than this blocks its worker; 100us to 10s.</summary>
    public GoDuration Threshold { get; set; } = new(5_000_000);

    /// <summary>On-CPU samples a second and CPU; 1 to 999.</summary>
    public int SampleFrequencyHz { get; set; } = 99;

    /// <summary>Thread name prefixes of workers: only threads named so count. Without any, every thread that polls tasks does.</summary>
    public IReadOnlyList<string> WorkerThreadNames { get; set; } = [];

    /// <summary>What profiling may cost, in percent of the target's CPU time; 0.1 to 10.</summary>
    public double OverheadBudgetPercent { get; set; } = 1;

    /// <summary>How long image pull, scheduling and attaching may take together.</summary>
    public GoDuration StartDeadline { get; set; } = new(120_000_000_000);

    /// <summary>True before the start: wait. True while running: stop and keep what there is.</summary>
    public bool Suspend { get; set; }

    public OutputSpec Output { get; set; } = new();

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ExpectSpec? Expect { get; set; }

    /// <summary>After this time the result ConfigMaps and agent pods go; the session itself stays.</summary>
    [JsonPropertyName("resultsTTL")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GoDuration? ResultsTtl { get; set; }

    /// <summary>
    /// How long before its trigger the session begins, where an agent of the policy that owns it watches already; 10s to 10m. Null: it begins when
    /// its agents do.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GoDuration? LookBack { get; set; }
}

/// <summary>Exactly one of the three selectors in a cluster; only <see cref="ProcessName"/> locally.</summary>
public sealed record TargetSpec
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LabelSelector? PodSelector { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PodName { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WorkloadReference? WorkloadRef { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ContainerName { get; set; }

    /// <summary>comm or the basename of the executable, when a container runs several processes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ProcessName { get; set; }

    public int MaxPods { get; set; } = 5;
}

/// <summary><c>metav1.LabelSelector</c>.</summary>
public sealed record LabelSelector
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? MatchLabels { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LabelSelectorRequirement>? MatchExpressions { get; set; }
}

/// <summary><c>metav1.LabelSelectorRequirement</c>; operators In, NotIn, Exists, DoesNotExist.</summary>
public sealed record LabelSelectorRequirement(string Key, string Operator, IReadOnlyList<string>? Values = null);

public sealed record WorkloadReference(string ApiVersion, string Kind, string Name);

public sealed record OutputSpec
{
    /// <summary>How many hotspots the status holds; 1 to 50.</summary>
    public int TopHotspots { get; set; } = 20;

    public IReadOnlyList<OutputFormat> Formats { get; set; } = [OutputFormat.Report];
}

public enum OutputFormat
{
    Report,
    Page,
    FlameGraph,
    Pprof,
    ChromeTrace,
    Folded,
    Speedscope,

    /// <summary>One row for each target; a session makes it without being asked where its status can't hold them all.</summary>
    Targets,
}

/// <summary>A gate for pipelines; its outcome is the condition <c>ExpectationsMet</c> and the exit code of <c>hud</c>.</summary>
public sealed record ExpectSpec
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GoDuration? MaxPoll { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? MaxBlockedPercent { get; set; }
}
