using Hud.NodeAgent.Budget;

namespace Hud.NodeAgent.Tests.Budget;

public sealed class WakeGovernorTests
{
    private static readonly ProbeCost Cost = new(TimedNs: 1400, SkippedNs: 800) { WakeNs = 1000 };

    /// <summary>One of a second: 10 ms are allowed, 7 ms are the aim.</summary>
    private static WakeInterval Second(
        double pollsMs,
        long timed,
        long skipped = 0,
        int level = 0,
        bool changed = false
    ) => new(level, changed, (pollsMs * 1e6, 10e6, 7e6), Polls: 4000, timed, skipped);

    [Fact]
    public void Wakes_that_the_polls_leave_room_for_are_all_timed()
    {
        var governor = new WakeGovernor(Cost);
        for (int i = 0; i < 100; i++)
            Assert.Equal(1, governor.Decide(Second(pollsMs: 4, timed: 3000)));
    }

    [Fact]
    public void Wakes_are_sampled_where_hits_that_are_left_out_still_fit()
    {
        // 9,000 us for polls and wakes were too much together: 3 ms are left, 2.4 are the hits
        var governor = new WakeGovernor(Cost);
        Assert.Equal(1, governor.Decide(Second(pollsMs: 4, timed: 3000)));
        Assert.Equal(4, governor.Decide(new WakeInterval(0, false, (4e6, 6.9e6, 6.6e6), 3000, 3000, 0)));
    }

    [Fact]
    public void The_probes_come_off_where_even_hits_cost_too_much()
    {
        var governor = new WakeGovernor(Cost);
        Assert.Equal(0, governor.Decide(Second(pollsMs: 6, timed: 5000)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void They_come_off_with_the_probes_of_polls(int level) =>
        Assert.Equal(0, new WakeGovernor(Cost).Decide(Second(pollsMs: 1, timed: 100, level: level, changed: true)));

    [Fact]
    public void While_polls_are_sampled_at_most_every_second_wake_is_timed()
    {
        var governor = new WakeGovernor(Cost);
        Assert.Equal(2, governor.Decide(Second(pollsMs: 1, timed: 100, level: 1)));
        for (int i = 0; i < 500; i++)
            Assert.Equal(2, governor.Decide(Second(pollsMs: 1, timed: 50, skipped: 50, level: 1)));
    }

    [Fact]
    public void They_come_back_step_by_step_when_there_is_room_again()
    {
        var governor = new WakeGovernor(Cost);
        governor.Decide(Second(pollsMs: 9, timed: 5000));
        var rates = new List<int>();
        for (int i = 0; i < 400; i++)
        {
            int rate = governor.Decide(Second(pollsMs: 2, timed: 100));
            if (rates.LastOrDefault(-1) != rate)
                rates.Add(rate);
        }

        Assert.Equal([0, 16, 8, 4, 2, 1], rates);
    }

    [Fact]
    public void Attempts_that_fail_become_rarer()
    {
        var governor = new WakeGovernor(Cost);
        var tries = new List<int>();
        for (int i = 0; i < 4000; i++)
        {
            int before = governor.Rate;
            // ten times as many wakes as polls, which is not known before they are counted
            int rate = governor.Decide(before == 0 ? Second(pollsMs: 3, timed: 0) : Second(pollsMs: 3, timed: 40_000));
            if (before == 0 && rate > 0)
                tries.Add(i);
        }

        Assert.InRange(tries.Count, 3, 16);
        Assert.True(tries[1] - tries[0] < tries[^1] - tries[^2]);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 16)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    public void A_fixed_level_has_a_fixed_rate(int level, int rate) =>
        Assert.Equal(rate, WakeGovernor.FixedRate(level));
}
