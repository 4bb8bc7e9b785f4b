using Hud.Analysis;
using Hud.NodeAgent.Budget;

namespace Hud.NodeAgent.Tests.Budget;

public sealed class GovernorTests
{
    private static readonly ProbeCost Cost = new(TimedNs: 1400, SkippedNs: 800);

    private static BudgetInterval Half(double cpuShare, params (int Type, long Hits)[] hits) =>
        new(
            new CpuUse(5e8, 5e8 * cpuShare, 0),
            SchedulerNs: 0,
            hits.Sum(h => h.Hits),
            0,
            [.. hits.Select(h => (new TaskTypeId(h.Type), h.Hits))]
        );

    [Fact]
    public void Five_thousand_polls_a_second_are_all_timed()
    {
        var service = new Service(Cost, cpuShare: 1.0, (0, 5_000));
        for (int i = 0; i < 200; i++)
            Assert.Equal(0, service.Next().Level);
        Assert.InRange(service.Governor.LastPercent, 0.5, 1.0);
    }

    [Theory]
    [InlineData(1.0, 0.0, 1.0)]
    [InlineData(0.0, 0.0, 1.0)] // sleeps: one CPU would be its own
    [InlineData(0.1, 0.0, 1.0)]
    [InlineData(0.5, 0.5, 0.5)] // two programs on one CPU
    [InlineData(0.2, 1.8, 0.2)] // throttled to a fifth, two workers want it
    [InlineData(3.0, 1.0, 3.0)]
    [InlineData(0.003, 0.997, 0.2)] // starved
    public void The_cost_is_a_share_of_the_cpu_time_that_the_target_could_have(double used, double waited, double of)
    {
        Assert.Equal(of * 1e9, new CpuUse(1e9, used * 1e9, waited * 1e9).AvailableNs, tolerance: 1);
    }

    [Fact]
    public void Polls_are_sampled_where_half_a_cpu_pays_for_them()
    {
        var cost = new ProbeCost(TimedNs: 2100, SkippedNs: 600);
        var alone = new BudgetInterval(new CpuUse(1e9, 0.5e9, 0), SchedulerNs: 0, 2_500, 0, [(new(0), 2_500)]);
        var shared = alone with { Cpu = new CpuUse(1e9, 0.5e9, 0.5e9) };

        Assert.Equal(0, new Governor(1, cost).Decide(alone).Level);
        Assert.Equal(1, new Governor(1, cost).Decide(shared).Level);
    }

    [Fact]
    public void Rather_few_polls_are_timed_just_below_the_budget_than_none()
    {
        // 6.5 ms of 10 go for hits that are skipped, so the aim of 7 leaves next to nothing
        var interval = new BudgetInterval(new CpuUse(1e9, 1e9, 0), SchedulerNs: 1e6, 5_000, 0, [(new(0), 5_000)]);
        var decision = new Governor(1, new ProbeCost(2600, 1300)).Decide(interval);
        Assert.Equal((1, 3), (decision.Level, decision.SampleMask));
    }

    [Fact]
    public void What_watching_the_scheduler_costs_is_taken_from_the_polls_but_never_all()
    {
        var cpu = new CpuUse(1e9, 1e9, 0);
        var alone = new BudgetInterval(cpu, SchedulerNs: 0, 5_000, 0, [(new(0), 5_000)]); // 7 ms of 10
        var governor = new Governor(1, new ProbeCost(1400, 500));
        Assert.Equal(0, governor.Decide(alone).Level);
        var decision = governor.Decide(alone with { SchedulerNs = 4e6 });
        Assert.Equal((1, 1.1), (decision.Level, Math.Round(governor.LastPercent, 2)));

        var switching = new Governor(1, Cost); // 5 % before any poll, and no reason to give up timing 1,000
        Assert.Equal(
            0,
            switching.Decide(new BudgetInterval(cpu, SchedulerNs: 50e6, 1_000, 0, [(new(0), 1_000)])).Level
        );
    }

    [Fact]
    public void An_idle_service_with_a_few_polls_is_left_alone()
    {
        var governor = new Governor(1, Cost);
        for (int i = 0; i < 100; i++)
            Assert.Equal(0, governor.Decide(Half(0, (0, 10))).Level);
    }

    [Theory]
    [InlineData(20_000)]
    [InlineData(100_000)]
    [InlineData(500_000)]
    [InlineData(2_000_000)]
    public void A_storm_of_polls_is_within_the_budget_after_three_intervals(long pollsPerSecond)
    {
        var service = new Service(Cost, cpuShare: 2.0, (0, pollsPerSecond));
        for (int i = 0; i < 3; i++)
            service.Next();
        service.Next();
        Assert.True(
            service.Governor.LastPercent <= 1,
            $"{service.Governor.LastPercent} % at level {service.Governor.Level}"
        );
    }

