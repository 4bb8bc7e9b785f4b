using System.Globalization;
using Hud.Core.Profile;

namespace Hud.WorkloadTests.Harness;

/// <summary>The waits of one task as the program noted them, in the figures of a report.</summary>
/// <param name="WaitsNs">Of the polls within the run.</param>
internal sealed record TruthWaits(string Task, IReadOnlyList<long> WaitsNs)
{
    private const long ToleranceNs = 1_000_000;
    private const double Tolerance = 0.1;

    /// <summary>Wakes around the moments at which the probes come and go.</summary>
    private const int AtTheEdges = 5;

    private const double MostMissing = 0.03;

    public static IEnumerable<TruthWaits> Of(Workload workload, ProfileDocument document)
    {
        var startNs =
            document.Summary.StartedAt.Subtract(DateTimeOffset.UnixEpoch).Ticks * 100 - workload.UnixMinusMonotonicNs;
        var endNs = startNs + document.Summary.ObservedNs;
        return workload
            .Lines.Where(line => line.Wait is not null && line.WakeNs > startNs && line.PollNs < endNs)
            .GroupBy(
                line => line.Wait!,
                (task, lines) =>
                    new TruthWaits(task, [.. lines.Select(line => line.PollNs!.Value - line.WakeNs!.Value)]),
                StringComparer.Ordinal
            );
    }

    /// <summary>
    /// Empty when each task has a type in the report that agrees with it, and no two the same. By the figures alone: types whose destructors
    /// are the same code have no name, and without symbols none has.
    /// </summary>
    public static string Differences(IEnumerable<TruthWaits> truth, IEnumerable<TaskProfile> types)
    {
        var left = types.Select(task => task.Waits).OfType<TaskWaits>().ToList();
        var differences = new List<string>();
        foreach (var task in truth)
        {
            var nearest = left.OrderBy(waits => Math.Abs(waits.Count - task.WaitsNs.Count)).ToList();
            if (nearest.Find(waits => task.DifferenceFrom(waits).Length == 0) is { } found)
                left.Remove(found);
            else
                differences.Add(nearest.Count > 0 ? task.DifferenceFrom(nearest[0]) : $"{task.Task}: no type is left");
        }

        return string.Join("\n", differences);
    }

    /// <summary>Those that agree with this task.</summary>
    public IEnumerable<TaskProfile> TypesIn(IEnumerable<TaskProfile> types) =>
        types.Where(type => type.Waits is { } waits && DifferenceFrom(waits).Length == 0);

    /// <summary>The one whose mean is nearest to this task's.</summary>
    public TaskProfile NearestIn(IEnumerable<TaskProfile> types) =>
        types
            .Where(type => type.Waits is { Count: > 0 })
            .MinBy(type => Math.Abs((type.Waits!.TotalNs / type.Waits.Count) - WaitsNs.Average()))!;

    /// <summary>How the report differs; empty when it agrees.</summary>
    private string DifferenceFrom(TaskWaits reported)
    {
        long[] sorted = [.. WaitsNs.Order()];
        // without those at the edges a percentile is another rank's
        var edge = (double)AtTheEdges / WaitsNs.Count;
        var meanNs = (long)WaitsNs.Average();
        (string Name, long Least, long Most, long Reported)[] figures =
        [
            ("p50", Quantile(0.5 - edge), Quantile(0.5 + edge), reported.P50Ns),
            ("p99", Quantile(0.99 - edge), Quantile(Math.Min(1, 0.99 + edge)), reported.P99Ns),
            ("mean", meanNs, meanNs, reported.TotalNs / Math.Max(1, reported.Count)),
        ];
        var differences = figures
            .Where(f => f.Reported < f.Least - Allowed(f.Least) || f.Reported > f.Most + Allowed(f.Most))
            .Select(f =>
                string.Create(CultureInfo.InvariantCulture, $"{f.Name} {f.Reported} ns, not {f.Least} to {f.Most}")
            )
            .ToList();
        if (Math.Abs(reported.Count - WaitsNs.Count) > AtTheEdges + WaitsNs.Count * MostMissing)
            differences.Add(
                string.Create(CultureInfo.InvariantCulture, $"{reported.Count} waits, not {WaitsNs.Count}")
            );
        return differences.Count == 0 ? "" : $"{Task}: {string.Join(", ", differences)}";

        long Quantile(double q) => sorted[(int)Math.Clamp(q * sorted.Length, 0, sorted.Length - 1)];

        static double Allowed(long ns) => Math.Max(ToleranceNs, ns * Tolerance);
    }
}
