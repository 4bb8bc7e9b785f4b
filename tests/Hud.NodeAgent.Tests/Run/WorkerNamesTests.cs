using Hud.Analysis;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

public sealed class WorkerNamesTests
{
    private static readonly WorkerNames Io = new(["io-", "cpu-"]);

    private static TaskTypeFacts Type(long polls, long slow, long maxNs, int target = 0) =>
        new()
        {
            Target = new(target),
            Name = "shop::login",
            Polls = polls,
            Slow = slow,
            MaxNs = maxNs,
            Histogram = [polls],
        };

    private static HudEvent Poll(uint type, EventFlags flags = EventFlags.None) =>
        new()
        {
            Kind = EventKind.Poll,
            Type = type,
            Flags = flags,
        };

    [Theory]
    [InlineData("io-1", true)]
    [InlineData("cpu-", true)]
    [InlineData("IO-1", false)]
    [InlineData("my-io-1", false)]
    [InlineData("io", false)]
    [InlineData("", false)]
    public void A_worker_is_named_by_one_of_the_prefixes(string name, bool worker)
    {
        Assert.Equal(worker, Io.IsWorker(name));
        Assert.Equal(worker, new WorkerNames(["io-", "cpu-"]).Accept(Poll(0), name, 1));
        Assert.True(new WorkerNames([]).IsWorker(name)); // no prefix, no question
    }

    [Fact]
    public void Without_prefixes_nothing_is_changed()
    {
        TaskTypeFacts[] types = [Type(10, 3, 9)];
        Assert.Same(types, new WorkerNames([]).Narrow(types, [], new Dictionary<TaskTypeId, long>(), 0, 5));
    }

    [Fact]
    public void Slow_polls_of_other_threads_are_not_taken_for_rate_limited_ones()
    {
        var names = new WorkerNames(["io-"]);
        for (int i = 0; i < 4; i++)
            Assert.False(names.Accept(Poll(0), "batch-1", weight: 2));
        Assert.False(names.Accept(Poll(0, EventFlags.Open), "batch-1", 1)); // not in the kernel's totals yet
        Assert.False(names.Accept(Poll(1), "batch-1", 1));
        Assert.False(names.Accept(new HudEvent { Kind = EventKind.Sample, Type = 2 }, "batch-1", 1));

        var recorded = new Dictionary<TaskTypeId, long> { [new(0)] = 2, [new(2)] = 5 };
        var narrow = names.Narrow(
            [Type(100, 10, 900), Type(50, 1, 800), Type(70, 5, 700)],
            [new WorkerFacts { Polls = 9 }],
            recorded,
            worstNs: 600,
            thresholdNs: 5
        );

        Assert.Equal([(2, 600), (0, 5), (5, 700)], narrow.Select(t => (t.Slow, t.MaxNs)));
        Assert.Equal([100, 50, 70], narrow.Select(t => t.Polls));
        // of 40 slow polls only ten were recorded, eight of them others': the rest is shared out alike
        Assert.Equal(8, names.Narrow([Type(100, 40, 900)], [new WorkerFacts { Polls = 9 }], recorded, 600, 5)[0].Slow);
    }

    [Fact]
    public void A_target_none_of_whose_threads_is_named_so_was_not_measured()
    {
        TaskTypeFacts[] types = [Type(100, 10, 900), Type(100, 10, 900, target: 1)];
        var narrow = new WorkerNames(["oi-"]).Narrow(
            types,
            [new WorkerFacts { Target = new(1), Polls = 9 }, new WorkerFacts { Idle = true }],
            new Dictionary<TaskTypeId, long>(),
            0,
            5
        );
        Assert.Equal([(0, 0, 0), (100, 10, 900)], narrow.Select(t => (t.Polls, t.Slow, t.MaxNs)));
        Assert.Equal([0L], narrow[0].Histogram);
    }

    [Fact]
    public void Prefixes_that_fit_no_thread_are_reported_with_the_names_there_are()
    {
        var names = new WorkerNames(["io-", "cpu-"]);
        Assert.Equal(
            "workerThreadNames (io-*, cpu-*) match none of its threads, which are named app, tokio-runtime-w",
            names.Unmatched(["tokio-runtime-w", "app", "tokio-runtime-w"])
        );
        Assert.Null(names.Unmatched(["app", "cpu-0"]));
        Assert.Null(names.Unmatched([])); // nothing is known of its threads
        Assert.Null(new WorkerNames([]).Unmatched(["app"]));
        Assert.EndsWith(
            " and 12 others",
            names.Unmatched([.. Enumerable.Range(0, 20).Select(i => $"t{i}")]),
            StringComparison.Ordinal
        );
    }
}
