using System.Text;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Core.Tests.Stream;

public sealed class MetricsMessageTests
{
    private static MetricsMessage Largest(string name) =>
        new()
        {
            Run = new RunMetrics { StartedAt = DateTimeOffset.UnixEpoch },
            Target = new TargetMetrics
            {
                Process = name,
                Pod = name,
                Container = name,
                Namespace = name,
                Tasks =
                [
                    .. Enumerable
                        .Range(TaskMetrics.Others, StreamLimits.MetricsSeries + 1)
                        .Select(i => new TaskMetrics
                        {
                            Series = i,
                            Name = name,
                            PollNs = 86_400_000_000_000,
                            Polls = [.. Enumerable.Repeat(9_999_999_999, Log2Histogram.Slots)],
                            WaitNs = 86_400_000_000_000,
                            Waits = [.. Enumerable.Repeat(9_999_999_999, Log2Histogram.Slots)],
                            Exemplars =
                            [
                                .. Enumerable.Repeat(
                                    new PollExemplar(HotspotCause.BlockingCall, "0123456789abcdef", 1L << 36, 1L << 46),
                                    17
                                ),
                            ],
                        }),
                ],
            },
        };

    // every character of the second name is six bytes of JSON
    [Theory]
    [InlineData("core::future::poll")]
    [InlineData("<")]
    [InlineData("\u202e")]
    public void The_largest_message_fits_a_line_and_no_series_is_missing(string name)
    {
        var output = new MemoryStream();
        var writer = new AgentStreamWriter(output);
        var sent = Largest(string.Concat(Enumerable.Repeat(name, 20_000 / name.Length)));

        writer.Write(sent);

        byte[] line = output.ToArray()[..^1];
        Assert.Equal(0, writer.LeftOut);
        Assert.InRange(line.Length, 1000, StreamLimits.MaxLineBytes);
        var read = Assert.IsType<MetricsMessage>(new AgentStreamReader().Accept(line));
        Assert.Equal(sent.Target.Tasks.Select(t => t.Series), read.Target.Tasks.Select(t => t.Series));
        Assert.Equal(sent.Target.Tasks[5].Polls, read.Target.Tasks[5].Polls);
        Assert.InRange(read.Target.Tasks[5].Name.Length, 90, LineFitter.MaxText);
        Assert.InRange(read.Target.Process.Length, 90, LineFitter.MaxText);
    }

    [Fact]
    public void What_still_does_not_fit_loses_its_cheapest_task_types()
    {
        StreamMessage? message = Largest("login");
        var counts = new List<int>();
        while (message is MetricsMessage metrics)
        {
            counts.Add(metrics.Target.Tasks.Count);
            Assert.All(metrics.Target.Tasks, (t, i) => Assert.Equal(i + TaskMetrics.Others, t.Series));
            message = LineFitter.Smaller(metrics);
        }

        Assert.Equal([101, 101, 50, 25, 12, 6, 3, 1, 0], counts);
    }

    [Fact]
    public void A_reader_of_an_earlier_version_counts_it_as_a_bad_line_and_reads_on()
    {
        var output = new MemoryStream();
        var writer = new AgentStreamWriter(output);
        writer.Write(new HelloMessage());
        writer.Write(Largest("login"));
        writer.Write(new EndMessage { Reason = "Completed" });
        var reader = new AgentStreamReader();

        // the kind is unknown there
        string text = Encoding
            .UTF8.GetString(output.ToArray())
            .Replace("\"metrics\"", "\"later\"", StringComparison.Ordinal);
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            reader.Accept(Encoding.UTF8.GetBytes(line));

        Assert.Equal((1, 1), (reader.BadLines, reader.MissingLines));
        Assert.NotNull(reader.EndMessage);
    }

    [Fact]
    public void It_is_not_asked_for_unless_a_task_says_so() => Assert.False(new AgentTask().Options.Metrics);
}
