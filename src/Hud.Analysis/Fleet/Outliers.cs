using Hud.Core;
using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>
/// Which replica of a workload differs from its siblings, and how. A replica that is worse than the others points to its node, its data or its
/// version and not to the code alone. Silent for fewer than three siblings: with two, neither is the usual one. Pure.
/// </summary>
public static class Outliers
{
    public const int MaxText = 240;

    private const int LeastReplicas = 4;
    private const int MaxFunction = 80;

    /// <summary>Part of a replica's worst place, in percent of its workers x wall, below which the place says nothing.</summary>
    private const double LeastPlace = 0.5;

    /// <summary>
    /// In order of meaning. Percentiles come from histograms of powers of two, so they need a larger factor than shares; the longest of many
    /// polls differs between equal replicas, and needs the largest.
    /// </summary>
    private static readonly (OutlierMeasure Measure, double Factor)[] Measures =
    [
        (OutlierMeasure.Lost, 3),
        (OutlierMeasure.Wait, 4),
        (OutlierMeasure.Throttled, 3),
        (OutlierMeasure.CpuWait, 3),
        (OutlierMeasure.LongestPoll, 8),
    ];

    /// <param name="most">How many; those that differ most.</param>
    /// <returns>At most one a target, by measure and then by how often its siblings' value goes into its own.</returns>
    public static IReadOnlyList<Outlier> Of(ProfileDocument document, int most = 5)
    {
        ArgumentNullException.ThrowIfNull(document);
        var versions = ImageVersions.Of(document.Targets);
        return
        [
            .. Replica
                .Siblings(document)
                .Where(replicas => replicas.Count >= LeastReplicas)
                .SelectMany(replicas => Among(replicas, document.Session.Threshold.Nanoseconds, versions))
                .OrderBy(o => o.Measure)
                .ThenByDescending(o => o.Value / Math.Max(o.Siblings, 1e-3))
                .ThenBy(o => o.Target)
                .Take(most),
        ];
    }

    private static IEnumerable<Outlier> Among(
        List<Replica> replicas,
        long thresholdNs,
        IReadOnlyDictionary<(string, string), string> versions
    )
    {
        var found = new Dictionary<int, OutlierMeasure>();
        foreach (var (measure, factor) in Measures)
        {
            foreach (
                int i in Robust.Above([.. replicas.Select(r => r.Of(measure))], Floor(measure, thresholdNs), factor)
            )
                found.TryAdd(i, measure);
        }

        foreach (int i in Elsewhere(replicas))
            found.TryAdd(i, OutlierMeasure.Place);
        foreach (var (i, measure) in found)
        {
            var odd = replicas[i];
            var siblings = replicas.Where((_, s) => s != i).ToList();
            double median = Robust.Median(siblings.Select(s => s.Of(measure)));
            string version = OtherVersion(odd, [.. replicas.Where((_, s) => !found.ContainsKey(s))], versions);
            string text = Text(measure, odd, siblings, median);
            yield return new Outlier(
                odd.Index,
                odd.Name,
                measure,
                odd.Of(measure),
                median,
                VerdictParts.Cut(text + version, MaxText)
            );
        }
    }

    /// <summary>Least difference that is worth a word: percent of worker time, or ns.</summary>
    private static double Floor(OutlierMeasure measure, long thresholdNs) =>
        measure switch
        {
            OutlierMeasure.Wait => thresholdNs,
            OutlierMeasure.LongestPoll => 10.0 * thresholdNs,
            OutlierMeasure.CpuWait => 3,
            _ => 2,
        };

    /// <summary>Replicas whose worst place is none of the others', where most of those have theirs in common.</summary>
    private static List<int> Elsewhere(List<Replica> replicas)
    {
        bool Counts(Replica r) => r.Worst is { Percent: >= 2 } worst && worst.Identity().IsKnown;
        var usual = replicas
            .Where(Counts)
            .GroupBy(r => r.Worst!.Identity())
            .Select(g => (g.Key, Count: g.Count()))
            .Where(g => g.Count * 2 > replicas.Count)
            .Select(g => (HotspotIdentity?)g.Key)
            .FirstOrDefault();
        if (usual is null)
            return [];
        var odd = Enumerable
            .Range(0, replicas.Count)
            .Where(i =>
                Counts(replicas[i])
                && replicas[i].Worst!.Identity() != usual
                && NoOtherHas(replicas[i].Worst!, replicas.Where((_, s) => s != i))
            )
            .ToList();
        return odd.Count * 4 > replicas.Count ? [] : odd;
    }

    private static string Text(OutlierMeasure measure, Replica odd, List<Replica> siblings, double median)
    {
        double value = odd.Of(measure);
        return measure switch
        {
            OutlierMeasure.Lost =>
                $"{HumanText.Percent(value)} lost, its siblings {HumanText.Percent(median)}{Place(odd, siblings)}",
            OutlierMeasure.Wait =>
                $"its tasks waited {HumanText.Duration((long)value)} for a worker (p99), its siblings' {HumanText.Duration((long)median)}",
            OutlierMeasure.Throttled =>
                $"stopped by its CPU limit for {HumanText.Percent(value)} of its worker time, its siblings {HumanText.Percent(median)}",
            OutlierMeasure.CpuWait =>
                $"waited for a CPU for {HumanText.Percent(value)} of its worker time, its siblings {HumanText.Percent(median)}",
            OutlierMeasure.LongestPoll =>
                $"a poll of {HumanText.Duration((long)value)}, its siblings' longest {HumanText.Duration((long)median)}{Place(odd, siblings)}",
            _ => $"loses its time elsewhere{Place(odd, siblings)}",
        };
    }

    /// <summary>": auth::hash_password, which no other has".</summary>
    private static string Place(Replica odd, List<Replica> siblings)
    {
        if (odd.Worst is not { Percent: >= LeastPlace, Function.Length: > 0 } worst)
            return "";
        string name =
            worst.Function.Length <= MaxFunction
                ? worst.Function
                : string.Concat("...", worst.Function.AsSpan(worst.Function.Length - MaxFunction + 3));
        return $": {name}{(NoOtherHas(worst, siblings) ? ", which no other has" : "")}";
    }

    /// <summary>False also where it cannot be known: a sibling's list of places is short, and the place may be just below its last.</summary>
    private static bool NoOtherHas(TargetHotspot place, IEnumerable<Replica> siblings) =>
        place.Identity().IsKnown
        && siblings.All(s =>
            s.Target.Top.All(t => t.Identity() != place.Identity())
            && (s.Target.Top.Count < TargetHotspots.Most || s.Target.Top[^1].Percent * 4 < place.Percent)
        );

    /// <summary>Said where none of the usual ones runs what it runs: the version is the likeliest reason.</summary>
    private static string OtherVersion(
        Replica odd,
        List<Replica> usual,
        IReadOnlyDictionary<(string, string), string> versions
    )
    {
        if (!versions.TryGetValue(odd.Image, out string? own) || usual.Exists(u => u.Image == odd.Image))
            return "";
        string? theirs = usual
            .Where(u => versions.ContainsKey(u.Image))
            .CountBy(u => u.Image)
            .OrderByDescending(c => c.Value)
            .Select(c => versions[c.Key])
            .FirstOrDefault();
        return theirs is null ? "" : $"; it runs {own}, the others {theirs}";
    }
}
