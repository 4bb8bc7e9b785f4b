using Hud.Metrics.Format;

namespace Hud.Metrics;

/// <summary>
/// Every metric of a run: names and units by the conventions of Prometheus (https://prometheus.io/docs/practices/naming/). A name is a promise to
/// dashboards and alerts.
/// </summary>
public static class MetricCatalog
{
    private const string Seconds = "seconds";
    private const string Ratio = "ratio";

    public static readonly MetricInfo BuildInfo = new(
        "hud_build_info",
        MetricKind.Info,
        "",
        "Which agent measures, on which kernel, and by which probes."
    )
    {
        Labels = ["version", "kernel", "probe_mode"],
    };

    public static readonly MetricInfo Up = new(
        "hud_up",
        MetricKind.Gauge,
        "",
        "1 while the agent measures and was heard of in the last 15 seconds, else 0."
    );

    public static readonly MetricInfo LastUpdate = new(
        "hud_last_update_timestamp_seconds",
        MetricKind.Gauge,
        Seconds,
        "When the agent was last heard of, since 1970."
    );

    public static readonly MetricInfo Start = new(
        "hud_start_timestamp_seconds",
        MetricKind.Gauge,
        Seconds,
        "When the run began, since 1970: counters begin at 0 then."
    );

    public static readonly MetricInfo Observed = new(
        "hud_observed_seconds_total",
        MetricKind.Counter,
        Seconds,
        "Time observed since the start of the run."
    );

    public static readonly MetricInfo Threshold = new(
        "hud_threshold_seconds",
        MetricKind.Gauge,
        Seconds,
        "A poll that takes longer is slow."
    );

    public static readonly MetricInfo Estimated = new(
        "hud_estimated",
        MetricKind.Gauge,
        "",
        "1 when polls were sampled or probes detached to keep the budget, so that counts are scaled."
    );

    public static readonly MetricInfo LostEvents = new(
        "hud_lost_events_total",
        MetricKind.Counter,
        "",
        "Events that were dropped, cut or left out, by the way in which they were lost; all 0 when nothing was."
    )
    {
        Labels = [MetricLabels.Kind],
    };

    public static readonly MetricInfo AgentCpu = new(
        "hud_agent_cpu_seconds_total",
        MetricKind.Counter,
        Seconds,
        "CPU time of the agent itself."
    );

    public static readonly MetricInfo AgentMemory = new(
        "hud_agent_memory_peak_bytes",
        MetricKind.Gauge,
        "bytes",
        "The most memory that the agent had resident."
    );

    public static readonly MetricInfo Overhead = new(
        "hud_overhead_ratio",
        MetricKind.Gauge,
        Ratio,
        "What the probes cost the targets, as a share of their CPU time, since the start."
    );

    public static readonly MetricInfo Budget = new(
        "hud_overhead_budget_ratio",
        MetricKind.Gauge,
        Ratio,
        "What they may cost."
    );

    public static readonly MetricInfo Level = new(
        "hud_budget_level",
        MetricKind.Gauge,
        "",
        "0 every poll is timed, 1 those of the busiest task types are sampled, 2 these are left out, 3 no poll is timed."
    );

    public static readonly MetricInfo ProbeHits = new(
        "hud_probe_hits_total",
        MetricKind.Counter,
        "",
        "Hits of the probes on polls and wakes, timed or not."
    );

    public static readonly MetricInfo TargetUp = OfTarget(
        "hud_target_up",
        MetricKind.Gauge,
        "",
        "1 while the process is watched; 0 when it has ended or could not be watched."
    );

    public static readonly MetricInfo Workers = OfTarget(
        "hud_workers",
        MetricKind.Gauge,
        "",
        "Worker threads that were seen."
    );

    public static readonly MetricInfo Runtimes = OfTarget(
        "hud_runtimes",
        MetricKind.Gauge,
        "",
        "Tokio runtimes that were seen."
    );

