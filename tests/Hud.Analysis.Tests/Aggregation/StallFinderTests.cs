using Hud.Frames;

namespace Hud.Analysis.Tests;

public sealed class StallFinderTests
{
    private static string Find(int workers, long min, params (int Worker, long Start, long End)[] polls) =>
        string.Join(' ', StallFinder.Find(polls, workers, min).Select(s => $"{s.StartNs}+{s.DurationNs}"));

    [Fact]
    public void All_workers_at_once_are_a_stall() => Assert.Equal("20+10", Find(2, 1, (1, 0, 30), (2, 20, 40)));

    [Fact]
    public void One_worker_alone_is_none() => Assert.Equal("", Find(2, 1, (1, 0, 30), (1, 40, 50), (2, 31, 39)));

    [Fact]
    public void One_worker_alone_stalls_a_runtime_of_one() =>
        Assert.Equal("0+30 40+10", Find(1, 1, (1, 40, 50), (1, 0, 30)));

    [Fact]
    public void Overlaps_that_are_too_short_are_left_out() => Assert.Equal("", Find(2, 11, (1, 0, 30), (2, 20, 40)));

    [Fact]
    public void Nested_polls_of_one_worker_are_one_worker() => Assert.Equal("", Find(2, 1, (1, 0, 30), (1, 10, 20)));

    [Fact]
    public void A_worker_that_leaves_one_poll_and_enters_the_next_is_not_two() =>
        Assert.Equal("", Find(2, 1, (1, 0, 10), (1, 10, 20)));

    [Fact]
    public void A_poll_without_length_stays_no_open_one() => Assert.Equal("", Find(1, 1, (1, 10, 10), (2, 30, 30)));

    [Fact]
    public void A_poll_that_ends_before_it_starts_is_ignored() =>
        Assert.Equal("5+5", Find(1, 1, (1, 10, 4), (1, 5, 10)));

    [Fact]
    public void No_workers_and_no_polls_are_not_a_stall()
    {
        Assert.Equal("", Find(0, 1, (1, 0, 10)));
        Assert.Equal("", Find(2, 1));
    }

    [Fact]
    public void Against_counting_moment_by_moment()
    {
        var random = new Random(5);
        for (int round = 0; round < 300; round++)
        {
            const int workers = 3;
            var polls = new List<(int, long, long)>();
            for (int worker = 0; worker < workers; worker++)
            {
                for (long at = random.Next(5); at < 60; )
                {
                    long end = at + random.Next(1, 12);
                    polls.Add((worker, at, end));
                    at = end + random.Next(1, 6);
                }
            }

            var expected = Enumerable
                .Range(0, 80)
                .Where(t =>
                    Enumerable.Range(0, workers).All(w => polls.Any(p => p.Item1 == w && p.Item2 <= t && t < p.Item3))
                );
            var actual = StallFinder
                .Find(polls, workers, 1)
                .SelectMany(s => Enumerable.Range((int)s.StartNs, (int)s.DurationNs));
            Assert.Equal(expected, actual);
        }
    }
}