    [Fact]
    public void Sampling_comes_first_where_it_is_enough()
    {
        // skipped entries cost next to nothing here
        var governor = new Governor(1, new ProbeCost(1400, 10));
        var decision = governor.Decide(Half(1, (0, 20_000)));
        Assert.Equal(1, decision.Level);
        Assert.Equal(15, decision.SampleMask); // 20,000 hits at 1,400 ns are 28 ms, and 3.5 ms are allowed, skipping included
        Assert.Contains("40000 polls/s", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_hottest_types_are_sampled()
    {
        var cost = new ProbeCost(1400, 10);
        var service = new Service(cost, cpuShare: 1.0, (0, 20_000), (1, 5), (2, 9_000), (3, 800));
        var decision = service.Next();
        Assert.Equal(1, decision.Level);
        Assert.Equal([0, 2], decision.Sampled!.Select(t => t.Number).Order());
        service.Next();
        Assert.InRange(service.Governor.LastPercent, 0.2, 1);
        Assert.Equal([0, 2], service.Next().Sampled!.Select(t => t.Number).Order());
    }

    [Fact]
    public void A_type_that_becomes_hot_while_others_are_sampled_is_sampled_with_them()
    {
        var service = new Service(new ProbeCost(1400, 10), cpuShare: 1.0, (0, 20_000), (1, 5));
        Assert.Equal([new TaskTypeId(0)], service.Next().Sampled);
        service.Load = [(0, 20_000), (1, 20_000)];
        Assert.Equal([0, 1], service.Next().Sampled!.Select(t => t.Number).Order());
        service.Next();
        Assert.InRange(service.Governor.LastPercent, 0.2, 1);
    }

    [Fact]
    public void Only_the_hottest_types_are_left_out()
    {
        var service = new Service(Cost, cpuShare: 2.0, (0, 400_000), (1, 1_000), (2, 500));
        var decision = service.Next();
        Assert.Equal(2, decision.Level);
        Assert.Equal([new TaskTypeId(0)], decision.Detached);
        Assert.Equal(0, decision.SampleMask); // the rest is timed in full
        service.Next();
        Assert.Equal(2, service.Governor.Level);
        Assert.True(service.Governor.LastPercent < 1);
    }

    [Fact]
    public void When_every_type_is_hot_no_probe_is_left() =>
        Assert.Equal(3, new Service(Cost, 2.0, (0, 400_000), (1, 400_000)).Next().Level);

    [Fact]
    public void Attempts_to_come_back_are_bounded_and_become_rarer()
    {
        var service = new Service(Cost, cpuShare: 2.0, (0, 500_000));
        double over = 0;
        int changes = 0,
            firstHalf = 0;
        const int intervals = 2 * 60 * 30; // the longest session: 30 minutes
        for (int i = 0; i < intervals; i++)
        {
            changes += service.Next().Changed ? 1 : 0;
            over += service.Governor.LastPercent > 1 ? 1 : 0;
            if (i == intervals / 2)
                firstHalf = changes;
        }

        Assert.InRange(changes, 3, 40);
        Assert.True(over / intervals < 0.01, $"{over} of {intervals} intervals were over the budget");
        Assert.True(changes - firstHalf < firstHalf);
    }

    [Fact]
    public void A_storm_that_passes_is_forgotten()
    {
        var service = new Service(Cost, cpuShare: 2.0, (0, 500_000));
        service.Next();
        Assert.Equal(3, service.Governor.Level);
        service.Load = [(0, 1_000)];
        for (int i = 0; i < 60; i++)
            service.Next();
        Assert.Equal(0, service.Governor.Level);
    }

    [Fact]
    public void Sampling_is_undone_step_by_step_and_only_after_quiet_intervals()
    {
        var cost = new ProbeCost(1400, 10);
        var service = new Service(cost, cpuShare: 1.0, (0, 40_000));
        service.Next();
        Assert.Equal((1, 15), (service.Governor.Level, service.Governor.SampleMask));
        service.Load = [(0, 500)];
        int before = service.Governor.SampleMask,
            intervals = 0;
        while (service.Governor.Level > 0 && intervals++ < 100)
        {
            service.Next();
            Assert.True(service.Governor.SampleMask == before || service.Governor.SampleMask == before / 2);
            before = service.Governor.SampleMask;
        }

        Assert.InRange(intervals, 40, 50); // ten quiet intervals for each of four steps
    }

    [Fact]
    public void Load_at_the_edge_of_the_budget_does_not_make_it_swing()
    {
        var random = new Random(1);
        var service = new Service(new ProbeCost(1400, 10), cpuShare: 1.0, (0, 7_000));
        int changes = 0;
        for (int i = 0; i < 1200; i++)
        {
            service.Load = [(0, 7_000 + random.Next(-700, 700))];
            changes += service.Next().Changed ? 1 : 0;
        }

        Assert.InRange(changes, 1, 3);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 15)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    public void A_forced_level_is_what_was_asked_for(int level, int mask)
    {
        var decision = Governor.Fixed(level);
        Assert.Equal((level, mask, true), (decision.Level, decision.SampleMask, decision.Changed));
    }

    /// <summary>A service that answers the governor's decisions as the probes would.</summary>
    private sealed class Service(ProbeCost cost, double cpuShare, params (int Type, long PerSecond)[] load)
    {
        private BudgetDecision _now = new(
            0,
            0,
            new HashSet<TaskTypeId>(),
            new HashSet<TaskTypeId>(),
            Changed: false,
            ""
        );

        public Governor Governor { get; } = new(1, cost);

        public (int Type, long PerSecond)[] Load { get; set; } = load;

        public BudgetDecision Next()
        {
            var hits = new List<(TaskTypeId, long)>();
            long timed = 0,
                skipped = 0;
            foreach (var (type, perSecond) in Load)
            {
                if (_now.Level == 3 || _now.Detached.Contains(new(type)))
                    continue;
                long all = perSecond / 2,
                    kept = _now.Sampled!.Contains(new(type)) ? all / (_now.SampleMask + 1) : all;
                timed += kept;
                skipped += all - kept;
                hits.Add((new TaskTypeId(type), kept));
            }

            return _now = Governor.Decide(
                new BudgetInterval(new CpuUse(5e8, 5e8 * cpuShare, 0), SchedulerNs: 0, timed, skipped, hits)
            );
        }
    }
}
