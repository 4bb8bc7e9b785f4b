using Hud.Core.Profile;
using Hud.Frames;

namespace Hud.Analysis.Tests;

public sealed class DurationSetTests
{
    private static DurationSet Of(params IEnumerable<long> durations)
    {
        var set = new DurationSet();
        foreach (long ns in durations)
            set.Add(ns);
        return set;
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(50, 50)]
    [InlineData(99, 99)]
    [InlineData(100, 100)]
    public void Percentiles_are_those_of_the_nearest_rank(double percent, long expected) =>
        Assert.Equal(expected, Of(Enumerable.Range(1, 100).Select(i => (long)i)).Percentile(percent));

    [Fact]
    public void An_empty_set_has_no_percentile()
    {
        Assert.Equal(0, new DurationSet().Percentile(50));
        Assert.Empty(new DurationSet().Histogram);
    }

    [Fact]
    public void A_poll_stands_for_its_weight()
    {
        var set = new DurationSet();
        set.Add(10, 16);
        set.Add(20, 16);
        Assert.Equal((32, 480, 20), (set.Count, set.TotalNs, set.MaxNs));
        Assert.Equal([0, 0, 0, 16, 16], set.Histogram);
        Assert.Equal(10, set.Percentile(50));
    }

    [Fact]
    public void Sums_stay_exact_and_percentiles_close_when_there_are_too_many_to_keep()
    {
        var set = Of(Enumerable.Range(0, 100_000).Select(i => (long)(i * 7919L % 100_000)));
        Assert.Equal(100_000, set.Count);
        Assert.Equal(99_999L * 100_000 / 2, set.TotalNs);
        Assert.Equal(99_999, set.MaxNs);
        Assert.Equal(100_000, set.Histogram.Sum());
        Assert.InRange(set.Percentile(50), 44_000, 56_000);
        Assert.InRange(set.Percentile(99), 98_000, 99_999);
    }

    [Fact]
    public void The_last_one_can_be_taken_back()
    {
        var set = Of(5, 9);
        Assert.True(set.Take(9, 1));
        Assert.Equal((1, 5, 5), (set.Count, set.TotalNs, set.MaxNs));
        Assert.Equal([0, 0, 1], set.Histogram);
        Assert.False(set.Take(9, 1));
        Assert.True(set.Take(5, 1));
        Assert.False(set.Take(5, 1));
        Assert.Equal((0, 0, 0), (set.Count, set.TotalNs, set.MaxNs));
    }

    [Fact]
    public void One_beyond_what_is_kept_cannot_be_taken_back()
    {
        var set = Of(Enumerable.Repeat(7L, DurationSet.MaxKept + 1));
        Assert.False(set.Take(7, 1));
        Assert.Equal(DurationSet.MaxKept + 1, set.Count);
    }

    [Fact]
    public void Sets_add_up()
    {
        var set = Of(1, 2, 3);
        set.Add(Of(10, 20));
        Assert.Equal((5, 36, 20), (set.Count, set.TotalNs, set.MaxNs));
        Assert.Equal(20, set.Percentile(100));
        Assert.Equal(3, set.Percentile(50));
    }

    [Theory]
    [InlineData(-5, 0)]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(1024, 10)]
    [InlineData(2047, 10)]
    [InlineData(long.MaxValue, 39)]
    public void A_slot_counts_one_power_of_two(long ns, int slot) => Assert.Equal(slot, Log2Histogram.Slot(ns));

    [Fact]
    public void Trailing_zeros_are_cut()
    {
        Assert.Equal([0, 3], Log2Histogram.Trim([0L, 3, 0, 0]));
        Assert.Empty(Log2Histogram.Trim([0L, 0]));
    }

    [Fact]
    public void Percentiles_of_a_histogram_are_within_a_factor_of_two()
    {
        var random = new Random(4);
        long[] slots = new long[40],
            values = [.. Enumerable.Range(0, 5000).Select(_ => (long)Math.Exp(random.NextDouble() * 20))];
        foreach (long value in values)
            slots[Log2Histogram.Slot(value)]++;
        Array.Sort(values);
        foreach (double percent in (double[])[1, 25, 50, 90, 99, 100])
        {
            long truth = values[Math.Clamp((int)Math.Ceiling(percent / 100 * values.Length) - 1, 0, values.Length - 1)];
            Assert.InRange(Log2Histogram.Quantile(slots, percent / 100, values[^1]), truth / 2, truth * 2 + 1);
        }

        Assert.Equal(7, Log2Histogram.Quantile([], 0.5, 7));
        Assert.Equal(5, Log2Histogram.Quantile([0, 0, 1], 0.99, 5));
    }
}
