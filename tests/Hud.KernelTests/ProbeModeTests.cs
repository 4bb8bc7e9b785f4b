using Hud.KernelTests.Support;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Run;

namespace Hud.KernelTests;

/// <summary>Each probe mode on a child that polls exactly as often as it is asked to.</summary>
[Trait("runs", "alone")]
public sealed class ProbeModeTests
{
    public static TheoryData<string> Probing => ["uprobe.session", "uprobe.multi", "perf-uprobe"];

    private static KernelSettings Settings(ProbeMode probeMode) =>
        new()
        {
            ProbeMode = probeMode,
            Types = 4,
            Slots = 8,
            RingKiB = 1024,
        };

    [Theory]
    [MemberData(nameof(Probing))]
    public void Every_poll_is_timed_and_counted_once(string name)
    {
        using var polls = new ProbedChild(Settings(Need.ProbeMode(name)), type: 2);
        polls.Poll(3);

        Assert.Equal(3000, polls.Kernel.Count(Stat.Polls));
        var type = polls.Kernel.ReadType(new(2));
        Assert.Equal(3000UL, type.Polls);
        Assert.Equal(3000UL, Sum(type.Histogram));
        Assert.True(type.TotalNs >= type.MaxNs && type.MaxNs > 0);
        Assert.Equal([0UL, 0, 0], ((int[])[0, 1, 3]).Select(t => polls.Kernel.ReadType(new(t)).Polls));
        var worker = Assert.Single(polls.Kernel.ReadWorkers());
        Assert.Equal(
            (3000UL, (uint)polls.Child.Pid, 1u, uint.MaxValue),
            (worker.Polls, worker.NsTid, worker.Used, worker.CurrentType)
        );
        Assert.Equal(type.TotalNs, worker.BusyNs);
        foreach (
            var stat in (Stat[])
                [
                    Stat.SampledOut,
                    Stat.MissedReturns,
                    Stat.DepthOverflow,
                    Stat.NoThreadState,
                    Stat.NoSlot,
                    Stat.TypeOutOfRange,
                    Stat.RingDrops,
                ]
        )
            Assert.True(polls.Kernel.Count(stat) == 0, $"{stat}: {polls.Kernel.Count(stat)}");
    }

    [Theory]
    [MemberData(nameof(Probing))]
    public void After_detaching_nothing_is_counted_and_attaching_again_goes_on(string name)
    {
        using var polls = new ProbedChild(Settings(Need.ProbeMode(name)));
        polls.Poll(1);
        polls.Detach();
        polls.Poll(5);
        Assert.Equal(1000, polls.Kernel.Count(Stat.Polls));
        polls.Attach(1);
        polls.Poll(2);
        Assert.Equal((1000UL, 2000UL), (polls.Kernel.ReadType(new(0)).Polls, polls.Kernel.ReadType(new(1)).Polls));
    }

    [Theory]
    [MemberData(nameof(Probing))]
    public void A_poll_over_the_threshold_leaves_one_record(string name)
    {
        using var polls = new ProbedChild(
            Settings(Need.ProbeMode(name)) with
            {
                ThresholdNs = 0,
                SlowPerSecond = 1_000_000,
            },
            type: 3
        );
        polls.Poll(1);
        polls.Ring.Drain();

        var records = polls.Events.Where(e => e.Header.Kind == EventKind.Poll).Select(e => e.Header).ToList();
        Assert.Equal(1000, records.Count);
        Assert.Equal(0, polls.DecodeErrors);
        Assert.Equal((1000, 1000UL), (polls.Kernel.Count(Stat.Slow), polls.Kernel.ReadType(new(3)).Slow));
        Assert.Equal((long)polls.Kernel.ReadType(new(3)).SlowNs, records.Sum(r => (long)r.WallNs));
        Assert.All(
            records,
            r =>
                Assert.Equal(
                    (3u, 0u, (uint)polls.Child.Pid, "hud-selftest"),
                    (r.Type, r.Target, r.NsTid, EventDecoder.Comm(r.Comm))
                )
        );
        Assert.All(
            records.Zip(records.Skip(1)),
            p => Assert.True(p.First.StartNs + p.First.WallNs <= p.Second.StartNs)
        );
        Assert.All(records, r => Assert.True(r.OffNs <= r.WallNs && r.RunDelayNs <= r.OffNs));
    }

