namespace Hud.Analysis.Tests;

public sealed class WaitSharesTests
{
    private const int Owner = 1;

    /// <summary>A wait from 100 to 200.</summary>
    private static long[] Of(int? owner, params SlowSpan[] spans) => WaitShares.Of(100, 200, spans, owner);

    [Fact]
    public void A_moment_belongs_to_the_one_slow_poll_that_ran_then_and_the_rest_to_none() =>
        Assert.Equal([30, 20], Of(null, new(1, 110, 140), new(2, 150, 170)));

    [Fact]
    public void What_a_slow_poll_ran_before_the_wake_and_after_the_poll_is_not_the_waits() =>
        Assert.Equal([10, 60, 0, 0], Of(null, new(1, 0, 110), new(1, 140, 900), new(2, 0, 100), new(2, 200, 300)));

    [Fact]
    public void Workers_that_blocked_at_the_same_time_share_it() =>
        Assert.Equal([20 + 25, 25 + 10], Of(null, new(1, 100, 170), new(2, 120, 180)));

    [Fact]
    public void In_the_queue_of_the_worker_that_polled_it_a_task_waits_for_that_one_alone() =>
        Assert.Equal([50, 50], Of(Owner, new(Owner, 80, 150), new(2, 0, 300)));

    [Fact]
    public void An_owner_that_is_in_no_slow_poll_changes_nothing() =>
        Assert.Equal([50, 50], Of(Owner, new(2, 0, 300), new(3, 0, 300)));

    [Fact]
    public void Polls_back_to_back_are_not_at_the_same_time()
    {
        Assert.Equal([50, 50], Of(null, new(1, 100, 150), new(2, 150, 200)));
        Assert.Equal([50, 50], Of(null, new(2, 150, 200), new(1, 100, 150)));
    }

    [Fact]
    public void Spans_without_a_length_and_no_spans_are_nothing()
    {
        Assert.Equal([0, 0], Of(null, new(1, 150, 150), new(2, 180, 120)));
        Assert.Empty(Of(Owner));
    }

    [Fact]
    public void However_many_there_are_the_parts_are_not_more_than_the_wait()
    {
        var random = new Random(7);
        for (int round = 0; round < 500; round++)
        {
            var spans = Enumerable
                .Range(0, random.Next(40))
                .Select(_ =>
                {
                    long start = random.Next(300);
                    return new SlowSpan(random.Next(8), start, start + random.Next(100));
                })
                .ToList();
            long[] shares = WaitShares.Of(100, 200, spans, random.Next(2) == 0 ? Owner : null);
            Assert.All(shares, ns => Assert.InRange(ns, 0, 100));
            // each is rounded
            Assert.InRange(shares.Sum(), 0, 100 + spans.Count);
        }
    }
}
