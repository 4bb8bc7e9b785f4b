using System.Diagnostics;
using Hud.Core.Stream;
using Hud.Metrics;
using Hud.NodeAgent.Run;
using Hud.NodeAgent.Serving;

namespace Hud.NodeAgent.Tests.Serving;

/// <summary>Agents come and go on the other end, and what lies in the FIFO may be anything.</summary>
public sealed class FifoReaderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hud-fifo");
    private readonly MetricsPages _pages = new(TimeProvider.System);
    private readonly MetricsFeed _feed;
    private readonly FifoReader _reader;

    public FifoReaderTests()
    {
        _feed = new MetricsFeed(_pages);
        _reader = new FifoReader(PathOfPipe, _feed);
    }

    public void Dispose()
    {
        _reader.Dispose();
        _folder.Delete(recursive: true);
    }

    private string PathOfPipe => Path.Combine(_folder.FullName, "pipe");

    private MetricsPipe Writer()
    {
        var pipe = MetricsPipe.Open(PathOfPipe, out string problem);
        Assert.Equal("", problem);
        pipe!.Start();
        return pipe;
    }

    private static MetricsMessage Message(int hour, long stalls) =>
        new()
        {
            Run = new RunMetrics { StartedAt = new DateTimeOffset(2026, 3, 1, hour, 0, 0, TimeSpan.Zero) },
            Target = new TargetMetrics
            {
                Process = "shop",
                Pid = 7,
                Stalls = stalls,
            },
        };

    private string Page()
    {
        var text = new System.Text.StringBuilder();
        foreach (var part in _pages.Answer(new("/metrics", "")).Body)
            text.Append(System.Text.Encoding.UTF8.GetString(part.Span));
        return text.ToString();
    }

    /// <param name="write">What is written until it shows: a message without a reader is dropped.</param>
    private void ReadUntil(string line, Action? write = null)
    {
        var watch = Stopwatch.StartNew();
        while (!Page().Split('\n').Contains(line, StringComparer.Ordinal))
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{line} does not show: {Page()}");
            write?.Invoke();
            _reader.Read(TimeSpan.FromMilliseconds(20));
        }
    }

    [Fact]
    public void A_FIFO_that_is_not_there_yet_is_waited_for()
    {
        _reader.Read(TimeSpan.Zero);
        _reader.Read(TimeSpan.Zero);
        using var writer = Writer();
        ReadUntil("hud_stalls_total{process=\"shop\"} 5", () => writer.Write(Message(1, 5)));
        Assert.Equal(0, _feed.BadLines);
    }

    [Fact]
    public void An_agent_that_is_started_again_begins_anew()
    {
        using (var first = Writer())
        {
            ReadUntil("hud_stalls_total{process=\"shop\"} 5", () => first.Write(Message(1, 5)));
            ReadUntil("hud_up 1");
        }

        ReadUntil("hud_up 0"); // it had time to say that it ends
        using var second = Writer();
        ReadUntil("hud_stalls_total{process=\"shop\"} 1", () => second.Write(Message(2, 1)));
        ReadUntil("hud_up 1");
        Assert.Equal(0, _feed.BadLines);
    }

    [Fact]
    public void Another_FIFO_in_its_place_is_taken_once_the_writer_of_the_first_is_gone()
    {
        using (var first = Writer())
            ReadUntil("hud_stalls_total{process=\"shop\"} 5", () => first.Write(Message(1, 5)));
        File.Delete(PathOfPipe);
        using var second = Writer();
        ReadUntil("hud_stalls_total{process=\"shop\"} 6", () => second.Write(Message(1, 6)));
    }

    [Fact]
    public void What_an_earlier_reader_left_is_not_taken()
    {
        using var writer = Writer();
        using (var earlier = new FileStream(PathOfPipe, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        {
            writer.Write(Message(1, 5));
            var watch = Stopwatch.StartNew();
            while (writer.Waiting > 0 && watch.Elapsed < TimeSpan.FromSeconds(20))
                Thread.Sleep(5);
            _reader.Read(TimeSpan.Zero);
        }

        ReadUntil("hud_stalls_total{process=\"shop\"} 6", () => writer.Write(Message(1, 6)));
        Assert.Equal(0, _feed.BadLines);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("link")]
    [InlineData("folder")]
    public void What_is_no_FIFO_is_not_read(string what)
    {
        string other = Path.Combine(_folder.FullName, "other");
        if (what == "folder")
            Directory.CreateDirectory(PathOfPipe);
        else if (what == "file")
            File.WriteAllText(PathOfPipe, "{\"t\":\"metrics\"}\n");
        else
            File.CreateSymbolicLink(PathOfPipe, other);
        _reader.Read(TimeSpan.Zero);
        _reader.Read(TimeSpan.Zero);
        Assert.StartsWith("# HELP hud_up", Page(), StringComparison.Ordinal);
        Assert.Contains("hud_up 0\n", Page(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_message_is_counted_and_the_next_is_read()
    {
        using (var made = Process.Start("mkfifo", PathOfPipe))
            made.WaitForExit();
        _reader.Read(TimeSpan.Zero);
        using (var writer = new FileStream(PathOfPipe, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0))
        {
            writer.Write("no JSON\n"u8);
            writer.Write([0, 1, 0xff, (byte)'\n']);
            writer.Write(StreamLine.Of(Message(1, 5))!);
            writer.Write("\n{\"t\":\"metrics\",\"seq\""u8);
            ReadUntil("hud_stalls_total{process=\"shop\"} 5");
        }

        // half a line at the end of one writer is not the beginning of the next one's
        _reader.Read(TimeSpan.Zero);
        _reader.Read(TimeSpan.Zero);
        using var next = Writer();
        ReadUntil("hud_stalls_total{process=\"shop\"} 6", () => next.Write(Message(1, 6)));
        Assert.Equal(2, _feed.BadLines);
    }
}
