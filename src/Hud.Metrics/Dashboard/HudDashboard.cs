namespace Hud.Metrics.Dashboard;

/// <summary>
/// What <c>charts/hud/dashboards/hud.json</c> is made of, top down as one looks who was woken: is anything blocked now, who loses worker time and
/// why, which tasks, is it the machine, and is Hud itself to be trusted. Names of metrics are the catalog's.
/// </summary>
public static class HudDashboard
{
    public const string Title = "Hud: what blocks the workers";

    /// <summary>Stays the same, so that links to the dashboard and bookmarks go on working.</summary>
    public const string Uid = "hud-workers";

    /// <summary>The choice of one data source.</summary>
    public const string DataSource = "datasource";

    private const string Targets = "namespace=~\"$namespace\",pod=~\"$pod\",process=~\"$process\"";
    private const string Tasks = Targets + ",task=~\"$task\"";
    private const string ByPod = "namespace, pod, container, process";
    private const string ByWorkload = "namespace, container, process";
    private const string OfCode = "on_cpu|blocked";
    private const string OfMachine = "run_queue|throttled";
    private const string Percent = "percentunit";
    private const string Seconds = "s";
    private const string Cores = "suffix: cores";
    private const string PodLegend = "{{pod}} {{process}}";
    private const string AgentLegend = "{{node}} {{instance}}";

    private static readonly string Watched = $"{MetricCatalog.TargetUp.Name}{{{Targets}}} == 1";

    public static readonly IReadOnlyList<DashboardVariable> Variables =
    [
        new("namespace", "Namespace", Values("", MetricLabels.Namespace)),
        new("pod", "Pod", Values("namespace=~\"$namespace\"", MetricLabels.Pod)),
        new("process", "Process", Values("namespace=~\"$namespace\",pod=~\"$pod\"", MetricLabels.Process)),
        new("task", "Task", $"label_values({MetricCatalog.SlowPolls.Name}{{{Targets}}}, {MetricLabels.Task})"),
    ];

