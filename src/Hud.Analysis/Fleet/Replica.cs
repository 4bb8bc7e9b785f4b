using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>One target as it is compared with its siblings.</summary>
internal sealed record Replica(int Index, TargetProfile Target, double WorkerNs)
{
    public string Name => Target.Pod is { Length: > 0 } pod ? pod : $"{Target.Process} ({Target.Pid})";

    public TargetHotspot? Worst => Target.Top.Count > 0 ? Target.Top[0] : null;

    public (string, string) Image => (Target.Image ?? "", Target.ImageDigest ?? "");

    public double Of(OutlierMeasure measure) =>
        measure switch
        {
            OutlierMeasure.Lost => Target.BlockedPercent,
            OutlierMeasure.Wait => Target.WaitP99Ns ?? 0,
            OutlierMeasure.Throttled => Share(Target.ThrottledNs),
            OutlierMeasure.CpuWait => Share(Target.CpuWaitNs),
            OutlierMeasure.LongestPoll => Target.LongestPollNs,
            _ => Worst?.Percent ?? 0,
        };

    /// <summary>
    /// Those that can be compared, siblings together: the same container and program. What was not measured has zeros that mean nothing.
    /// </summary>
    public static IEnumerable<List<Replica>> Siblings(ProfileDocument document) =>
        document
            .Targets.Select(
                (t, i) => new Replica(i, t, Math.Max(1, (double)document.Summary.ObservedNs * Math.Max(1, t.Workers)))
            )
            .Where(r => r.Target.State != TargetState.Failed && r.Target.Workers > 0)
            .Where(r => r.Target.Polls + r.Target.SlowPolls > 0)
            .GroupBy(r => (r.Target.Container ?? "", Program(r.Target)))
            .Select(g => g.ToList());

    private double Share(long ns) => ns * 100 / WorkerNs;

    private static string Program(TargetProfile target) =>
        target.Executable.Length > 0 ? target.Executable[(target.Executable.LastIndexOf('/') + 1)..] : target.Process;
}
