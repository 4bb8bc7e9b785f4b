using Hud.Core.Api;

namespace Hud.Core.Tests;

public class GoDurationTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("1ns", 1)]
    [InlineData("100us", 100_000)]
    [InlineData("100µs", 100_000)]
    [InlineData("5ms", 5_000_000)]
    [InlineData("1.5s", 1_500_000_000)]
    [InlineData(".5s", 500_000_000)]
    [InlineData("1m30s", 90_000_000_000)]
    [InlineData("2h", 7_200_000_000_000)]
    [InlineData("30m", 1_800_000_000_000)]
    public void Reads_what_go_reads(string text, long nanoseconds) =>
        Assert.Equal(nanoseconds, GoDuration.Parse(text).Nanoseconds);

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("5 s")]
    [InlineData("-5s")]
    [InlineData("+5s")]
    [InlineData("1..5s")]
    [InlineData(".s")]
    [InlineData("5d")]
    [InlineData("5min")]
    [InlineData("5S")]
    [InlineData("9223372036854775808ns")]
    [InlineData("9999999h")]
    [InlineData("99999999999999999999999999999999999999s")]
    [InlineData("1m30")]
    public void Refuses_everything_else(string? text) => Assert.False(GoDuration.TryParse(text, out _), text);

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(1, "1ns")]
    [InlineData(1_500, "1.5us")]
    [InlineData(100_000, "100us")]
    [InlineData(5_000_000, "5ms")]
    [InlineData(1_500_000, "1.5ms")]
    [InlineData(1_000_000_000, "1s")]
    [InlineData(90_000_000_000, "1m30s")]
    [InlineData(60_000_000_000, "1m")]
    [InlineData(3_600_000_000_000, "1h")]
    [InlineData(3_661_500_000_000, "1h1m1.5s")]
    public void Writes_the_shortest_exact_text(long nanoseconds, string text) =>
        Assert.Equal(text, new GoDuration(nanoseconds).ToString());

    [Fact]
    public void What_is_written_is_read_back_the_same()
    {
        var random = new Random(1);
        for (int i = 0; i < 20_000; i++)
        {
            var duration = new GoDuration(random.NextInt64(0, 1L << random.Next(1, 62)));
            Assert.Equal(duration, GoDuration.Parse(duration.ToString()));
        }
    }
}