    public static readonly MetricInfo WorkerLost = OfTarget(
        "hud_worker_lost_seconds_total",
        MetricKind.Counter,
        Seconds,
        "Worker time in slow polls, unfinished ones included: on_cpu and blocked are the code's own, run_queue and throttled the machine's.",
        MetricLabels.Cause
    );

    public static readonly MetricInfo Stalls = OfTarget(
        "hud_stalls_total",
        MetricKind.Counter,
        "",
        "Times when every worker of a runtime was in a slow poll at once, so that nothing else could run."
    );

    public static readonly MetricInfo StallTime = OfTarget(
        "hud_stall_seconds_total",
        MetricKind.Counter,
        Seconds,
        "How long these were together."
    );

    public static readonly MetricInfo LongestStall = OfTarget(
        "hud_longest_stall_seconds",
        MetricKind.Gauge,
        Seconds,
        "The longest of them since the start."
    );

    public static readonly MetricInfo LongestPoll = OfTarget(
        "hud_longest_poll_seconds",
        MetricKind.Gauge,
        Seconds,
        "The longest poll since the start, slow or not."
    );

    public static readonly MetricInfo OpenPolls = OfTarget(
        "hud_open_slow_polls",
        MetricKind.Gauge,
        "",
        "Slow polls that have not returned: in no histogram yet."
    );

    public static readonly MetricInfo LongestOpen = OfTarget(
        "hud_longest_open_poll_seconds",
        MetricKind.Gauge,
        Seconds,
        "For how long the longest of these has gone on."
    );

    public static readonly MetricInfo TargetCpu = OfTarget(
        "hud_target_cpu_seconds_total",
        MetricKind.Counter,
        Seconds,
        "CPU time of the process."
    );

    public static readonly MetricInfo RunQueue = OfTarget(
        "hud_worker_run_queue_seconds_total",
        MetricKind.Counter,
        Seconds,
        "Time in which workers could run and had no CPU, in polls and between them."
    );

    public static readonly MetricInfo Throttled = OfTarget(
        "hud_target_throttled_seconds_total",
        MetricKind.Counter,
        Seconds,
        "Time in which the quota of its cgroup held the process back."
    );

    public static readonly MetricInfo ThrottledPeriods = OfTarget(
        "hud_target_throttled_periods_total",
        MetricKind.Counter,
        "",
        "Periods of that quota in which it did."
    );

    public static readonly MetricInfo SlowPolls = OfTarget(
        "hud_slow_polls_total",
        MetricKind.Counter,
        "",
        "Polls over the threshold that have returned.",
        MetricLabels.Task
    );

    public static readonly MetricInfo PollDuration = OfTarget(
        "hud_poll_duration_seconds",
        MetricKind.Histogram,
        Seconds,
        "How long polls took. Its exemplars have the fingerprint of a hotspot in the report.",
        MetricLabels.Task
    );

    public static readonly MetricInfo TaskWait = OfTarget(
        "hud_task_wait_seconds",
        MetricKind.Histogram,
        Seconds,
        "How long tasks waited for a worker, from the wake to the poll that followed; absent where no wake was timed.",
        MetricLabels.Task
    );

    /// <summary>In the order in which they are served.</summary>
    public static readonly IReadOnlyList<MetricInfo> All =
    [
        BuildInfo,
        Up,
        LastUpdate,
        Start,
        Observed,
        Threshold,
        Estimated,
        LostEvents,
        AgentCpu,
        AgentMemory,
        Overhead,
        Budget,
        Level,
        ProbeHits,
        TargetUp,
        Workers,
        Runtimes,
        WorkerLost,
        Stalls,
        StallTime,
        LongestStall,
        LongestPoll,
        OpenPolls,
        LongestOpen,
        TargetCpu,
        RunQueue,
        Throttled,
        ThrottledPeriods,
        SlowPolls,
        PollDuration,
        TaskWait,
    ];

    private static MetricInfo OfTarget(string name, MetricKind kind, string unit, string help, params string[] more) =>
        new(name, kind, unit, help) { Labels = [.. MetricLabels.Target, .. more] };
}
