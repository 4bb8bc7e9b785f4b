using Hud.Core.Profile;
using Hud.Frames;

namespace Hud.Analysis.Tests;

public sealed class PollSplitTests
{
    private const long Ms = 1_000_000;

    [Theory]
    // wall, off, delay, throttled -> cpu, blocked, queued, throttled
    [InlineData(20, 0, 0, 0, 20, 0, 0, 0)]
    [InlineData(20, 15, 5, 2, 5, 10, 5, 2)]
    [InlineData(20, 25, 5, 0, 0, 15, 5, 0)] // off the CPU for longer than the poll: the edges of two clocks
    [InlineData(20, 15, 18, 0, 5, 0, 15, 0)] // delay counts at wake-up, off at switch-in
    [InlineData(20, 15, 5, 9, 5, 10, 5, 5)]
    [InlineData(0, 5, 5, 5, 0, 0, 0, 0)]
    public void Parts_add_up_to_the_wall_time(
        long wall,
        long off,
        long delay,
        long throttled,
        long cpu,
        long blocked,
        long queued,
        long byQuota
    )
    {
        var split = PollSplit.From(wall * Ms, off * Ms, delay * Ms, throttled * Ms);
        Assert.Equal(new PollSplit(wall * Ms, cpu * Ms, blocked * Ms, queued * Ms, byQuota * Ms), split);
        Assert.Equal(split.WallNs, split.OnCpuNs + split.BlockedNs + split.RunQueueNs);
    }

    [Theory]
    [InlineData(20, 0, 0, 0, "OnCpu:20")]
    [InlineData(0, 20, 0, 0, "BlockingCall:20")]
    [InlineData(8, 12, 0, 0, "BlockingCall:12 OnCpu:8")]
    [InlineData(12, 8, 0, 0, "OnCpu:12 BlockingCall:8")]
    [InlineData(3, 4, 0, 0, "BlockingCall:7")] // neither part alone, both together
    [InlineData(4, 3, 0, 0, "OnCpu:7")]
    [InlineData(2, 2, 20, 0, "RunQueue:20")] // without the waiting it would not have been slow
    [InlineData(2, 0, 20, 20, "Throttled:20")]
    [InlineData(2, 0, 20, 8, "RunQueue:12 Throttled:8")]
    [InlineData(2, 0, 4, 3, "Throttled:3")] // slow by all three together: the most expensive stranger
    [InlineData(2, 0, 4, 1, "RunQueue:3")]
    [InlineData(20, 0, 30, 0, "RunQueue:30 OnCpu:20")]
    public void A_poll_is_counted_for_what_made_it_slow(
        long cpu,
        long blocked,
        long queued,
        long throttled,
        string expected
    )
    {
        var split = new PollSplit((cpu + blocked + queued) * Ms, cpu * Ms, blocked * Ms, queued * Ms, throttled * Ms);
        Assert.Equal(expected, string.Join(' ', split.Parts(5 * Ms).Select(p => $"{p.Cause}:{p.Ns / Ms}")));
    }

    [Fact]
    public void The_timeline_shows_the_code_before_the_pressure()
    {
        Assert.Equal(HotspotCause.OnCpu, new PollSplit(50 * Ms, 20 * Ms, 0, 30 * Ms, 0).Primary(5 * Ms));
        Assert.Equal(HotspotCause.RunQueue, new PollSplit(32 * Ms, 2 * Ms, 0, 30 * Ms, 0).Primary(5 * Ms));
    }

    [Fact]
    public void Whatever_the_kernel_says_there_is_a_cause_and_never_more_time_than_the_poll_took()
    {
        var random = new Random(3);
        for (int i = 0; i < 20_000; i++)
        {
            long wall = random.NextInt64(1, 100 * Ms);
            var split = PollSplit.From(
                wall,
                random.NextInt64(-5 * Ms, 200 * Ms),
                random.NextInt64(-5 * Ms, 200 * Ms),
                random.NextInt64(-5 * Ms, 200 * Ms)
            );
            var parts = split.Parts(5 * Ms);
            Assert.NotEmpty(parts);
            Assert.True(parts.Sum(p => p.Ns) <= wall);
            Assert.All(parts, p => Assert.True(p.Ns >= 0));
            Assert.Equal(parts.Count, parts.Select(p => p.Cause).Distinct().Count());
        }
    }
}
