using Hud.Core.Profile;

namespace Hud.WorkloadTests.Harness;

/// <summary>The long waits as the program noted them, and the share of their time in which a function kept a worker.</summary>
internal sealed record TruthBehind(IReadOnlyList<(long From, long To)> Long, IReadOnlyList<TruthBlock> Blocks)
{
    public const long ThresholdNs = 5_000_000;

    public static TruthBehind Of(Workload workload, ProfileDocument document)
    {
        long start =
            document.Summary.StartedAt.Subtract(DateTimeOffset.UnixEpoch).Ticks * 100 - workload.UnixMinusMonotonicNs;
        long end = start + document.Summary.ObservedNs;
        return new TruthBehind(
            [
                .. workload
                    .Lines.Where(l => l.Wait is not null && l.WakeNs > start && l.PollNs < end)
                    .Select(l => (From: l.WakeNs!.Value, To: l.PollNs!.Value))
                    .Where(w => w.To - w.From > ThresholdNs),
            ],
            workload.Blocks
        );
    }

    public double Percent(string function)
    {
        var blocks = Blocks.Where(b => b.Function == function).ToList();
        double behind = Long.Sum(w =>
            blocks.Sum(b => (double)Math.Max(0, Math.Min(w.To, b.EndNs) - Math.Max(w.From, b.StartNs)))
        );
        return behind * 100 / Long.Sum(w => (double)(w.To - w.From));
    }
}
