using Hud.NodeAgent.Proc;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

public sealed class CpuWaitMeterTests
{
    private const long Ms = 1_000_000;

    private static SchedStat Sums(long runMs, long waitMs, long slices) => new(runMs * Ms, waitMs * Ms, slices);

    [Fact]
    public void Waits_from_before_the_run_are_not_counted()
    {
        var meter = new CpuWaitMeter(0, Sums(5, 700, 3));
        meter.Add(1000 * Ms, Sums(6, 710, 5), ready: false);
        Assert.Equal((10 * Ms, 5 * Ms), (meter.TotalNs, meter.LongestNs)); // two waits, of which only the mean is known
    }

    [Fact]
    public void A_wait_that_is_not_over_counts_between_readings_that_saw_it_ready_and_not_run()
    {
        var meter = new CpuWaitMeter(0, Sums(5, 0, 3));
        meter.Add(0, Sums(5, 0, 3), ready: true);
        meter.Add(1000 * Ms, Sums(5, 0, 3), ready: true);
        meter.Add(3000 * Ms, Sums(5, 0, 3), ready: true);
        Assert.Equal((3000 * Ms, 3000 * Ms), (meter.TotalNs, meter.LongestNs));
        meter.Add(4000 * Ms, Sums(6, 3500, 4), ready: false); // now it is in the scheduler's sum
        Assert.Equal((3500 * Ms, 3500 * Ms), (meter.TotalNs, meter.LongestNs));
    }

    [Fact]
    public void A_thread_that_slept_until_a_moment_ago_has_not_waited_all_the_time()
    {
        var meter = new CpuWaitMeter(0, Sums(5, 0, 3));
        meter.Add(0, Sums(5, 0, 3), ready: false);
        meter.Add(60_000 * Ms, Sums(5, 0, 3), ready: true);
        Assert.Equal((0, 0), (meter.TotalNs, meter.LongestNs));
    }

    [Fact]
    public void All_waits_of_a_thread_born_in_the_run_count()
    {
        var meter = new CpuWaitMeter(2000 * Ms, default);
        meter.Add(2000 * Ms, Sums(1, 40, 1), ready: true);
        Assert.Equal((40 * Ms, 40 * Ms), (meter.TotalNs, meter.LongestNs));
    }

    [Theory]
    [InlineData("1023456 20400 17\n", true)]
    [InlineData("1023456 20400", false)]
    [InlineData("1 2 3 4", false)]
    [InlineData("1 -2 3", false)]
    [InlineData("", false)]
    public void The_scheduler_gives_three_numbers(string text, bool right)
    {
        Assert.Equal(right, SchedStat.TryParse(text, out var stat));
        Assert.Equal(right ? new SchedStat(1_023_456, 20_400, 17) : default, stat);
    }

    [Theory]
    [InlineData("7 (a) R 1 7", 'R')]
    [InlineData("7 (a) S) D 1 7", 'D')]
    [InlineData("7 (a)", '?')]
    [InlineData("", '?')]
    public void The_state_stands_behind_the_name(string stat, char state) => Assert.Equal(state, ProcFs.StateOf(stat));
}
