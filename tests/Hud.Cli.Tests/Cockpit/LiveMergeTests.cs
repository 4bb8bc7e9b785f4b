using Hud.Cli.Cockpit;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Cli.Tests.Cockpit;

public class LiveMergeTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 14, 2, 7, 31, TimeSpan.Zero);

    [Fact]
    public void One_agent_is_shown_as_it_is()
    {
        var merge = new LiveMerge(1);

        foreach (var message in Models.Stream(3))
            Assert.Same(message, Assert.Single(merge.Accept(0, message)));
        Assert.Empty(merge.Accept(0, null));
    }

    [Fact]
    public void A_round_is_one_message_with_the_sums_and_the_targets_numbered_through()
    {
        var merge = Two();
        Assert.Empty(merge.Accept(0, Progress(5, polls: 10, lost: 30, poll: 1_000)));

        var joined = merge.Accept(1, Progress(3, polls: 7, lost: 10, poll: 2_000, startedAfter: 2));

        Assert.Equal(["a", "b"], joined.OfType<TargetMessage>().OrderBy(t => t.Index).Select(t => t.Target.Pod));
        var now = Assert.Single(joined.OfType<ProgressMessage>());
        Assert.Equal((17, 5_000_000_000), (now.Summary.Polls, now.ElapsedNs));
        // worker time: 5 s of the one, 3 s of the other
        Assert.Equal(22.5, now.Summary.BlockedPercent);
        Assert.Equal([0, 1], now.Workers.Select(w => w.Target));
        var hotspot = Assert.Single(now.Hotspots);
        Assert.Equal((2, -1), (hotspot.Count, hotspot.Target));
        // the second agent's clock began two seconds later, and its worker is the second
        Assert.Equal(
            [(1_000L, 0, 0), (2_000_002_000, 1, 1)],
            now.SlowPolls.Select(p => (p.StartNs, p.Target, p.Worker))
        );
        Assert.Contains("on 2 targets", now.Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void A_silent_agent_is_not_waited_for_and_a_slow_poll_is_shown_once()
    {
        var merge = Two();
        var shown = new List<ProgressMessage>();
        for (int second = 1; second <= 4; second++)
            shown.AddRange(
                merge.Accept(0, Progress(second, polls: second, lost: 0, poll: second)).OfType<ProgressMessage>()
            );

        Assert.Equal([2, 3, 4], shown.Select(p => p.Summary.Polls));
        Assert.Equal([1L, 2, 3, 4], shown.SelectMany(p => p.SlowPolls).Select(p => p.StartNs));
    }

    [Fact]
    public void An_agent_that_has_ended_keeps_its_sums_and_does_nothing_now()
    {
        var merge = Two();
        merge.Accept(0, Progress(1, polls: 10, lost: 30, poll: 1));
        merge.Accept(1, Progress(1, polls: 5, lost: 30, poll: 1));
        merge.Accept(0, null);

        var now = Assert.Single(merge.Accept(1, Progress(2, polls: 6, lost: 30, poll: 2)).OfType<ProgressMessage>());

        Assert.Equal(16, now.Summary.Polls);
        Assert.Equal(["idle", "polling"], now.Workers.Select(w => w.State));
        Assert.Single(merge.Accept(1, new EndMessage()).OfType<ProgressMessage>());
    }

    [Fact]
    public void What_every_agent_says_is_said_once()
    {
        var merge = new LiveMerge(2);

        Assert.Single(merge.Accept(0, new HelloMessage()));
        Assert.Empty(merge.Accept(1, new HelloMessage()));
        Assert.Single(merge.Accept(0, new WarningMessage { Id = "HUD305", Text = "x" }));
        Assert.Empty(merge.Accept(1, new WarningMessage { Id = "HUD305", Text = "x" }));
        Assert.Single(merge.Accept(1, new WarningMessage { Id = "HUD305", Text = "y" }));
        Assert.Empty(merge.Accept(1, new EndMessage()));
        Assert.Empty(merge.Accept(0, null));
    }

    private static LiveMerge Two()
    {
        var merge = new LiveMerge(2);
        merge.Accept(0, new TargetMessage { Target = new TargetProfile { Pod = "a" } });
        merge.Accept(1, new TargetMessage { Target = new TargetProfile { Pod = "b" } });
        return merge;
    }

    private static ProgressMessage Progress(int second, long polls, double lost, long poll, int startedAfter = 0) =>
        new()
        {
            ElapsedNs = second * 1_000_000_000L,
            VerdictLevel = VerdictLevel.Blocked,
            Summary = new ProfileSummary
            {
                StartedAt = Start.AddSeconds(startedAfter),
                ObservedNs = second * 1_000_000_000L,
                Workers = 1,
                Polls = polls,
                BlockedPercent = lost,
            },
            Workers =
            [
                new WorkerNow
                {
                    Tid = 7,
                    State = "polling",
                    BusyPercent = 50,
                },
            ],
            Hotspots =
            [
                new Hotspot
                {
                    Fingerprint = "f",
                    Count = 1,
                    TotalNs = 5,
                },
            ],
            SlowPolls =
            [
                new SlowPoll
                {
                    StartNs = poll,
                    WallNs = 9_000_000,
                    Hotspot = 0,
                },
            ],
        };
}
