using Hud.Core.Profile;

namespace Hud.Analysis;

internal static class LossMerge
{
    public static AgentInfo Agents(IReadOnlyList<ProfileDocument> documents)
    {
        string Join(Func<AgentInfo, string> part) =>
            string.Join(
                ", ",
                documents.Select(d => part(d.Agent)).Where(s => s.Length > 0).Distinct(StringComparer.Ordinal).Take(8)
            );
        return new AgentInfo
        {
            Version = Join(a => a.Version),
            Kernel = Join(a => a.Kernel),
            Machine = Join(a => a.Machine),
            ProbeMode = Join(a => a.ProbeMode),
            BudgetLevel = documents.Max(d => d.Agent.BudgetLevel),
        };
    }

    public static Losses Losses(IReadOnlyList<ProfileDocument> documents)
    {
        long Sum(Func<Losses, long> part) => documents.Sum(d => part(d.Losses));
        return new Losses
        {
            RingBufferDrops = Sum(l => l.RingBufferDrops),
            RateLimited = Sum(l => l.RateLimited),
            ThreadStateFailures = Sum(l => l.ThreadStateFailures),
            PollDepthOverflows = Sum(l => l.PollDepthOverflows),
            StackCopyFailures = Sum(l => l.StackCopyFailures),
            StackSlotsExhausted = Sum(l => l.StackSlotsExhausted),
            DecodeErrors = Sum(l => l.DecodeErrors),
            TruncatedStacks = Sum(l => l.TruncatedStacks),
            UnresolvedFrames = Sum(l => l.UnresolvedFrames),
            SampledOutPolls = Sum(l => l.SampledOutPolls),
            PollsWithoutStack = Sum(l => l.PollsWithoutStack),
            SlowPollsCut = Sum(l => l.SlowPollsCut),
            StacksCut = Sum(l => l.StacksCut),
            HotspotsCut = Sum(l => l.HotspotsCut),
            MissedReturns = Sum(l => l.MissedReturns),
            MissedSwitches = Sum(l => l.MissedSwitches),
            ProgramMisses = Sum(l => l.ProgramMisses),
            SamplesLimited = Sum(l => l.SamplesLimited),
            WakersLimited = Sum(l => l.WakersLimited),
            WakesLost = Sum(l => l.WakesLost),
            WaitsLimited = Sum(l => l.WaitsLimited),
            UnknownTypes = Sum(l => l.UnknownTypes),
            UnwindStops = documents
                .SelectMany(d => d.Losses.UnwindStops)
                .GroupBy(p => p.Key, StringComparer.Ordinal)
                .OrderBy(g => g.Key, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => g.Sum(p => p.Value), StringComparer.Ordinal),
        };
    }

    public static Overhead Overheads(IReadOnlyList<MergePart> parts)
    {
        var all = parts.Select(p => (p.Document.Overhead, Cpu: p.Document.Targets.Sum(t => (double)t.CpuNs))).ToList();
        double cpu = all.Sum(o => o.Cpu);
        return new Overhead
        {
            BudgetPercent = all.Max(o => o.Overhead.BudgetPercent),
            MeasuredPercent =
                cpu > 0
                    ? Math.Round(all.Sum(o => o.Overhead.MeasuredPercent * o.Cpu) / cpu, 3)
                    : all.Max(o => o.Overhead.MeasuredPercent),
            ProbeHits = all.Sum(o => o.Overhead.ProbeHits),
            CostPerPollNs = all.Max(o => o.Overhead.CostPerPollNs),
            CostPerWakeNs = all.Max(o => o.Overhead.CostPerWakeNs),
            AgentCpuNs = all.Sum(o => o.Overhead.AgentCpuNs),
            AgentPeakBytes = all.Max(o => o.Overhead.AgentPeakBytes),
            Level = all.Max(o => o.Overhead.Level),
            LevelChanges =
            [
                .. parts
                    .SelectMany(p => p.Document.Overhead.LevelChanges.Select(c => c with { AtNs = c.AtNs + p.ShiftNs }))
                    .OrderBy(c => c.AtNs)
                    .ThenBy(c => c.Level),
            ],
        };
    }
}
