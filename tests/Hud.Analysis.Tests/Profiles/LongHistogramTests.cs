using Hud.Core.Profile;

namespace Hud.Analysis.Tests.Profiles;

public sealed class LongHistogramTests
{
    /// <summary>Sorted them as the programs do.</summary>
    private static WaitFacts Facts(IReadOnlyList<long> waits)
    {
        long[] all = new long[Log2Histogram.Slots],
            longer = new long[LongHistogram.Slots];
        foreach (long ns in waits)
        {
            int power = Log2Histogram.Slot(ns);
            all[power]++;
            int slot = (power - LongHistogram.From) * 8 + (int)(ns >> (power - LongHistogram.Shift) & 7);
            if (power >= LongHistogram.From && slot < longer.Length)
                longer[slot]++;
        }

        return new WaitFacts
        {
            Count = waits.Count,
            MaxNs = waits.Max(),
            Histogram = all,
            Long = longer,
        };
    }

    [Theory]
    [InlineData(1_100_000, 1.0)]
    [InlineData(1_100_000, 1.08)]
    [InlineData(17_000_000, 1.0)]
    [InlineData(20_200_000, 1.01)]
    [InlineData(4_200_000, 1.5)]
    [InlineData(33_000_000_000, 1.2)]
    public void From_a_millisecond_on_a_percentile_is_within_a_sixteenth(long first, double ratioOfLast)
    {
        // two that waited for longer, as on a machine that is busy for a moment: the longest does not tell where the others are
        long[] waits =
        [
            .. Enumerable.Range(0, 1000).Select(i => (long)(first * (1 + (ratioOfLast - 1) * i / 1000))),
            first * 2 - 1,
            first * 2 - 1,
        ];
        foreach (double q in (double[])[0.01, 0.5, 0.9, 0.99])
        {
            long real = waits[(int)(q * waits.Length)];
            Assert.InRange(LongHistogram.Quantile(Facts(waits), q), real * (1 - 0.0626), real * 1.0626);
        }
    }

    [Theory]
    [InlineData(900)]
    [InlineData(700_000)]
    [InlineData(100_000_000_000)]
    public void Shorter_and_much_longer_ones_are_as_in_the_powers_of_two(long ns)
    {
        var facts = Facts([ns, ns, ns * 3 / 2]);
        Assert.Equal(Log2Histogram.Quantile(facts.Histogram, 0.5, facts.MaxNs), LongHistogram.Quantile(facts, 0.5));
    }

    [Fact]
    public void Without_the_finer_steps_the_powers_of_two_have_to_do()
    {
        var facts = Facts([20_000_000, 20_000_000]) with { Long = [] };
        Assert.Equal(20_000_000, LongHistogram.Quantile(facts, 0.99));
        Assert.Equal(5, LongHistogram.Quantile(new WaitFacts { MaxNs = 5 }, 0.5));
    }
}
