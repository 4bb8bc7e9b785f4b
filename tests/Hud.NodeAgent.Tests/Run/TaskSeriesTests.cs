using Hud.Core.Stream;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

public sealed class TaskSeriesTests
{
    private readonly TaskSeries _series = new();

    private static KeyValuePair<int, TaskTotals> Type(int number, long pollNs, string? name = null) =>
        new(
            number,
            new TaskTotals(name ?? $"t{number}", pollNs / 10, pollNs, [pollNs, pollNs / 2])
            {
                WaitNs = pollNs * 3,
                Waits = [0, pollNs],
            }
        );

    private static TaskMetrics Sum(IEnumerable<TaskMetrics> tasks)
    {
        var all = tasks.ToList();
        return new TaskMetrics
        {
            SlowPolls = all.Sum(t => t.SlowPolls),
            PollNs = all.Sum(t => t.PollNs),
            Polls = [all.Sum(t => t.Polls.ElementAtOrDefault(0)), all.Sum(t => t.Polls.ElementAtOrDefault(1))],
            WaitNs = all.Sum(t => t.WaitNs),
            Waits = [all.Sum(t => t.Waits.ElementAtOrDefault(0)), all.Sum(t => t.Waits.ElementAtOrDefault(1))],
        };
    }

    [Fact]
    public void Few_types_have_a_series_each_behind_the_sum_of_none()
    {
        var tasks = _series.Update([Type(3, 100), Type(1, 500)]);

        Assert.Equal(["other", "t1", "t3"], tasks.Select(t => t.Name));
        Assert.Equal([0, 500, 100], tasks.Select(t => t.PollNs));
        Assert.Equal([0, 50, 10], tasks.Select(t => t.SlowPolls));
        Assert.Equal([500, 250], tasks[1].Polls);
        Assert.Equal((1500, 2), (tasks[1].WaitNs, tasks[1].Waits.Count));
        Assert.Empty(tasks[0].Polls);
    }

    [Fact]
    public void Of_ten_thousand_types_fifty_have_a_series_and_a_hundred_at_most_whatever_comes()
    {
        var random = new Random(4);
        long[] ns = [.. Enumerable.Range(0, 10_000).Select(_ => random.NextInt64(1_000_000))];
        IReadOnlyList<TaskMetrics> tasks = [];
        for (int round = 0; round < 20; round++)
        {
            tasks = _series.Update(ns.Select((n, i) => Type(i, n)));
            Assert.Equal(ns.Sum(), tasks.Sum(t => t.PollNs));
            if (round == 0)
                Assert.Equal(StreamLimits.MetricsTasks + 1, tasks.Count);
            // other types are the busiest each time
            for (int i = 0; i < 60; i++)
                ns[random.Next(ns.Length)] += 10_000_000L * (round + 1);
        }

        Assert.Equal(StreamLimits.MetricsSeries + 1, tasks.Count);
        Assert.Equal(tasks.Count, tasks.Select(t => t.Series).Distinct().Count());
        Assert.All(tasks, t => Assert.InRange(t.Series, TaskMetrics.Others, StreamLimits.MetricsSeries - 1));
    }

    [Fact]
    public void No_counter_ever_falls_and_all_together_are_what_there_was()
    {
        var random = new Random(7);
        long[] ns = new long[300];
        var before = new Dictionary<int, TaskMetrics>();
        for (int round = 0; round < 200; round++)
        {
            for (int i = 0; i < 20; i++)
                ns[random.Next(ns.Length)] += random.NextInt64(1_000_000);
            var types = ns.Select((n, i) => Type(i, n)).Where(t => t.Value.PollNs > 0).ToList();
            var tasks = _series.Update(types);

            Assert.Equivalent(
                Sum(
                    types.Select(t => new TaskMetrics
                    {
                        SlowPolls = t.Value.Slow,
                        PollNs = t.Value.PollNs,
                        Polls = t.Value.Polls,
                        WaitNs = t.Value.WaitNs,
                        Waits = t.Value.Waits,
                    })
                ),
                Sum(tasks)
            );
            foreach (var task in tasks)
            {
                if (before.TryGetValue(task.Series, out var last))
                {
                    Assert.Equal(last.Name, task.Name);
                    Assert.True(
                        task.PollNs >= last.PollNs && task.SlowPolls >= last.SlowPolls && task.WaitNs >= last.WaitNs
                    );
                    Assert.All(last.Polls, (n, i) => Assert.True(task.Polls.ElementAtOrDefault(i) >= n));
                    Assert.All(last.Waits, (n, i) => Assert.True(task.Waits.ElementAtOrDefault(i) >= n));
                }

                before[task.Series] = task;
            }

            Assert.All(before.Keys, series => Assert.Contains(tasks, t => t.Series == series));
        }
    }

    [Fact]
    public void An_estimate_that_is_corrected_downwards_stays_where_it_was()
    {
        _series.Update([Type(0, 1000)]);
        var task = _series.Update([Type(0, 400)])[1];

        Assert.Equal((1000, 100, 3000), (task.PollNs, task.SlowPolls, task.WaitNs));
        Assert.Equal([1000, 500], task.Polls);
    }

    [Fact]
    public void A_type_that_is_left_out_once_keeps_its_counts()
    {
        _series.Update([Type(0, 1000), Type(1, 10)]);

        Assert.Equal([0, 1000, 20], _series.Update([Type(1, 20)]).Select(t => t.PollNs));
    }

    [Fact]
    public void Types_of_one_name_are_one_series()
    {
        var tasks = _series.Update([Type(0, 100, "serve"), Type(1, 30, "serve"), Type(2, 20, new string('x', 500))]);

        Assert.Equal(["other", "serve", new string('x', 299) + "…"], tasks.Select(t => t.Name));
        Assert.Equal(130, tasks[1].PollNs);
        Assert.Equal(_series.SeriesOf(0), _series.SeriesOf(1));
    }

    [Fact]
    public void A_type_that_gets_its_name_later_stays_in_its_series()
    {
        int series = _series.Update([Type(0, 100, "task type 0"), Type(1, 50, "login")])[1].Series;

        var named = _series.Update([Type(0, 100, "serve"), Type(1, 50, "login")]);
        Assert.Equal(["other", "serve", "login"], named.Select(t => t.Name));
        Assert.Equal(series, named[1].Series);

        // its counts cannot be joined with those of another without a jump
        Assert.Equal(
            ["other", "serve", "login"],
            _series.Update([Type(0, 100, "login"), Type(1, 50, "login")]).Select(t => t.Name)
        );
    }

    [Fact]
    public void A_type_that_is_called_like_the_sum_is_in_it()
    {
        var tasks = _series.Update([Type(0, 100, "other"), Type(1, 50)]);

        Assert.Equal([("other", 100), ("t1", 50)], tasks.Select(t => (t.Name, t.PollNs)));
        // a type that has its series keeps it, and one that gets one leaves in the sum what it had there
        Assert.Equal(
            [("other", 100), ("t1", 50), ("t0", 7)],
            _series.Update([Type(0, 107, "t0"), Type(1, 50, "other")]).Select(t => (t.Name, t.PollNs))
        );
    }

    [Fact]
    public void Hostile_names_are_clean()
    {
        var tasks = _series.Update([Type(0, 2, "a\nb\u001b[31m\u202e"), Type(1, 1, "\ud800")]);

        Assert.Equal(["other", "a?b?[31m?", "?"], tasks.Select(t => t.Name));
    }
}
