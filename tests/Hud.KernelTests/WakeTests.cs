using Hud.Analysis;
using Hud.KernelTests.Support;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;

namespace Hud.KernelTests;

/// <summary>The wake program on the self-test child: each call of its function is a wake and a poll of one task.</summary>
public sealed class WakeTests
{
    public static TheoryData<string> Probing => ProbeModeTests.Probing;

    private static ProbedChild Child(string mode)
    {
        var polls = ChildThatIs("spin", mode);
        polls.AttachWakes(2);
        return polls;
    }

    /// <summary>No wake of it is seen but those during its polls.</summary>
    private static ProbedChild ChildThatIs(string what, string mode)
    {
        var polls = new ProbedChild(
            new KernelSettings
            {
                ProbeMode = Need.ProbeMode(mode),
                Types = 4,
                Slots = 8,
                RingKiB = 1024,
            },
            type: 2,
            mode: what
        );
        polls.ShowTaskId(2);
        return polls;
    }

    [Theory]
    [MemberData(nameof(Probing))]
    public void Every_wait_is_timed_and_counted_once(string mode)
    {
        using var polls = Child(mode);
        polls.Kernel.Control.WakeRate = 1;
        polls.Poll(3);

        Assert.Equal(3000, polls.Kernel.Count(Stat.Wakes));
        var waits = polls.Kernel.ReadWakes(new(2));
        // of the two probes on one function either may come first, and then the last wake, or the first poll, is without the other
        Assert.InRange(waits.Wakes, 2999UL, 3000UL);
        ulong sum = 0;
        foreach (ulong count in waits.Histogram)
            sum += count;
        Assert.Equal(waits.Wakes, sum);
        Assert.True(waits.TotalNs >= waits.MaxNs && waits.MaxNs > 0);
        Assert.Equal(0UL, polls.Kernel.ReadWakes(new(1)).Wakes);
        Assert.Equal(0, polls.Kernel.Count(Stat.TypeOutOfRange));
    }

    [Theory]
    [MemberData(nameof(Probing))]
    public void One_of_n_stands_for_n(string mode)
    {
        using var polls = Child(mode);
        polls.Kernel.Control.WakeRate = 16;
        polls.Poll(10);

        long timed = polls.Kernel.Count(Stat.Wakes);
        Assert.Equal(10_000, timed + polls.Kernel.Count(Stat.WakesSkipped));
        Assert.InRange(timed, 375, 875); // 625 expected, 24 the standard deviation
        Assert.InRange((long)polls.Kernel.ReadWakes(new(2)).Wakes, 16 * (timed - 1), 16 * timed);
    }

    [Theory]
    [MemberData(nameof(Probing))]
    public void Polls_that_are_left_out_end_a_wait_as_well(string mode)
    {
        using var polls = Child(mode);
        polls.Kernel.Control.WakeRate = 2;
        polls.Kernel.Control.SampleMask = 15;
        polls.Poll(1); // the thread is known from a poll that was timed
        polls.Kernel.SetSampled(new(2), sampled: true);
        polls.Poll(5);

        long timed = polls.Kernel.Count(Stat.Wakes);
        Assert.True(polls.Kernel.Count(Stat.SampledOut) > 4000);
        Assert.InRange((long)polls.Kernel.ReadWakes(new(2)).Wakes, 2 * (timed - 2), 2 * timed);
    }

    [Theory]
    [MemberData(nameof(Probing))]
    public void Nothing_is_timed_while_wakes_are_off_and_what_was_kept_before_counts_no_more(string mode)
    {
        using var polls = Child(mode);
        polls.Poll(1);
        Assert.Equal((0L, 0UL), (polls.Kernel.Count(Stat.Wakes), polls.Kernel.ReadWakes(new(2)).Wakes));

        polls.Kernel.Control.WakeRate = 1;
        polls.Poll(1);
        ulong before = polls.Kernel.ReadWakes(new(2)).Wakes;
        polls.Kernel.Control.WakeRate = 0;
        polls.Poll(1);
        polls.Kernel.Control.WakeEpoch++;
        polls.Kernel.Control.WakeRate = 1;
        polls.Poll(1);
        Assert.InRange(polls.Kernel.ReadWakes(new(2)).Wakes - before, 998UL, 1001UL);
    }

    [Theory]
    [MemberData(nameof(Probing))]
    public void A_task_that_is_woken_during_its_poll_waits_from_the_end_of_that(string mode)
    {
        using var polls = ChildThatIs("woken", mode);
        polls.Kernel.Control.WakeRate = 1;
        polls.Poll(3);

        Assert.Equal(2999UL, polls.Kernel.ReadWakes(new(2)).Wakes);
        Assert.Equal(0, polls.Kernel.Count(Stat.WakesLost));
    }

    [Theory]
    [MemberData(nameof(Probing))]
    public void Such_a_wait_stands_for_those_left_out_with_wakes_or_with_polls(string mode)
    {
        foreach (var (rate, mask) in ((uint, uint)[])[(16, 0), (16, 3), (16, 15), (2, 15)])
        {
            using var polls = ChildThatIs("woken", mode);
            polls.Kernel.Control.WakeRate = 1;
            polls.Poll(1); // the thread is known from a poll that was timed
            ulong before = polls.Kernel.ReadWakes(new(2)).Wakes;
            polls.Kernel.Control.WakeRate = rate;
            polls.Kernel.Control.SampleMask = mask;
            polls.Kernel.SetSampled(new(2), sampled: true);
            polls.Poll(10);

            // one of 16 in each case: 625 expected, 24 the standard deviation
            Assert.InRange(polls.Kernel.ReadWakes(new(2)).Wakes - before, 16UL * 480, 16UL * 770);
            Assert.Equal(0, polls.Kernel.Count(Stat.WakesLost));
        }
    }

    /// <summary>As on another worker, to which Tokio may give the task before its poll returns.</summary>
    [Theory]
    [MemberData(nameof(Probing))]
    public void No_later_wait_begins_with_a_wake_whose_poll_began_before_it_was_seen(string mode)
    {
        using var polls = ChildThatIs("overtaken", mode);
        polls.Kernel.Control.WakeRate = 16;
        polls.Poll(10);

        Assert.Equal(20_000, polls.Kernel.Count(Stat.Polls));
        Assert.Equal(0UL, polls.Kernel.ReadWakes(new(2)).Wakes);
        Assert.InRange(polls.Kernel.Count(Stat.WakesLost), 480, 770);
    }

    [Theory]
    [MemberData(nameof(Probing))]
    public void Longer_waits_are_kept_in_finer_steps_as_well(string mode)
    {
        using var polls = ChildThatIs("woken", mode);
        polls.Kernel.Control.WakeRate = 1;
        polls.Poll(1);
        Thread.Sleep(20); // the task waits until it is polled again
        polls.Poll(1);

        var (all, longer) = (polls.Kernel.ReadWakes(new(2)), polls.Kernel.ReadLongWaits(new(2)));
        ulong sum = 0;
        for (
            int power = LongHistogram.From;
            power < LongHistogram.From + (LongHistogram.Slots >> LongHistogram.Shift);
            power++
        )
        {
            ulong ofPower = 0;
            for (int step = 0; step < 1 << LongHistogram.Shift; step++)
                ofPower += longer.Histogram[((power - LongHistogram.From) << LongHistogram.Shift) + step];
            Assert.Equal(all.Histogram[power], ofPower);
            sum += ofPower;
        }

        Assert.True(sum > 0);
        Assert.True(polls.Kernel.ReadWakes(new(2)).MaxNs > 1 << LongHistogram.From);
    }
}
