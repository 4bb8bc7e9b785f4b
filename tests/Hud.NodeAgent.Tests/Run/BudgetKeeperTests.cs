using Hud.Core.Api;
using Hud.Core.Stream;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Budget;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Run;
using Hud.Tests.Support;
using Hud.Tokio;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>What the governor decides reaches the BPF programs, the event sink and the report.</summary>
public sealed class BudgetKeeperTests
{
    private const long Second = 1_000_000_000;
    private static readonly ProbeCost Cost = new(TimedNs: 2000, SkippedNs: 200);

    private readonly PlayedKernel _kernel = new();
    private readonly List<TargetProcess> _targets = [];
    private readonly EventSink _sink;

    public BudgetKeeperTests()
    {
        var stage = new Stage();
        _sink = new EventSink(_targets, stage.Stacks, stage.Attributor, stage.Aggregator);
    }

    private BudgetKeeper Keeper(int? forced = null, PlayedKernel? kernel = null) =>
        new(kernel ?? _kernel, _targets, _sink, new ProfilingSessionSpec(), Cost, startNs: 0, forced);

    private TargetProcess Add(bool allowed = true)
    {
        var target = new TargetProcess
        {
            Id = new(_targets.Count),
            Spec = new AgentTarget(),
            ReturnProbesAllowed = allowed,
        };
        _targets.Add(target);
        return target;
    }

    [Fact]
    public void Within_the_budget_every_poll_is_timed()
    {
        var keeper = Keeper();
        _kernel.Counts[Stat.Polls] = 1000; // 0.2 % of a second
        keeper.Tick(Second, [(new(0), 1000)]);

        Assert.Equal((0, 1, false), (keeper.Level, keeper.Weight, keeper.EverEstimated));
        Assert.Empty(keeper.Changes);
        Assert.Equal(0u, _kernel.Control.SampleMask);
    }

    [Fact]
    public void Over_the_budget_polls_are_sampled_on_both_sides()
    {
        var keeper = Keeper();
        _kernel.Counts[Stat.Polls] = 20_000; // 4 %
        keeper.Tick(Second, [(new(0), 20_000)]);

        Assert.Equal(1, keeper.Level);
        Assert.True(keeper.EverEstimated);
        Assert.Equal(keeper.Weight - 1, (int)_kernel.Control.SampleMask);
        Assert.Equal(keeper.Weight, _sink.Weights.Of(new(0)));
        var change = Assert.Single(keeper.Changes);
        Assert.Contains("20000 polls/s", change.Reason, StringComparison.Ordinal);
        // the same once more says how much of it is left over
        double cost = keeper.Overhead(agentCpuNs: 5).MeasuredPercent;
        Assert.InRange(cost, 3.99, 4.01);
    }

    [Fact]
    public void Only_the_hot_type_is_sampled_and_only_its_polls_stand_for_others()
    {
        var target = Add();
        target.Tokio = new TokioBinary
        {
            Types = [new("shop::cart", 0, 0, default, 0), new("shop::login", 0, 0, default, 0)],
        };
        target.AssignNumbers(40);
        var keeper = Keeper();
        _kernel.Counts[Stat.Polls] = 20_010;
        keeper.Tick(Second, [(new(40), 10), (new(41), 20_000)]);

        Assert.Equal([41u], _kernel.Sampled);
        Assert.Equal((1, keeper.Weight), (_sink.Weights.Of(new(40)), _sink.Weights.Of(new(41))));
        Assert.True(keeper.Weight > 1);
    }

    [Fact]
    public void What_the_workers_wait_for_a_cpu_makes_the_same_probes_more_expensive()
    {
        var target = Add();
        var keeper = Keeper();
        _kernel.Counts[Stat.Polls] = 4_000; // 0.8 % of a second
        target.LastCpu = Second / 2;
        _kernel.Workers.Add(new WorkerState { QueueNs = Second / 2 });
        keeper.Tick(Second, [(new(0), 4_000)]);

        // 8 ms for the polls, and 49 samples of 6 us in half a second
        Assert.Equal(1.6 + 0.06, keeper.Overhead(agentCpuNs: 0).MeasuredPercent, tolerance: 0.01);
        Assert.Equal(1, keeper.Level);
    }

    [Fact]
    public void Switches_of_the_workers_cost_and_are_reported()
    {
        var keeper = Keeper();
        var worker = new WorkerState();
        worker.Histogram[3] = 900;
        worker.Histogram[9] = 100;
        _kernel.Workers.Add(worker);
        keeper.Tick(Second, []);

        // 1,000 switches at 3 us
        Assert.Equal(0.3, keeper.Overhead(agentCpuNs: 0).MeasuredPercent, tolerance: 0.001);
        Assert.Equal(0, keeper.Level);
    }

