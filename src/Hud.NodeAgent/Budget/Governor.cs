using Hud.Analysis;

namespace Hud.NodeAgent.Budget;

/// <summary>What a probe hit costs the target on this machine; ns, measured at start-up.</summary>
public readonly record struct ProbeCost(double TimedNs, double SkippedNs)
{
    /// <summary>
    /// A thread's switch off the CPU and back, and a sample of its stack. Both are measured by what is left of a program's loss when no
    /// poll is timed (<c>Hud.Bench twin 6 0.1</c>), and go by the one cost that is measured on each machine.
    /// </summary>
    public double SwitchNs => 1.5 * TimedNs;

    public double SampleNs => 3 * TimedNs;

    /// <summary>A wake that is timed. Where it was not measured: one entry of the two hits that a timed poll is.</summary>
    public double WakeNs { get; init; } = 0.7 * TimedNs;

    /// <summary>One that is left out costs the hit all the same, and that is most of it.</summary>
    public double SkippedWakeNs => 0.8 * WakeNs;

    public double WakesNs(long timed, long skipped) => timed * WakeNs + skipped * SkippedWakeNs;
}

/// <summary>The targets' CPU time over some while, in ns.</summary>
/// <param name="UsedNs">Of all threads, so it can be more than the wall time.</param>
/// <param name="WaitedNs">The workers' waits for a CPU, throttling included.</param>
public readonly record struct CpuUse(double WallNs, double UsedNs, double WaitedNs)
{
    /// <summary>
    /// What a cost is a share of: the CPU time that was used, or one CPU where less was used, because a service that mostly sleeps is not
    /// slowed down by a microsecond a poll. Of that CPU only what the workers get when they want it: one that shares it with others,
    /// or is throttled, pays the same microseconds out of less.
    /// </summary>
    public double AvailableNs => Math.Max(Math.Max(UsedNs, WallNs * Got), 1);

    /// <summary>The part of that which was used, 0 to 1.</summary>
    public double Busy => Math.Min(1, UsedNs / AvailableNs);

    /// <summary>
    /// Not less than a fifth: one that hardly runs polls seldom, and without its polls nothing would show that it was kept from running.
    /// </summary>
    private double Got => UsedNs > 0 && WaitedNs > 0 ? Math.Max(0.2, UsedNs / (UsedNs + WaitedNs)) : 1;
}

/// <summary>One interval as seen from outside. <c>HitsByType</c> holds the attached types that were polled.</summary>
/// <param name="SchedulerNs">What watching the scheduler and sampling cost the target: nothing to be done about it.</param>
public readonly record struct BudgetInterval(
    CpuUse Cpu,
    double SchedulerNs,
    long TimedHits,
    long SkippedHits,
    IReadOnlyList<(TaskTypeId Type, long Hits)> HitsByType
);

/// <summary>What to do now.</summary>
/// <param name="SampleMask">+ 1 = N of sampling one poll in N.</param>
/// <param name="Sampled">The types for which this holds; the others are timed each time. Null for all.</param>
/// <param name="Detached">Types without probes.</param>
public sealed record BudgetDecision(
    int Level,
    int SampleMask,
    IReadOnlySet<TaskTypeId>? Sampled,
    IReadOnlySet<TaskTypeId> Detached,
    bool Changed,
    string Reason
);

/// <summary>
/// Keeps the cost of the poll probes below a share of the target's CPU time: 0 times every poll, 1 samples those of the
/// hottest types, 2 leaves the hottest types out, 3 leaves all out and watches the scheduler and the clock only. Steps down at once, and up again
/// only after quiet intervals, with a growing pause after each attempt that failed. Pure: its only clock is the intervals.
/// </summary>
public sealed class Governor(double budgetPercent, ProbeCost cost)
{
    private const double Aim = 0.7; // aim below the budget, so that noise does not step over it
    private const double Brink = 0.95; // where sampling can't do better
    private const double QuietShare = 0.35; // below this share of the budget an interval is quiet
    private const double Floor = 0.3; // of the budget, however much the scheduler side costs
    private const int QuietIntervals = 10;
    private const int MaxMask = 15; // of rarer samples a slow poll is found by chance; who sleeps in a type without probes is seen each time
    private static readonly IReadOnlySet<TaskTypeId> None = new HashSet<TaskTypeId>();
    private IReadOnlySet<TaskTypeId> _detached = None;
    private IReadOnlySet<TaskTypeId> _sampled = None;
    private double _quietNs;
    private int _quiet;
    private double _pauseNs = 15e9;

    public int Level { get; private set; }

    public int SampleMask { get; private set; }

    /// <summary>Cost of the last interval's probe hits, in percent of the target's CPU time.</summary>
    public double LastPercent { get; private set; }

    /// <summary>Percent of the target's CPU time that Hud costs it.</summary>
    public double Percent(in CpuUse cpu, double schedulerNs, long timed, long skipped) =>
        (PollsNs(timed, skipped) + schedulerNs) * 100 / cpu.AvailableNs;

    /// <summary>What the polls of an interval cost, what they might cost, and what to aim at.</summary>
    public (double SpentNs, double AllowedNs, double AimNs) Polls(in BudgetInterval interval) =>
        (PollsNs(interval.TimedHits, interval.SkippedHits), AllowedNs(interval, 1), AllowedNs(interval, Aim));

    private double PollsNs(long timed, long skipped) => timed * cost.TimedNs + skipped * cost.SkippedNs;

