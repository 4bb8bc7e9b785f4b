using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Hud.Kubernetes;

/// <summary>The names that dashboards for Go controllers ask for, on a <see cref="Meter"/> that anybody may listen to.</summary>
public static class KubernetesMeter
{
    public const string Name = "Hud.Kubernetes";

    internal static readonly Meter Meter = new(Name);

    internal static readonly UpDownCounter<long> Depth = Meter.CreateUpDownCounter<long>(
        "workqueue_depth",
        description: "Keys that wait to be worked on"
    );
    internal static readonly Counter<long> Adds = Meter.CreateCounter<long>(
        "workqueue_adds_total",
        description: "Keys added"
    );
    internal static readonly Counter<long> Retries = Meter.CreateCounter<long>(
        "workqueue_retries_total",
        description: "Keys added again after a failure"
    );
    internal static readonly Histogram<double> Wait = Meter.CreateHistogram<double>(
        "workqueue_queue_duration_seconds",
        "s",
        "How long keys waited"
    );
    internal static readonly Histogram<double> Work = Meter.CreateHistogram<double>(
        "workqueue_work_duration_seconds",
        "s",
        "How long keys were worked on"
    );

    internal static readonly Counter<long> Reconciles = Meter.CreateCounter<long>(
        "controller_runtime_reconcile_total",
        description: "Reconciles by result: success, error, requeue, requeue_after"
    );

    internal static readonly Counter<long> ReconcileErrors = Meter.CreateCounter<long>(
        "controller_runtime_reconcile_errors_total",
        description: "Reconciles that failed"
    );
    internal static readonly Histogram<double> ReconcileTime = Meter.CreateHistogram<double>(
        "controller_runtime_reconcile_time_seconds",
        "s",
        "How long reconciles took"
    );
    internal static readonly UpDownCounter<long> ActiveWorkers = Meter.CreateUpDownCounter<long>(
        "controller_runtime_active_workers",
        description: "Workers that reconcile now"
    );
    internal static readonly Gauge<long> MaxWorkers = Meter.CreateGauge<long>(
        "controller_runtime_max_concurrent_reconciles",
        description: "Workers that may reconcile at once"
    );

    // computed when they are read: what is stuck reports nothing by itself
    private static readonly ConcurrentDictionary<Watched, Func<(TimeSpan Together, TimeSpan Longest)>> Queues = new();

    static KubernetesMeter()
    {
        Meter.CreateObservableGauge(
            "workqueue_unfinished_work_seconds",
            () => Read(w => w.Together),
            "s",
            "How long keys in work have been worked on, together"
        );
        Meter.CreateObservableGauge(
            "workqueue_longest_running_processor_seconds",
            () => Read(w => w.Longest),
            "s",
            "How long the key that is longest in work has been worked on"
        );
    }

    internal static IDisposable Watch(string queue, Func<(TimeSpan Together, TimeSpan Longest)> inWork)
    {
        var watched = new Watched(queue);
        Queues[watched] = inWork;
        return watched;
    }

    private static IEnumerable<Measurement<double>> Read(Func<(TimeSpan Together, TimeSpan Longest), TimeSpan> which) =>
        [
            .. Queues.Select(q => new Measurement<double>(
                which(q.Value()).TotalSeconds,
                new KeyValuePair<string, object?>("name", q.Key.Queue)
            )),
        ];

    private sealed class Watched(string queue) : IDisposable
    {
        public string Queue => queue;

        public void Dispose() => Queues.TryRemove(this, out _);
    }
}

internal sealed class QueueMetrics(string name)
{
    private readonly KeyValuePair<string, object?> _tag = new("name", name);

    public void Depth(int by) => KubernetesMeter.Depth.Add(by, _tag);

    public void Adds() => KubernetesMeter.Adds.Add(1, _tag);

    public void Retries() => KubernetesMeter.Retries.Add(1, _tag);

    public void Waited(TimeSpan time) => KubernetesMeter.Wait.Record(time.TotalSeconds, _tag);

    public void Worked(TimeSpan time) => KubernetesMeter.Work.Record(time.TotalSeconds, _tag);
}
