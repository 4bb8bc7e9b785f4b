using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Metrics.Format;

namespace Hud.Metrics.Tests;

public sealed class MetricsStateTests
{
    private const string Process = "process=\"checkout\"";

    private static MetricsMessage Of(params TaskMetrics[] tasks) =>
        new()
        {
            Run = new RunMetrics { StartedAt = Messages.Start },
            Target = new TargetMetrics { Process = "checkout", Tasks = tasks },
        };

    [Fact]
    public void It_is_up_while_it_is_heard_of_and_until_its_stream_ends()
    {
        var state = Messages.State(Of());
        Assert.Contains("hud_up 1\n", state.Plain(Messages.Now + MetricsState.Patience), StringComparison.Ordinal);
        Assert.Contains(
            "hud_up 0\n",
            state.Plain(Messages.Now + MetricsState.Patience + TimeSpan.FromSeconds(1)),
            StringComparison.Ordinal
        );

        state.Accept(new EndMessage(), Messages.Now);
        Assert.Equal(0, state.Value("hud_up"));
        Assert.NotNull(state.Value("hud_observed_seconds_total"));
    }

    [Fact]
    public void A_series_that_a_message_leaves_out_stays_where_it_was()
    {
        var state = Messages.State(
            Of(Messages.Task("login", 0), Messages.Task("flush", 1)),
            Of(Messages.Task("login", 0) with { SlowPolls = 9 })
        );

        Assert.Equal(9, state.Value($"hud_slow_polls_total{{{Process},task=\"login\"}}"));
        Assert.Equal(3, state.Value($"hud_slow_polls_total{{{Process},task=\"flush\"}}"));
    }

    [Fact]
    public void A_series_that_gets_another_name_is_not_there_twice()
    {
        var state = Messages.State(Of(Messages.Task("task type 7")), Of(Messages.Task("login")));

        Assert.Equal(3, state.Value($"hud_slow_polls_total{{{Process},task=\"login\"}}"));
        Assert.Null(state.Value($"hud_slow_polls_total{{{Process},task=\"task type 7\"}}"));
    }

    [Fact]
    public void Names_that_are_the_same_once_they_are_cut_are_one_series_with_the_sum()
    {
        string name = new('a', 400);
        var state = Messages.State(Of(Messages.Task(name + "1", 0), Messages.Task(name + "2", 1)));

        string line = Assert.Single(
            state.Plain().Split('\n'),
            l => l.StartsWith("hud_slow_polls_total{", StringComparison.Ordinal)
        );
        Assert.EndsWith("…\"} 6", line, StringComparison.Ordinal);
        Assert.Equal("", Prometheus.Check(state.Plain()));
    }

    [Fact]
    public void Two_processes_of_one_name_are_two_series()
    {
        var state = Messages.State(Of(), Of() with { Index = 1 });

        Assert.Equal(0, state.Value($"hud_target_up{{{Process}}}"));
        Assert.Equal(0, state.Value("hud_target_up{process=\"checkout#2\"}"));
        Assert.Equal("", Prometheus.Check(state.Plain()));
    }

    [Fact]
    public void Another_run_begins_anew()
    {
        var state = Messages.State(
            Of(Messages.Task("login")),
            Of(Messages.Task("flush")) with
            {
                Run = new RunMetrics { StartedAt = Messages.Start + TimeSpan.FromMinutes(1) },
            }
        );

        Assert.Null(state.Value($"hud_slow_polls_total{{{Process},task=\"login\"}}"));
        Assert.NotNull(state.Value($"hud_slow_polls_total{{{Process},task=\"flush\"}}"));
    }

    [Fact]
    public void Another_process_in_the_place_of_a_target_begins_anew()
    {
        var first = Of(Messages.Task("login"));
        var second = Of(Messages.Task("flush", 1));
        var state = Messages.State(first, second with { Target = second.Target with { Pid = 7 } });

        Assert.Null(state.Value($"hud_slow_polls_total{{{Process},task=\"login\"}}"));
        Assert.NotNull(state.Value($"hud_slow_polls_total{{{Process},task=\"flush\"}}"));
    }

    [Fact]
    public void A_run_that_waits_for_its_first_process_is_up_and_has_no_target()
    {
        var state = Messages.State(Of(Messages.Task("login")) with { Index = MetricsMessage.NoTarget });

        Assert.Equal(1, state.Value("hud_up"));
        Assert.DoesNotContain(state.Families(Messages.Now), f => f.Info == MetricCatalog.TargetUp);
    }