    public static readonly IReadOnlyList<DashboardRow> Rows =
    [
        new(
            "Now",
            4,
            [
                new(
                    PanelKind.Stat,
                    4,
                    "Slow polls going on",
                    "none",
                    "Polls over the threshold that have not returned: each keeps a worker. Zero is healthy. Else look in the table below for the process, and profile it while it lasts: kubectl hud run pod/NAME, or sudo hud PROCESS on its machine."
                )
                {
                    Queries = [new($"sum({Of(MetricCatalog.OpenPolls)} and {Watched})")],
                    Thresholds = [new(0, "green"), new(1, "orange")],
                },
                new(
                    PanelKind.Stat,
                    4,
                    "Longest of them",
                    Seconds,
                    "For how long the longest of these polls has gone on. From seconds on it is a worker that is stuck: a lock that is never released, a call without a timeout, a loop. Its stack is in a report: kubectl hud run pod/NAME -d 30."
                )
                {
                    Queries = [new($"max({Of(MetricCatalog.LongestOpen)} and {Watched})")],
                    Thresholds = [new(0, "green"), new(1, "orange"), new(10, "red")],
                },
                new(
                    PanelKind.Stat,
                    4,
                    "Worker time lost by the code",
                    Percent,
                    "The share of all workers' time in slow polls that computed or slept: what the code can be blamed for. Above some percent the services answer late. The row below says who; a report says where in the code."
                )
                {
                    Queries = [new(Share("", OfCode))],
                    Thresholds = [new(0, "green"), new(0.02, "orange"), new(0.1, "red")],
                },
                new(
                    PanelKind.Stat,
                    4,
                    "Worker time lost to the machine",
                    Percent,
                    "The share of all workers' time in slow polls that waited for a CPU or were held back by a CPU limit. The code is not to blame: raise the limit, or move what else runs on the node. The row about CPUs says which of the two."
                )
                {
                    Queries = [new(Share("", OfMachine))],
                    Thresholds = [new(0, "green"), new(0.02, "orange"), new(0.1, "red")],
                },
                new(
                    PanelKind.Stat,
                    4,
                    "Tasks wait for a worker, p99",
                    Seconds,
                    "From a task's wake to the poll that follows: what a request waits before any of its own code runs. One in a hundred waits longer. If it is high while little worker time is lost, there are too few workers or CPUs."
                )
                {
                    Queries = [new(P99(MetricCatalog.TaskWait, Tasks, ""))],
                    Thresholds = [new(0, "green"), new(0.01, "orange"), new(0.1, "red")],
                },
                new(
                    PanelKind.Stat,
                    2,
                    "Watched",
                    "none",
                    "Processes that agents watch. None: nothing on this page is current. Check the Agents panel at the bottom, and the policy or session that asks for them."
                )
                {
                    Queries = [new($"sum({Of(MetricCatalog.TargetUp)})")],
                    Thresholds = [new(0, "red"), new(1, "green")],
                },
                new(
                    PanelKind.Stat,
                    2,
                    "Silent agents",
                    "none",
                    "Agents that were not heard of in the last 15 seconds: of their processes this page has old figures. The agents at the bottom say which; kubectl logs of the agent's pod says why."
                )
                {
                    Queries = [new($"count({MetricCatalog.Up.Name}) - sum({MetricCatalog.Up.Name})")],
                    Thresholds = [new(0, "green"), new(1, "red")],
                },
            ]
        ),
        new(
            "",
            7,
            [
                new(
                    PanelKind.Table,
                    12,
                    "Stuck right now",
                    Seconds,
                    "Processes with a slow poll that has not returned, the longest first. Profile the first one while it lasts: kubectl hud run pod/NAME -n NAMESPACE -c CONTAINER. A poll that is already stuck is found too, with its stack."
                )
                {
                    Queries = [new($"topk(20, max by ({ByPod}) ({Of(MetricCatalog.LongestOpen)} and {Watched}) > 0)")],
                    Columns =
                    [
                        (MetricLabels.Namespace, "Namespace"),
                        (MetricLabels.Pod, "Pod"),
                        (MetricLabels.Container, "Container"),
                        (MetricLabels.Process, "Process"),
                        ("Value", "For"),
                    ],
                    Thresholds = [new(0, "text"), new(1, "orange"), new(10, "red")],
                    NoValue = "No slow poll is going on",
                },
                new(
                    PanelKind.TimeSeries,
                    12,
                    "Longest poll going on",
                    Seconds,
                    "A line that climbs is one poll that does not return; a saw is many that do, late. Where it began to climb is when to look for a deployment or for a dependency that failed."
                )
                {
                    Queries =
                    [
                        new($"topk(10, max by ({ByPod}) ({Of(MetricCatalog.LongestOpen)} and {Watched}))", PodLegend),
                    ],
                },
            ]
        ),
        new(
            "Worker time",
            8,
            [
                new(
                    PanelKind.TimeSeries,
                    6,
                    "Lost, by cause",
                    Percent,
                    "The share of all workers' time in slow polls. on_cpu: the code computes, so move it to spawn_blocking or cut it up. blocked: it sleeps in a call or waits for a lock, so make the call asynchronous. run_queue: other programs have the CPUs. throttled: the CPU limit is too low."
                )
                {
                    Queries =
                    [
                        new(
                            $"sum by (cause) (rate({Of(MetricCatalog.WorkerLost)}[$__rate_interval])) / on () group_left () sum({Of(MetricCatalog.Workers)} and {Watched})",
                            "{{cause}}"
                        ),
                    ],
                    Stacked = true,
                },
                new(
                    PanelKind.TimeSeries,
                    6,
                    "Lost by the code, by workload",
                    Percent,
                    "on_cpu and blocked only, all replicas of a container together. Begin with the highest: kubectl hud run deploy/NAME, or kubectl hud top for what was already found there."
                )
                {
                    Queries =
                    [
                        new($"topk(10, {Share(ByWorkload, OfCode)})", "{{namespace}} {{container}} {{process}}"),
                    ],
                },
                new(
                    PanelKind.TimeSeries,
                    6,
                    "Lost by the code, by pod",
                    Percent,
                    "on_cpu and blocked only, for each process. All replicas alike: it is the code or its load. One alone: see the odd pod, beside this."
                )
                {
                    Queries = [new($"topk(10, {Share(ByPod, OfCode)})", PodLegend)],
                },
                new(
                    PanelKind.TimeSeries,
                    6,
                    "The odd pod: lost beyond its siblings' median",
                    Percent,
                    "How much more worker time a pod loses than the median of the pods that run the same process in a container of the same name. One far above zero has other data, other traffic or a bad node: kubectl hud run deploy/NAME names the replica and what it alone does."
                )
                {
                    Queries =
                    [
                        new(
                            $"topk(10, {Share(ByPod, OfCode)} - on ({ByWorkload}) group_left () quantile by ({ByWorkload}) (0.5, {Share(ByPod, OfCode)}))",
                            PodLegend
                        ),
                    ],
                    Signed = true,
                },
            ]
        ),
        new(
            "Tasks",
            8,
            [
                new(
                    PanelKind.TimeSeries,
                    6,
                    "Wait from wake to poll, p99",
                    Seconds,
                    "The task types that wait longest for a worker. They are the victims: look for who keeps the workers, in the panels beside this. A report says which hotspots they waited behind."
                )
                {
                    Queries = [new($"topk(10, {P99(MetricCatalog.TaskWait, Tasks, MetricLabels.Task)})", "{{task}}")],
                },
                new(
                    PanelKind.TimeSeries,
                    6,
                    "Poll, p99",
                    Seconds,
                    "The task types whose polls take longest. A point is a slow poll; its fingerprint is that of a hotspot in the report (-o json), which has the stack."
                )
                {
                    Queries =
                    [
                        new($"topk(10, {P99(MetricCatalog.PollDuration, Tasks, MetricLabels.Task)})", "{{task}}"),
                    ],
                    Exemplars = true,
                },
                new(
                    PanelKind.TimeSeries,
                    6,
                    "Slow polls a second",
                    "cps",
                    "Polls over the threshold, by task type. Many short ones hurt as much as few long ones: compare with the p99 and with the workers kept."
                )
                {
                    Queries =
                    [
                        new(
                            $"topk(10, sum by (task) (rate({OfTasks(MetricCatalog.SlowPolls)}[$__rate_interval])))",
                            "{{task}}"
                        ),
                    ],
                },
                new(
                    PanelKind.TimeSeries,
                    6,
                    "Workers kept by polls",
                    "suffix: workers",
                    "How many workers the polls of a task type take on average, slow or not. This is where the capacity goes; the highest is what to make cheaper first."
                )
                {
                    Queries = [new($"topk(10, {TimeInPolls()})", "{{task}}")],
                },
            ]
        ),
        new(
            "Stalls and CPUs",
            7,
            [
                new(
                    PanelKind.TimeSeries,
                    6,
                    "Time in which no worker was free",
                    Percent,
                    "Every worker of a runtime in a slow poll at once: nothing else runs, not even health checks and timers. Any of it is a short outage. Find what the polls have in common, often a lock or one dependency, in a report."
                )
                {
                    Queries =
                    [
                        new(
                            $"topk(10, sum by ({ByPod}) (rate({Of(MetricCatalog.StallTime)}[$__rate_interval])))",
                            PodLegend
                        ),
                    ],
                },
                new(
                    PanelKind.TimeSeries,
                    4,
                    "Stalls a minute",
                    "cpm",
                    "How often that happened. Seldom and long is one cause, often and short is a load that the workers just do not carry: compare with the time beside this."
                )
                {
                    Queries =
                    [
                        new(
                            $"topk(10, 60 * sum by ({ByPod}) (rate({Of(MetricCatalog.Stalls)}[$__rate_interval])))",
                            PodLegend
                        ),
                    ],
                },
                new(
                    PanelKind.TimeSeries,
                    5,
                    "Workers that wait for a CPU",
                    Percent,
                    "The share of workers' time in which they could run and had no CPU. Other programs on the node have it, or there are more workers than CPUs: request more CPU, or lower worker_threads."
                )
                {
                    Queries =
                    [
                        new(
                            $"topk(10, sum by ({ByPod}) (rate({Of(MetricCatalog.RunQueue)}[$__rate_interval])) / {Workers(ByPod)})",
                            PodLegend
                        ),
                    ],
                },
                new(
                    PanelKind.TimeSeries,
                    5,
                    "Throttled",
                    Percent,
                    "Time in which the CPU limit held the process back; of several CPUs at once it can be more than 100 %. Raise the limit, or set worker_threads to what it allows: many workers use up a small quota in a moment and then all stand still."
                )
                {
                    Queries =
                    [
                        new(
                            $"topk(10, sum by ({ByPod}) (rate({Of(MetricCatalog.Throttled)}[$__rate_interval])))",
                            PodLegend
                        ),
                    ],
                },
                new(
                    PanelKind.TimeSeries,
                    4,
                    "CPU",
                    Cores,
                    "CPU time of the watched processes. A process that loses worker time and needs little CPU sleeps in its polls; one that needs as much as it has workers computes."
                )
                {
                    Queries =
                    [
                        new(
                            $"topk(10, sum by ({ByPod}) (rate({Of(MetricCatalog.TargetCpu)}[$__rate_interval])))",
                            PodLegend
                        ),
                    ],
                },
            ]
        ),
        new(
            "Hud itself",
            7,
            [
                new(
                    PanelKind.TimeSeries,
                    6,
                    "What the probes cost the targets",
                    Percent,
                    "As a share of the targets' CPU time since the start, beside what it may be. Above the budget Hud times fewer polls by itself. If it stays above, raise the budget or the threshold, or watch fewer processes."
                )
                {
                    Queries =
                    [
                        new(MetricCatalog.Overhead.Name, "cost " + AgentLegend),
                        new(MetricCatalog.Budget.Name, "budget " + AgentLegend),
                    ],
                },
                new(
                    PanelKind.StateTimeline,
                    6,
                    "What is timed",
                    "none",
                    "What the budget allows. Sampled: figures of the busiest task types are estimates. Left out: these types are missing. Nothing timed: this page shows nothing of the agent's processes, so raise the budget."
                )
                {
                    Queries = [new(MetricCatalog.Level.Name, AgentLegend)],
                    States =
                    [
                        new(0, "every poll", "green"),
                        new(1, "busiest types sampled", "yellow"),
                        new(2, "busiest types left out", "orange"),
                        new(3, "nothing", "red"),
                    ],
                },
                new(
                    PanelKind.TimeSeries,
                    6,
                    "Events lost a second",
                    "cps",
                    "By the way in which they were lost; docs/metrics.md says what each means. Flat at zero is healthy. ring_buffer and the limits mean more slow polls than can be recorded one by one: raise the threshold. Counts stay right, stacks are missing."
                )
                {
                    Queries =
                    [
                        new($"sum by (kind) (rate({MetricCatalog.LostEvents.Name}[$__rate_interval]))", "{{kind}}"),
                    ],
                },
                new(
                    PanelKind.StateTimeline,
                    6,
                    "Agents",
                    "none",
                    "Silent: not heard of for 15 seconds. An agent that ended normally has no bar. For one that stays silent, see kubectl logs and kubectl describe of its pod."
                )
                {
                    Queries = [new(MetricCatalog.Up.Name, AgentLegend)],
                    States = [new(0, "silent", "red"), new(1, "up", "green")],
                },
            ]
        ),
        new(
            "",
            6,
            [
                new(
                    PanelKind.TimeSeries,
                    6,
                    "CPU of the agents",
                    Cores,
                    "What the agents themselves compute, beside the cost of their probes. It grows with the slow polls that are explained and falls with a higher threshold."
                )
                {
                    Queries = [new($"rate({MetricCatalog.AgentCpu.Name}[$__rate_interval])", AgentLegend)],
                },
                new(
                    PanelKind.TimeSeries,
                    6,
                    "Memory of the agents, at most",
                    "bytes",
                    "The most that an agent had resident since its start. Near the memory limit of its pod, raise that limit in the chart's values, before the kernel ends the agent."
                )
                {
                    Queries = [new(MetricCatalog.AgentMemory.Name, AgentLegend)],
                },
                new(
                    PanelKind.Table,
                    12,
                    "Versions",
                    "none",
                    "Which agent measures where, on which kernel and by which probes. Two versions for long are an upgrade that is half-way; an older kernel has costlier probes, which docs/how-it-works.md lists."
                )
                {
                    Queries =
                    [
                        new($"max by (node, instance, version, kernel, probe_mode) ({MetricCatalog.BuildInfo.Name})"),
                    ],
                    Columns =
                    [
                        ("node", "Node"),
                        ("instance", "Agent"),
                        ("version", "Version"),
                        ("kernel", "Kernel"),
                        ("probe_mode", "Probes"),
                        ("Value", ""),
                    ],
                    NoValue = "No agent is scraped",
                },
            ]
        ),
    ];

