using Hud.Analysis;
using Hud.Core.Stream;
using Hud.NodeAgent.Budget;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Run;
using Hud.Tests.Support;
using Hud.Tokio;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>Totals of the BPF programs: differences, scaled by what each timed poll stood for.</summary>
public sealed class RunTotalsTests
{
    private readonly PlayedKernel _kernel = new();
    private readonly TargetProcess _target = new()
    {
        Id = new(0),
        Spec = new AgentTarget(),
        Pid = Environment.ProcessId,
        Tokio = new TokioBinary { Types = [new("shop::cart", 0, 0, default, 0), new("shop::login", 0, 0, default, 0)] },
    };

    public RunTotalsTests() => _target.AssignNumbers(0);

    private static PollWeights Weights(int weight)
    {
        var weights = new PollWeights();
        weights.Set(weight, sampled: null);
        return weights;
    }

    private RunTotals Totals() => new(_kernel, [_target], types: 3);

    private static TypeStats Stats(ulong polls, ulong slow, ulong max)
    {
        var stats = new TypeStats
        {
            Polls = polls,
            Slow = slow,
            TotalNs = polls * 1000,
            MaxNs = max,
        };
        stats.Histogram[10] = polls;
        return stats;
    }

    [Fact]
    public void Sampled_polls_count_for_those_that_were_left_out()
    {
        var totals = Totals();
        _kernel.Types[1] = Stats(polls: 10, slow: 1, max: 900);
        totals.Read(Weights(1));
        _kernel.Types[1] = Stats(polls: 14, slow: 3, max: 700);
        totals.Read(Weights(16));

        var login = totals.Types[1];
        Assert.Equal("shop::login", login.Name);
        Assert.Equal((10 + 4 * 16, 1 + 2 * 16), (login.Polls, login.Slow));
        Assert.Equal(10_000 + 4_000 * 16, login.TotalNs);
        Assert.Equal(10 + 4 * 16, login.Histogram[10]);
        Assert.Equal(900, login.MaxNs);
        Assert.True(login.Estimated);
        Assert.Equal([(new TaskTypeId(1), 4L)], totals.NewHits);
    }

    [Fact]
    public void Waits_are_scaled_by_the_programs_and_taken_as_they_are()
    {
        var totals = Totals();
        _kernel.Control.WakeRate = 1;
        _kernel.Types[1] = Stats(polls: 10, slow: 0, max: 900);
        var waits = new WakeStats
        {
            Wakes = 7,
            TotalNs = 7000,
            MaxNs = 3000,
        };
        waits.Histogram[9] = 7;
        _kernel.Waits[1] = waits;
        var longer = new LongWaits();
        longer.Histogram[17] = 2;
        _kernel.LongWaits[1] = longer;
        totals.Read(Weights(16));

        var login = totals.Types[1].Waits!;
        Assert.Equal((7L, 7000L, 3000L, false), (login.Count, login.TotalNs, login.MaxNs, login.Estimated));
        Assert.Equal(7, login.Histogram[9]);
        Assert.Equal((LongHistogram.Slots, 2), (login.Long.Length, login.Long[17]));
        Assert.Null(totals.Types[0].Waits);

        _kernel.Control.WakeRate = 4;
        _kernel.Types[1] = Stats(polls: 11, slow: 0, max: 900);
        totals.Read(Weights(1));
        _kernel.Control.WakeRate = 1;
        _kernel.Types[1] = Stats(polls: 12, slow: 0, max: 900);
        totals.Read(Weights(1));
        Assert.True(totals.Types[1].Waits!.Estimated);
    }

    [Fact]
    public void A_type_that_was_never_polled_is_listed_with_nothing()
    {
        var totals = Totals();
        totals.Read(Weights(1));

        Assert.Equal(["shop::cart", "shop::login", TaskTypeFacts.OutsidePolls], totals.Types.Select(t => t.Name));
        Assert.All(totals.Types, t => Assert.Equal((0, false), (t.Polls, t.Estimated)));
        Assert.Empty(totals.NewHits);
    }

    [Fact]
    public void Of_thousands_of_types_only_those_that_are_polled_are_read_each_time()
    {
        var target = new TargetProcess
        {
            Id = new(0),
            Spec = new AgentTarget(),
            Tokio = new TokioBinary
            {
                Types = [.. Enumerable.Range(0, 4999).Select(i => new TaskType($"shop::t{i}", 0, 0, default, 0))],
            },
        };
        target.AssignNumbers(0);
        var totals = new RunTotals(_kernel, [target], types: 5000);
        _kernel.Types[3000] = Stats(polls: 5, slow: 0, max: 1);
        totals.Read(Weights(1));
        Assert.Equal(5000, _kernel.TypesRead);

        totals.Read(Weights(1));
        Assert.Equal(5001, _kernel.TypesRead);
    }

    [Fact]
    public void A_worker_is_named_by_the_system_and_renamed_by_an_event()
    {
        _kernel.Workers.Add(
            new WorkerState
            {
                NsTid = (uint)Environment.ProcessId,
                Polls = 3,
                BusyNs = 500,
            }
        );
        var totals = Totals();

        string comm = File.ReadAllText($"/proc/self/task/{Environment.ProcessId}/comm").TrimEnd('\n');
        Assert.Equal((comm, 3L, 500L), totals.Workers().Select(w => (w.Name, w.Polls, w.BusyNs)).Single());

        totals.Rename(Environment.ProcessId, Environment.ProcessId, "renamed");
        Assert.Equal("renamed", Assert.Single(totals.Workers()).Name);
    }

    [Fact]
    public void A_slot_that_is_being_handed_out_ends_the_list()
    {
        _kernel.Workers.Add(new WorkerState { NsTid = 1 });
        _kernel.Workers.Add(new WorkerState { NsTid = 2, Target = uint.MaxValue });

        Assert.Equal(1, Assert.Single(Totals().Workers()).Tid);
    }

    [Fact]
    public void Every_loss_of_the_kernel_side_has_its_own_counter_in_the_report()
    {
        (Stat Stat, Func<Core.Profile.Losses, long> Field)[] all =
        [
            (Stat.RingDrops, l => l.RingBufferDrops),
            (Stat.RateLimited, l => l.RateLimited),
            (Stat.NoThreadState, l => l.ThreadStateFailures),
            (Stat.DepthOverflow, l => l.PollDepthOverflows),
            (Stat.StackFailed, l => l.StackCopyFailures),
            (Stat.NoSlot, l => l.StackSlotsExhausted),
            (Stat.SampledOut, l => l.SampledOutPolls),
            (Stat.MissedReturns, l => l.MissedReturns),
            (Stat.MissedSwitches, l => l.MissedSwitches),
            (Stat.SamplesLimited, l => l.SamplesLimited),
            (Stat.WakersLimited, l => l.WakersLimited),
            (Stat.WakesLost, l => l.WakesLost),
            (Stat.WaitsLimited, l => l.WaitsLimited),
            (Stat.TypeOutOfRange, l => l.UnknownTypes),
        ];
        foreach (var (i, (stat, _)) in all.Index())
            _kernel.Counts[stat] = 100 + i;
        _kernel.ProgramMisses = 77;
        var stage = new Stage();

        var losses = Totals().Losses(new EventSink([_target], stage.Stacks, stage.Attributor, stage.Aggregator));

        Assert.All(all.Index(), x => Assert.Equal(100 + x.Index, x.Item.Field(losses)));
        Assert.Equal(77, losses.ProgramMisses);
    }
}
