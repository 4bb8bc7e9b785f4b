namespace Hud.NodeAgent.Budget;

/// <summary>One interval of the wakes, beside what the polls spent of the budget.</summary>
/// <param name="Level">Of the polls, as decided for the next interval.</param>
/// <param name="PollsChanged">It is another one than before, so that what the polls spent says little about the next interval.</param>
/// <param name="Polls">Begun, timed or not.</param>
public readonly record struct WakeInterval(
    int Level,
    bool PollsChanged,
    (double SpentNs, double AllowedNs, double AimNs) Budget,
    long Polls,
    long TimedWakes,
    long SkippedWakes
);

/// <summary>
/// How many wakes are timed: they get what the polls leave of the budget. 1 of N while that is enough, none where even hits that are
/// left out cost too much: then the probes come off. The polls never pay for the wakes: their own governor does not see them. Pure.
/// </summary>
public sealed class WakeGovernor(ProbeCost cost)
{
    public const int MaxRate = 16;
    private const int QuietIntervals = 10;
    private const int MaxPatience = 5;
    private int _quiet;
    private int _failures;

    /// <summary>One wake of this many is timed; 0 for none.</summary>
    public int Rate { get; private set; } = 1;

    /// <summary>For tests and doctors: at a fixed level of the polls.</summary>
    public static int FixedRate(int level) =>
        level switch
        {
            0 => 1,
            1 => MaxRate,
            _ => 0,
        };

    public int Decide(in WakeInterval interval)
    {
        double spent = Rate == 0 ? 0 : cost.WakesNs(interval.TimedWakes, interval.SkippedWakes);
        var (polls, allowed, aim) = interval.Budget;
        // without probes on them it is unknown how many there are; hardly more than polls
        long wakes = Rate == 0 ? interval.Polls : interval.TimedWakes + interval.SkippedWakes;
        if (interval.Level >= 2)
            return StepDown(0);
        if (polls + spent > allowed || (Rate == 1 && interval.Level == 1))
            return StepDown(interval.PollsChanged ? 0 : Best(interval.Level, wakes, aim - polls));
        int better = Better(interval.Level);
        _quiet = better != Rate && !interval.PollsChanged && polls + Cost(better, wakes) <= aim ? _quiet + 1 : 0;
        if (_quiet < QuietIntervals << Math.Min(_failures, MaxPatience))
            return Rate;
        _quiet = 0;
        return Rate = better;
    }

    private int StepDown(int rate)
    {
        _quiet = 0;
        if (rate != Rate)
            _failures++;
        return Rate = rate;
    }

    /// <summary>The next better rate. Of polls that are sampled, most ends are not seen, and so not all wakes can be.</summary>
    private int Better(int level) =>
        Rate switch
        {
            0 => MaxRate,
            1 => 1,
            2 when level == 1 => 2,
            _ => Rate / 2,
        };

    private int Best(int level, long wakes, double leftNs)
    {
        for (int rate = level == 1 ? 2 : 1; rate <= MaxRate; rate *= 2)
        {
            if (Cost(rate, wakes) <= leftNs)
                return rate;
        }

        return 0;
    }

    private double Cost(int rate, long wakes) => cost.WakesNs(wakes / rate, wakes - wakes / rate);
}
