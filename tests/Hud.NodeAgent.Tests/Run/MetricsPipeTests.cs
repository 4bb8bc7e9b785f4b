using System.Diagnostics;
using Hud.Core.Stream;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>Whoever reads the FIFO may do so slowly, not at all, or go away in the middle of a line; and may have put something else in its place.</summary>
public sealed class MetricsPipeTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hud-fifo");

    public void Dispose() => _folder.Delete(recursive: true);

    private string PathOfPipe => Path.Combine(_folder.FullName, "pipe");

    private MetricsPipe Open()
    {
        var pipe = MetricsPipe.Open(PathOfPipe, out string problem);
        Assert.Equal("", problem);
        pipe!.Start();
        return pipe;
    }

    /// <summary>Some 95 KB as a line, which is more than a pipe holds.</summary>
    private static MetricsMessage Large(int index, long elapsed) =>
        Message(index, elapsed) with
        {
            Target = new TargetMetrics
            {
                Tasks =
                [
                    .. Enumerable
                        .Range(0, 50)
                        .Select(i => new TaskMetrics
                        {
                            Series = i,
                            Name = new string('n', 280),
                            Polls = [.. Enumerable.Repeat(123_456_789_012, 63)],
                            Waits = [.. Enumerable.Repeat(123_456_789_012, 63)],
                        }),
                ],
            },
        };

    private static MetricsMessage Message(int index, long elapsed) =>
        new()
        {
            Index = index,
            Run = new RunMetrics { ElapsedNs = elapsed },
        };

    private static void Until(Func<bool> what, string why)
    {
        var watch = Stopwatch.StartNew();
        while (!what())
        {
            Assert.True(watch.Elapsed < Patience, why);
            Thread.Sleep(5);
        }
    }

    /// <summary>Opens it as another process would; nothing is waited for.</summary>
    private FileStream Reader() => new(PathOfPipe, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);

    /// <returns>Every line up to its end, which comes with the writer's.</returns>
    private static List<string> Lines(FileStream reader)
    {
        using var text = new StreamReader(reader);
        return [.. text.ReadToEnd().Split('\n')];
    }

    private static List<StreamMessage> Messages(IEnumerable<string> lines) =>
        [
            .. lines
                .Where(l => l.Length > 0)
                .Select(l => StreamLine.Read(System.Text.Encoding.UTF8.GetBytes(l)))
                .Select(m => Assert.IsAssignableFrom<StreamMessage>(m)),
        ];

    [Fact]
    public void It_is_made_for_all_to_read_and_one_that_is_there_is_taken()
    {
        using (Open())
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
                File.GetUnixFileMode(PathOfPipe)
            );
        using (Open())
            Assert.True(File.Exists(PathOfPipe));
    }

    [Fact]
    public async Task A_reader_gets_whole_lines_in_order_and_the_end()
    {
        using var pipe = Open();
        using var reader = Reader();
        var read = Task.Run(() => Lines(reader), TestContext.Current.CancellationToken);
        for (int i = 0; i < 100; i++)
            pipe.Write(Large(i, i));
        Until(() => pipe.Waiting == 0, "it is not written");
        pipe.End(new EndMessage { Reason = "Interrupted" });
        pipe.Dispose();

        var messages = Messages(await read);
        Assert.Equal(Enumerable.Range(0, 100), messages.OfType<MetricsMessage>().Select(m => m.Index));
        Assert.Equal("Interrupted", Assert.IsType<EndMessage>(messages[^1]).Reason);
        Assert.Equal(Enumerable.Range(1, 101).Select(i => (long)i), messages.Select(m => m.Seq));
        Assert.Equal(0, pipe.Dropped);
    }

    [Fact]
    public void While_nobody_reads_all_is_dropped_and_counted_and_nothing_is_kept_for_a_later_reader()
    {
        using var pipe = Open();
        for (int i = 0; i < 500; i++)
        {
            pipe.Write(Message(0, i));
            pipe.Write(Large(1, i));
        }

        Until(() => pipe.Dropped == 1000, "not all is counted");
        using var reader = Reader();
        pipe.Write(Message(7, 1000));
        Until(() => pipe.Waiting == 0, "it is not written");
        pipe.Dispose();
        Assert.Equal([7], Messages(Lines(reader)).OfType<MetricsMessage>().Select(m => m.Index));
    }

    [Fact]
    public async Task One_that_reads_nothing_holds_up_nobody_and_gets_the_newest_then()
    {
        using var pipe = Open();
        using var reader = Reader();
        for (int i = 0; i < 1000; i++)
            pipe.Write(Large(i % 3, i));
        Until(() => pipe.Dropped >= 990, "what is in the way of the newest is not dropped");
        // at most one line has begun, and one of each target waits
        var read = Task.Run(() => Lines(reader), TestContext.Current.CancellationToken);
        Until(() => pipe.Waiting == 0, "it is not written");
        pipe.Dispose();
        var messages = Messages(await read).OfType<MetricsMessage>().ToList();
        Assert.Equal([997, 998, 999], messages.TakeLast(3).Select(m => m.Run.ElapsedNs).Order());
        Assert.Equal(1000, messages.Count + pipe.Dropped);
    }

    [Fact]
    public void What_a_reader_left_in_the_middle_of_a_line_is_not_for_the_next()
    {
        using var pipe = Open();
        using (var first = Reader())
        {
            pipe.Write(Large(0, 1));
            Assert.True(first.Read(new byte[1000]) > 0);
        }

        // the rest of that line, and of what came after it, is gone once it is noticed
        Until(
            () =>
            {
                pipe.Write(Message(1, 2));
                return pipe.Dropped > 1;
            },
            "it is not noticed"
        );
        Until(() => pipe.Waiting == 0, "it is not written");
        using var second = Reader();
        pipe.Write(Message(2, 3));
        Until(() => pipe.Waiting == 0, "it is not written");
        pipe.Dispose();
        var message = Assert.Single(Messages(Lines(second)).OfType<MetricsMessage>());
        Assert.Equal((2, 3L), (message.Index, message.Run.ElapsedNs));
    }

    [Fact]
    public async Task The_end_of_the_run_does_not_wait_for_one_that_reads_nothing()
    {
        using var pipe = Open();
        using var reader = Reader();
        for (int i = 0; i < 10; i++)
            pipe.Write(Large(i, i));
        var ending = Task.Run(() => pipe.End(new EndMessage()), TestContext.Current.CancellationToken);
        await ending.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.True(pipe.Dropped > 0);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("folder")]
    [InlineData("link to a FIFO")]
    [InlineData("link to a file")]
    [InlineData("link to nothing")]
    [InlineData("socket")]
    public void What_is_no_FIFO_is_neither_followed_nor_opened(string what)
    {
        string other = Path.Combine(_folder.FullName, "other");
        switch (what)
        {
            case "file":
                File.WriteAllText(PathOfPipe, "mine");
                break;
            case "folder":
                Directory.CreateDirectory(PathOfPipe);
                break;
            case "link to a FIFO":
                using (var made = Process.Start("mkfifo", other))
                    made.WaitForExit();
                File.CreateSymbolicLink(PathOfPipe, other);
                break;
            case "link to a file":
                File.WriteAllText(other, "mine");
                File.CreateSymbolicLink(PathOfPipe, other);
                break;
            case "socket":
                using (
                    var socket = new System.Net.Sockets.Socket(
                        System.Net.Sockets.AddressFamily.Unix,
                        System.Net.Sockets.SocketType.Stream,
                        System.Net.Sockets.ProtocolType.Unspecified
                    )
                )
                {
                    socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(PathOfPipe));
                    Assert.Null(MetricsPipe.Open(PathOfPipe, out _));
                }

                return;
            default:
                File.CreateSymbolicLink(PathOfPipe, other);
                break;
        }

        Assert.Null(MetricsPipe.Open(PathOfPipe, out string problem));
        Assert.Contains("is no FIFO", problem, StringComparison.Ordinal);
        Assert.False(what == "link to nothing" && File.Exists(other));
        if (what.EndsWith("file", StringComparison.Ordinal))
            Assert.Equal("mine", File.ReadAllText(PathOfPipe));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_named()
    {
        Assert.Null(MetricsPipe.Open(Path.Combine(_folder.FullName, "none", "pipe"), out string problem));
        Assert.Contains("none/pipe can't be made: No such file", problem, StringComparison.Ordinal);
    }
}
