namespace Hud.Core.Api;

/// <summary>
/// Why a spec is refused: each sentence says what to write instead. The CRD's CEL rules repeat these words, so a user
/// reads the same whether the API server, the operator or <c>hud run</c> refuses.
/// </summary>
public static class SessionMessages
{
    public const string Duration = "duration must be from 1s to 30m; write it like 90s or 1m30s";
    public const string LocalDuration = "duration must be from 1s to 24h; write it like 90s, 1m30s or 2h";
    public const string Threshold = "threshold must be from 100us to 10s; write it like 5ms";
    public const string ThresholdBelowDuration =
        "threshold must be shorter than duration; shorten the threshold or observe longer";
    public const string Frequency = "sampleFrequencyHz must be from 1 to 999; 99 is a good value";
    public const string Budget = "overheadBudgetPercent must be from 0.1 to 10; 1 is a good value";
    public const string StartDeadline = "startDeadline must be from 10s to 30m; write it like 2m";
    public const string ResultsTtl =
        "resultsTTL must be from 1m to 8760h; leave it out to keep the results as long as the session";
    public const string LookBack = "lookBack must be from 10s to 10m; leave it out to begin when the agents begin";
    public const string TopHotspots = "output.topHotspots must be from 1 to 50";
    public const string Formats = "output.formats must name at least one format, each once";
    public const string WorkerThreadNames =
        "workerThreadNames takes at most 16 prefixes of 1 to 15 characters (the kernel keeps 15 of a thread's name)";
    public const string ExpectEmpty =
        "expect must set maxPoll, maxBlockedPercent or both; leave expect out if nothing is expected";
    public const string ExpectMaxPoll = "expect.maxPoll must be from 100us to 30m; write it like 50ms";
    public const string ExpectMaxBlockedPercent = "expect.maxBlockedPercent must be from 0 to 100";

    public const string OneSelector =
        "target must have exactly one of podSelector, podName and workloadRef; keep the one you mean";
    public const string EmptySelector =
        "target.podSelector must name at least one label, because an empty selector would select every pod";
    public const string SelectorSize =
        "target.podSelector takes at most 32 labels and 32 expressions, each with at most 64 values";
    public const string SelectorLabel =
        "target.podSelector has a label that no pod can have; a key is a name of letters, digits, '-', '_' and '.' of at most 63 characters, after an optional DNS name and '/', and a value is empty or such a name";
    public const string SelectorOperator =
        "target.podSelector.matchExpressions needs a key, and an operator out of In, NotIn, Exists and DoesNotExist";
    public const string SelectorValues =
        "target.podSelector.matchExpressions needs values with In and NotIn, and none with Exists and DoesNotExist";
    public const string PodName =
        "target.podName must be the name of a pod: lower-case letters, digits, '-' and '.', at most 253 characters";
    public const string WorkloadKind =
        "target.workloadRef must be a Deployment, StatefulSet, DaemonSet or ReplicaSet of apps/v1, or a Job or CronJob of batch/v1";
    public const string WorkloadName =
        "target.workloadRef.name must be the name of a workload: lower-case letters, digits, '-' and '.', at most 253 characters";
    public const string ContainerName =
        "target.containerName must be the name of a container: lower-case letters, digits and '-', at most 63 characters";
    public const string ProcessName =
        "target.processName must be the name of a process or of its executable without a path, 1 to 255 characters";
    public const string MaxPods = "target.maxPods must be from 1 to 500";

    public const string LocalProcessName =
        "target.processName is needed here: hud profiles a process of this machine by name";
    public const string LocalSelector =
        "target may hold only processName here; podSelector, podName, workloadRef and containerName need a cluster, so apply the file with kubectl instead";
    public const string LocalLookBack =
        "lookBack has no meaning on this machine; leave it out, and run with --look-back";
    public const string LocalSuspend = "suspend has no meaning on this machine; leave it out";

    /// <summary>For a text that isn't a duration, which only an API server without CEL lets pass; null for a field that isn't a duration.</summary>
    /// <param name="path">As in JSON: <c>$.expect.maxPoll</c>.</param>
    public static string? NoDuration(string? path) =>
        path switch
        {
            "$.duration" => Duration,
            "$.threshold" => Threshold,
            "$.startDeadline" => StartDeadline,
            "$.resultsTTL" => ResultsTtl,
            "$.lookBack" => LookBack,
            "$.expect.maxPoll" => ExpectMaxPoll,
            _ => null,
        };

    /// <summary>For a ceiling below the schema's own, set by whoever runs the operator.</summary>
    public static string DurationCeiling(GoDuration ceiling) =>
        $"duration may be at most {ceiling} here, as set by the administrator; shorten it";
}
