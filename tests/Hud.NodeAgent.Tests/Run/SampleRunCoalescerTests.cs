using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Run;
using Hud.Tests.Support;
using Hud.Tokio;
using static Hud.Tests.Support.Stage;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>Samples of a clock become slow polls, as far as they can. Times in ms.</summary>
public sealed class SampleRunCoalescerTests
{
    private readonly Stage _stage = new();
    private readonly SampleRunCoalescer _ticks;

    public SampleRunCoalescerTests()
    {
        var target = new TargetProcess
        {
            Id = new(0),
            Spec = new AgentTarget(),
            Tokio = new TokioBinary
            {
                Types = [new("shop::login", 0, 0, default, 0), new("shop::cart", 0, 0, default, 0)],
            },
        };
        target.AssignNumbers(40);
        _ticks = new SampleRunCoalescer(
            _stage.Attributor,
            _stage.Aggregator,
            new TaskTypeResolver(_stage.Stacks, [target])
        );
        _ticks.Watch(5 * Ms, 99);
    }

    private void Ticks(string stack, double every, int count, double from = 0, uint tid = 1, string below = Poll)
    {
        var number = _stage.Stack(stack, below: below);
        for (int i = 0; i < count; i++)
        {
            ulong now = (ulong)((from + (i * every)) * Ms);
            _ticks.Add(
                new HudEvent
                {
                    Kind = EventKind.OnCpu,
                    NsTid = tid,
                    TimeNs = now,
                    StartNs = now,
                    Syscall = -1,
                },
                number
            );
        }
    }

    private long[] WallMs()
    {
        _ticks.Flush();
        return [.. _stage.Aggregator.Polls.Select(p => p.Split.WallNs / Ms)];
    }

    [Fact]
    public void Ticks_of_one_function_are_one_stretch_as_long_as_the_time_between_them()
    {
        Ticks("shop::hash < shop::cart", every: 10, count: 6, from: 100);
        Assert.Equal([50], WallMs());
        var poll = _stage.Aggregator.Polls[0];
        Assert.Equal((100 * Ms, 50 * Ms, 41), (poll.StartNs, poll.Split.OnCpuNs, poll.Type.Number));
        var (key, hotspot) = Assert.Single(_stage.Aggregator.Hotspots);
        Assert.Equal((HotspotCause.OnCpu, 50 * Ms), (key.Cause, hotspot.Durations.TotalNs));
    }

    [Fact]
    public void A_single_tick_says_nothing_about_length()
    {
        Ticks("shop::hash < shop::login", every: 10, count: 1);
        Assert.Empty(WallMs());
    }

    [Theory]
    [InlineData(99, 11, 10.1, 2)] // two ticks of the usual clock, and a threshold over their distance
    [InlineData(999, 5, 1, 2)] // a fast clock
    [InlineData(999, 5, 1, 6)] // exactly the threshold
    [InlineData(99, 10_000, 10.1, 900)]
    public void A_stretch_that_is_not_over_the_threshold_is_not_a_slow_poll(
        int hertz,
        int threshold,
        double every,
        int count
    )
    {
        _ticks.Watch(threshold * Ms, hertz);
        Ticks("shop::hash < shop::login", every, count);
        Assert.Empty(WallMs());
        Assert.Empty(_stage.Aggregator.Hotspots);
        Assert.Equal(count, _ticks.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(39)]
    [InlineData(99)]
    [InlineData(999)]
    public void A_hog_is_found_however_rarely_the_clock_ticks(int hertz)
    {
        _ticks.Watch(5 * Ms, hertz);
        Ticks("shop::hash < shop::login", every: 1000.0 / hertz, count: 11);
        Assert.Equal([10_000 / hertz], WallMs());
    }

    [Fact]
    public void One_missed_tick_does_not_part_a_stretch_and_two_do()
    {
        Ticks("shop::hash < shop::login", every: 10, count: 3); // 0 10 20
        Ticks("shop::hash < shop::login", every: 10, count: 3, from: 40); // 30 is missing
        Ticks("shop::hash < shop::login", every: 10, count: 3, from: 90); // 70 and 80 are missing
        Assert.Equal([60, 20], WallMs());
    }

    [Fact]
    public void Another_function_begins_another_stretch()
    {
        Ticks("shop::hash < shop::login", every: 10, count: 3);
        Ticks("shop::parse < shop::cart", every: 10, count: 4, from: 30);
        Assert.Equal([20, 30], WallMs());
        Assert.Equal([40, 41], _stage.Aggregator.Polls.Select(p => p.Type.Number));
    }

    [Fact]
    public void Threads_do_not_mix()
    {
        for (int i = 0; i < 3; i++)
        {
            Ticks("shop::hash < shop::login", every: 0, count: 1, from: i * 10, tid: 1);
            Ticks("shop::parse < shop::cart", every: 0, count: 1, from: 5 + (i * 10), tid: 2);
        }

        Assert.Equal([20, 20], WallMs());
        Assert.Equal([1, 2], _stage.Aggregator.Polls.Select(p => p.Tid));
    }

    [Theory]
    [InlineData(
        "epoll_wait < tokio::runtime::io::driver::Driver::turn",
        " < tokio::runtime::scheduler::multi_thread::worker::run"
    )]
    [InlineData("shop::report", " < tokio::runtime::blocking::pool::Inner::run < std::thread::spawn")]
    public void Only_polls_of_tasks_count(string stack, string below)
    {
        Ticks(stack, every: 10, count: 9, below: below);
        Assert.Empty(WallMs());
    }

    [Fact]
    public void Work_outside_of_a_poll_ends_the_stretch()
    {
        Ticks("shop::hash < shop::login", every: 10, count: 2);
        Ticks(
            "epoll_wait",
            every: 10,
            count: 1,
            from: 20,
            below: " < tokio::runtime::scheduler::multi_thread::worker::run"
        );
        Ticks("shop::hash < shop::login", every: 10, count: 2, from: 30);
        Assert.Equal([10, 10], WallMs());
    }

    [Fact]
    public void Types_that_are_polled_very_often_have_short_polls_however_many_ticks_they_get()
    {
        _ticks.Hot.Add(new(40));
        Ticks("shop::hash < shop::login", every: 10, count: 9);
        Assert.Empty(WallMs());
    }
}