    private static string Of(Format.MetricInfo metric) => $"{metric.Name}{{{Targets}}}";

    private static string OfTasks(Format.MetricInfo metric) => $"{metric.Name}{{{Tasks}}}";

    private static string Values(string filter, string label) =>
        $"label_values({MetricCatalog.TargetUp.Name}{(filter.Length > 0 ? $"{{{filter}}}" : "")}, {label})";

    /// <summary>Those of processes that ended keep their last number until the run ends.</summary>
    private static string Workers(string by) => $"{Sum(by)} ({Of(MetricCatalog.Workers)} > 0 and {Watched})";

    private static string Sum(string by) => by.Length > 0 ? $"sum by ({by})" : "sum";

    /// <summary>Of worker time.</summary>
    private static string Share(string by, string causes) =>
        $"{Sum(by)} (rate({MetricCatalog.WorkerLost.Name}{{{Targets},cause=~\"{causes}\"}}[$__rate_interval])) / {Workers(by)}";

    /// <summary>A server that takes native histograms keeps no classic ones unless told to, so what is there is asked for.</summary>
    private static string P99(Format.MetricInfo metric, string filter, string by) =>
        $"(histogram_quantile(0.99, {Sum(by.Length > 0 ? by + ", le" : "le")} (rate({metric.Name}_bucket{{{filter}}}[$__rate_interval]))) or histogram_quantile(0.99, {Sum(by)} (rate({metric.Name}{{{filter}}}[$__rate_interval]))))";

    private static string TimeInPolls()
    {
        string name = MetricCatalog.PollDuration.Name;
        return $"(sum by (task) (rate({name}_sum{{{Tasks}}}[$__rate_interval])) or histogram_sum(sum by (task) (rate({name}{{{Tasks}}}[$__rate_interval]))))";
    }
}