    [Fact]
    public void Targets_and_series_have_bounds()
    {
        var state = Messages.State([
            .. Enumerable
                .Range(0, 1000)
                .Select(i =>
                    Of([.. Enumerable.Range(-5, 300).Select(s => Messages.Task($"t{s}", s))]) with
                    {
                        Index = i,
                    }
                ),
        ]);
        var families = state.Families(Messages.Now);

        Assert.Equal(MetricsState.MaxTargets, families.Single(f => f.Info == MetricCatalog.TargetUp).Samples.Count);
        Assert.Equal(
            MetricsState.MaxTargets * (StreamLimits.MetricsSeries + 1),
            families.Single(f => f.Info == MetricCatalog.SlowPolls).Samples.Count
        );
    }

    // whoever builds the profiled program chooses these
    [Theory]
    [InlineData("a\nhud_up 7")]
    [InlineData("a\"} 1 #")]
    [InlineData("back\\slash\\")]
    [InlineData("\u001b[31mred\u001b]0;title\u0007")]
    [InlineData("left\u202eright\u2066")]
    [InlineData("half \ud800 of a pair")]
    [InlineData("\0")]
    public void A_hostile_name_is_one_clean_value(string name)
    {
        var state = Messages.State(
            Of(Messages.Task(name)) with
            {
                Target = new TargetMetrics
                {
                    Process = name,
                    Pod = name,
                    Container = name,
                    Namespace = name,
                    Tasks = [Messages.Task(name)],
                },
                Run = new RunMetrics
                {
                    StartedAt = Messages.Start,
                    Agent = new AgentInfo { Kernel = name },
                },
            }
        );

        string text = state.Plain();

        Assert.All(
            text.Split('\n').SkipLast(1),
            line =>
                Assert.True(
                    line.StartsWith("hud_", StringComparison.Ordinal)
                        || line.StartsWith("# ", StringComparison.Ordinal),
                    line
                )
        );
        Assert.DoesNotContain(text, c => c != '\n' && !SafeText.IsSafe(new System.Text.Rune(c)));
        Assert.Equal(1, state.Value("hud_up"));
        Assert.Equal("", Prometheus.Check(text));
    }

    [Fact]
    public void A_name_of_a_megabyte_is_cut()
    {
        var state = Messages.State(Of(Messages.Task(new string('x', 1 << 20))));

        Assert.InRange(state.Plain().Length, 1000, 50_000);
    }

    [Fact]
    public void Counts_that_make_no_sense_do_no_harm()
    {
        var message = Of(
            new TaskMetrics
            {
                Name = "login",
                SlowPolls = -1,
                PollNs = -7,
                Polls = [-5, .. Enumerable.Repeat(1L, 200)],
                Exemplars = [new(HotspotCause.OnCpu, "f", -1, -1), new(HotspotCause.OnCpu, "", 1, 1)],
            }
        );
        var state = Messages.State(message with { Target = message.Target with { CpuNs = -1, Workers = -1 } });

        Assert.DoesNotContain("_total -", state.Plain(), StringComparison.Ordinal);
        Assert.Equal("", Prometheus.Check(state.Plain()));
        Assert.EndsWith("# EOF\n", TextFormat.OpenMetrics(state.Families(Messages.Now)), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_way_to_lose_an_event_has_its_label()
    {
        // what a report counts of itself, and what can be corrected downwards
        string[] notEvents =
        [
            nameof(Losses.UnresolvedFrames),
            nameof(Losses.HotspotsCut),
            nameof(Losses.PollsWithoutStack),
        ];
        var counters = typeof(Losses).GetProperties().Where(p => p.PropertyType == typeof(long)).ToList();

        foreach (var counter in counters)
        {
            var losses = new Losses();
            counter.SetValue(losses, 1L);
            Assert.Equal(
                notEvents.Contains(counter.Name) ? 0 : 1,
                LossKinds.All.Count(k => k.Count(new RunMetrics { Losses = losses }) == 1)
            );
        }

        Assert.Equal(LossKinds.All.Count, LossKinds.All.Select(k => k.Kind).Distinct().Count());
    }
}