    [Theory]
    [MemberData(nameof(Probing))]
    public void Sampling_times_one_poll_in_n_and_counts_the_others(string name)
    {
        using var polls = new ProbedChild(Settings(Need.ProbeMode(name)));
        polls.Kernel.Control.SampleMask = 15;
        polls.Poll(1); // not for this type
        Assert.Equal((1000, 0), (polls.Kernel.Count(Stat.Polls), polls.Kernel.Count(Stat.SampledOut)));
        polls.Kernel.SetSampled(new(0), sampled: true);
        polls.Poll(10);

        long timed = polls.Kernel.Count(Stat.Polls) - 1000;
        Assert.Equal(10_000, timed + polls.Kernel.Count(Stat.SampledOut));
        Assert.Equal((ulong)timed + 1000, polls.Kernel.ReadType(new(0)).Polls);
        Assert.InRange(timed, 375, 875); // 625 expected, 24 the standard deviation
        Assert.Equal(0, polls.Kernel.Count(Stat.MissedReturns));
    }

    [Theory]
    [MemberData(nameof(Probing))]
    public void Another_process_with_the_same_program_is_not_counted(string name)
    {
        using var polls = new ProbedChild(Settings(Need.ProbeMode(name)));
        using var stranger = SelfTestChild.Start("spin");
        Assert.NotNull(stranger!.Run(4));
        Assert.Equal(0, polls.Kernel.Count(Stat.Polls));
        // perf probes belong to the file: there the program turns strangers away, and counts them
        Assert.Equal(name == "perf-uprobe" ? 4000 : 0, polls.Kernel.Count(Stat.ForeignHits));
        Assert.Empty(polls.Kernel.ReadWorkers());
        polls.Poll(1);
        Assert.Equal(1000, polls.Kernel.Count(Stat.Polls));
    }

    [Theory]
    [MemberData(nameof(Probing))]
    public void Switched_off_programs_see_nothing(string name)
    {
        using var polls = new ProbedChild(Settings(Need.ProbeMode(name)));
        polls.Kernel.Control.Enabled = 0;
        polls.Poll(2);
        foreach (var stat in Enum.GetValues<Stat>().Where(s => s != Stat.Count))
            Assert.True(polls.Kernel.Count(stat) == 0, $"{stat}: {polls.Kernel.Count(stat)}");
    }

    [Theory]
    [MemberData(nameof(Probing))]
    public void A_type_beyond_the_map_is_counted_as_such(string name)
    {
        using var polls = new ProbedChild(Settings(Need.ProbeMode(name)), type: 4);
        polls.Poll(1);
        Assert.Equal(1000, polls.Kernel.Count(Stat.TypeOutOfRange));
    }

    [Theory]
    [MemberData(nameof(Probing))]
    public void Calibration_measures_a_cost_and_leaves_no_trace(string name)
    {
        using var kernel = BpfProbes.Load(Settings(Need.ProbeMode(name)));
        var cost = Calibration.Measure(kernel, new(3), new(63));
        Assert.True(cost.TimedNs is > 10 and < 1e6, $"{cost}");
        Assert.True(cost.SkippedNs >= 0 && cost.SkippedNs < 1e6, $"{cost}");
        Assert.Equal(0u, kernel.Control.Enabled);

        kernel.StartCounting();
        foreach (var stat in Enum.GetValues<Stat>().Where(s => s != Stat.Count))
            Assert.True(kernel.Count(stat) == 0, $"{stat}: {kernel.Count(stat)}");
        Assert.Empty(kernel.ReadWorkers());
        Assert.Equal([0UL, 0, 0], ((int[])[0, 1, 2]).Select(t => kernel.ReadType(new(t)).Polls));
    }

    [Fact]
    public void Without_probes_a_long_sleep_leaves_a_record_with_its_stack_and_syscall()
    {
        Need.Kernel();
        using var polls = new ProbedChild(Settings(ProbeMode.SchedOnly) with { ThresholdNs = 2_000_000 });
        polls.Kernel.Control.SchedOnly = ulong.MaxValue;
        polls.Poll(1); // from here on it is known
        Thread.Sleep(50);
        polls.Poll(1);
        polls.Ring.Drain();

        // on a busy machine there is a wait for a CPU as well, which is in no system call
        var sleep = polls.Events.FirstOrDefault(e => e.Header is { Kind: EventKind.OffCpu, Syscall: 0 }); // read(2)
        Assert.Equal((uint)polls.Child.Pid, sleep.Header.NsTid);
        Assert.True(sleep.Header.WorstBlockNs > 2_000_000);
        Assert.NotEmpty(sleep.Stack);
        Assert.Equal(sleep.Header.StackBase, sleep.Header.Registers[7]);
        Assert.Equal(0, polls.Kernel.Count(Stat.Polls));
    }

    private static ulong Sum(in HistogramBlock histogram)
    {
        ulong sum = 0;
        foreach (ulong value in histogram)
            sum += value;
        return sum;
    }
}