    /// <summary>
    /// What the poll probes may cost for this share of the budget: what the scheduler side leaves, as far as the target has no idle time
    /// to pay that from, and never nothing.
    /// </summary>
    private double AllowedNs(in BudgetInterval interval, double share)
    {
        double budgetNs = interval.Cpu.AvailableNs * budgetPercent / 100;
        return Math.Max(budgetNs * share - interval.SchedulerNs * interval.Cpu.Busy, budgetNs * share * Floor);
    }

    public BudgetDecision Decide(in BudgetInterval interval)
    {
        LastPercent = Percent(interval.Cpu, interval.SchedulerNs, interval.TimedHits, interval.SkippedHits);
        return PollsNs(interval.TimedHits, interval.SkippedHits) > AllowedNs(interval, 1)
            ? StepDown(interval)
            : StepUp(interval);
    }

    private BudgetDecision StepDown(in BudgetInterval interval)
    {
        _quiet = 0;
        _quietNs = 0;
        double allowedNs = AllowedNs(interval, Aim);
        long hits = interval.TimedHits + interval.SkippedHits;
        string seen =
            $"profiling costs {LastPercent:0.##} % of the target's CPU at {hits / (interval.Cpu.WallNs / 1e9):0} polls/s";
        // rather a few polls timed just below the budget than none
        if (
            Level <= 1
            && (Sample(interval, allowedNs) ?? Sample(interval, AllowedNs(interval, Brink))) is var (mask, sampled)
            && (mask > SampleMask || !sampled.IsSubsetOf(_sampled))
        )
            return Go(1, mask, sampled, None, seen);

        // sampling still pays for every entry: leave out the hottest types until the rest fits, timed in full
        var detached = new HashSet<TaskTypeId>(_detached);
        double left = interval.HitsByType.Sum(AllHits) * cost.TimedNs;
        foreach (var type in interval.HitsByType.OrderByDescending(AllHits))
        {
            if (left <= allowedNs)
                break;
            detached.Add(type.Type);
            left -= AllHits(type) * cost.TimedNs;
        }

        bool someLeft = interval.HitsByType.Any(t => t.Hits > 0 && !detached.Contains(t.Type));
        return someLeft && detached.Count > _detached.Count && Level <= 2
            ? Go(2, 0, None, detached, seen)
            : Go(3, 0, None, None, seen);
    }

    /// <summary>Of this type, timed or not.</summary>
    private double AllHits((TaskTypeId Type, long Hits) type) =>
        _sampled.Contains(type.Type) ? type.Hits * (SampleMask + 1.0) : type.Hits;

    /// <summary>
    /// The hottest types, until the others cost half of what is allowed, and the smallest mask of the form 2^k - 1 for them that fits.
    /// A slow poll is rare, and so are the polls of most types that have any: sampled, a few of them stand for all or for none.
    /// </summary>
    /// <returns>Null when no mask does.</returns>
    private (int Mask, HashSet<TaskTypeId> Types)? Sample(in BudgetInterval interval, double allowedNs)
    {
        // beginnings of blocking tasks are skipped, too, and no mask changes that
        double byMask = interval.HitsByType.Sum(t => AllHits(t) - t.Hits),
            left = allowedNs - Math.Max(0, interval.SkippedHits - byMask) * cost.SkippedNs,
            hot = 0,
            rest = interval.HitsByType.Sum(AllHits);
        var types = new HashSet<TaskTypeId>();
        foreach (var type in interval.HitsByType.OrderByDescending(AllHits))
        {
            if (types.Count > 0 && rest * cost.TimedNs <= left / 2)
                break;
            types.Add(type.Type);
            hot += AllHits(type);
            rest -= AllHits(type);
        }

        left -= rest * cost.TimedNs;
        for (int mask = 1; mask <= MaxMask; mask = mask * 2 + 1)
        {
            double timed = hot / (mask + 1);
            if (timed * cost.TimedNs + (hot - timed) * cost.SkippedNs <= left)
                return (mask, types);
        }

        return null;
    }

    private BudgetDecision StepUp(in BudgetInterval interval)
    {
        if (Level == 0)
            return Stay();
        if (Level == 1)
        {
            bool isQuiet = PollsNs(interval.TimedHits, interval.SkippedHits) < AllowedNs(interval, QuietShare);
            _quiet = isQuiet ? _quiet + 1 : 0;
            if (_quiet < QuietIntervals)
                return Stay();
            _quiet = 0;
            int mask = SampleMask / 2;
            return Go(mask == 0 ? 0 : 1, mask, mask == 0 ? None : _sampled, None, "polls became rarer");
        }

        // without probes on them it is unknown how often those types are polled now: try, and pause longer each time
        _quietNs += interval.Cpu.WallNs;
        if (_quietNs < _pauseNs)
            return Stay();
        _quietNs = 0;
        _pauseNs = Math.Min(_pauseNs * 2, 240e9);
        return Go(0, 0, None, None, "trying all probes again");
    }

    private BudgetDecision Stay() => new(Level, SampleMask, _sampled, _detached, Changed: false, "");

    private BudgetDecision Go(
        int level,
        int mask,
        IReadOnlySet<TaskTypeId> sampled,
        IReadOnlySet<TaskTypeId> detached,
        string reason
    )
    {
        (Level, SampleMask, _sampled, _detached) = (level, mask, sampled, detached);
        return new BudgetDecision(level, mask, sampled, detached, Changed: true, reason);
    }

    /// <summary>For tests and doctors: stay at this level whatever it costs.</summary>
    public static BudgetDecision Fixed(int level) =>
        new(level, level == 1 ? 15 : 0, level == 1 ? null : None, None, Changed: true, "forced");
}