    [Fact]
    public void A_target_that_may_not_be_probed_is_watched_without_and_the_others_with()
    {
        var free = Add();
        var confined = Add(allowed: false);

        var keeper = Keeper();

        Assert.Equal(1UL << confined.Id.Index, _kernel.Control.SchedOnly);
        Assert.True(keeper.EverEstimated);
        Assert.True(keeper.AlwaysTimed(free));
        Assert.False(keeper.AlwaysTimed(confined));
    }

    [Fact]
    public void A_kernel_without_poll_probes_is_at_the_last_level_from_the_start_and_stays()
    {
        var kernel = new PlayedKernel { ProbeMode = ProbeMode.SchedOnly };
        var target = Add();
        var keeper = Keeper(kernel: kernel);
        kernel.Counts[Stat.Polls] = 1_000_000;
        keeper.Tick(Second, [(new(0), 1_000_000)]);

        Assert.Equal((3, ulong.MaxValue), (keeper.Level, kernel.Control.SchedOnly));
        Assert.False(keeper.AlwaysTimed(target));
        Assert.Empty(kernel.Attached);
        Assert.Equal("this kernel offers no poll probes", Assert.Single(keeper.Changes).Reason);
    }

    [Fact]
    public void A_forced_level_is_kept_whatever_it_costs()
    {
        var keeper = Keeper(forced: 1);
        _kernel.Counts[Stat.Polls] = 1_000_000;
        keeper.Tick(Second, [(new(0), 1_000_000)]);

        Assert.Equal((1, 16), (keeper.Level, keeper.Weight));
    }

    [Fact]
    public void All_wakes_are_timed_at_first_and_their_cost_is_reported()
    {
        var keeper = Keeper();
        Assert.Equal((1u, 1u), (_kernel.Control.WakeRate, _kernel.Control.WakeEpoch));
        _kernel.Counts[Stat.Wakes] = 1000;
        _kernel.Counts[Stat.WakesSkipped] = 100;
        keeper.Tick(Second, []);

        // 0.7 of a poll each, and 0.8 of that where it was left out: 1.512 ms of a second
        var overhead = keeper.Overhead(agentCpuNs: 0);
        Assert.Equal(0.151, overhead.MeasuredPercent, tolerance: 0.001);
        Assert.Equal((1100, 1400), (overhead.ProbeHits, overhead.CostPerWakeNs));
        Assert.Null(keeper.WakesLeftOut);
    }

    [Fact]
    public void Wakes_over_the_budget_are_left_out_before_any_poll_is_and_the_report_says_so()
    {
        var keeper = Keeper();
        _kernel.Counts[Stat.Polls] = 3000;
        _kernel.Counts[Stat.Wakes] = 20_000;
        keeper.Tick(Second, [(new(0), 3000)]);

        Assert.Equal((0, 0u), (keeper.Level, _kernel.Control.WakeRate));
        Assert.Contains("none was", keeper.WakesLeftOut, StringComparison.Ordinal);
        Assert.Empty(keeper.Changes);
    }

    [Fact]
    public void Wakes_that_are_timed_again_forget_what_was_kept_before()
    {
        var keeper = Keeper();
        _kernel.Counts[Stat.Wakes] = 20_000;
        keeper.Tick(Second, []);
        Assert.Equal(0u, _kernel.Control.WakeRate);
        for (int i = 2; i < 100 && _kernel.Control.WakeRate == 0; i++)
            keeper.Tick(i * Second, []);

        Assert.Equal((16u, 2u), (_kernel.Control.WakeRate, _kernel.Control.WakeEpoch));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 16)]
    [InlineData(3, 0)]
    public void A_forced_level_has_a_rate_for_the_wakes(int level, uint rate)
    {
        Keeper(forced: level);
        Assert.Equal(rate, _kernel.Control.WakeRate);
    }

    [Fact]
    public void Without_poll_probes_no_wake_is_timed()
    {
        var kernel = new PlayedKernel { ProbeMode = ProbeMode.SchedOnly };
        Keeper(kernel: kernel);
        Assert.Equal(0u, kernel.Control.WakeRate);
    }

    [Fact]
    public void It_looks_soon_at_first_and_seldom_once_nothing_changes()
    {
        var keeper = Keeper();
        long first = keeper.NextIntervalNs;
        var later = Enumerable
            .Range(1, 6)
            .Select(i =>
            {
                keeper.Tick(i * Second, []);
                return keeper.NextIntervalNs;
            })
            .ToList();

        Assert.True(first < later[0]);
        Assert.True(later[0] < later[^1]);
        Assert.Equal(Second, later[^1]);
    }
}
