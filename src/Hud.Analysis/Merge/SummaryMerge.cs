using Hud.Core.Profile;

namespace Hud.Analysis;

internal static class SummaryMerge
{
    public static ProfileSummary Merge(IReadOnlyList<ProfileDocument> documents)
    {
        var all = documents.Select(d => d.Summary).ToList();
        double workerNs = all.Sum(WorkerNs);
        return new ProfileSummary
        {
            StartedAt = all.Select(s => s.StartedAt).Where(t => t != default).DefaultIfEmpty().Min(),
            ObservedNs = all.Max(s => s.ObservedNs),
            Polls = all.Sum(s => s.Polls),
            SlowPolls = all.Sum(s => s.SlowPolls),
            BlockedPercent = workerNs > 0 ? Math.Round(all.Sum(s => s.BlockedPercent * WorkerNs(s)) / workerNs, 3) : 0,
            WorstPollNs = all.Max(s => s.WorstPollNs),
            LongestPollNs = all.Max(s => s.LongestPollNs),
            Workers = all.Sum(s => s.Workers),
            Runtimes = all.Sum(s => s.Runtimes),
            StallCount = all.Sum(s => s.StallCount),
            LongestStallNs = all.Max(s => s.LongestStallNs),
            TotalStallNs = all.Sum(s => s.TotalStallNs),
            CpuHogNs = all.Sum(s => s.CpuHogNs),
            BlockedNs = all.Sum(s => s.BlockedNs),
            RunQueueNs = all.Sum(s => s.RunQueueNs),
            ThrottledNs = all.Sum(s => s.ThrottledNs),
            SymbolizedPercent = Symbolized(all),
            Estimated = all.Any(s => s.Estimated),
        };
    }

    /// <summary>Weighed by slow polls, which is where the frames come from; agents that saw none do not count.</summary>
    private static int Symbolized(List<ProfileSummary> all)
    {
        long slow = all.Sum(s => s.SlowPolls);
        return slow > 0
            ? (int)Math.Round(all.Sum(s => (double)s.SymbolizedPercent * s.SlowPolls) / slow)
            : all.Max(s => s.SymbolizedPercent);
    }

    private static double WorkerNs(ProfileSummary summary) => (double)summary.Workers * summary.ObservedNs;
}
