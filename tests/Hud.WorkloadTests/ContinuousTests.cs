using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Tests.Support;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>An agent that watches and makes no report: its targets and its look-backs by lists in files, its metrics through a FIFO to a process without rights.</summary>
public sealed partial class ContinuousTests : IDisposable
{
    private const long Ms = 1_000_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hud-continuous-");
    private readonly HttpClient _http = new();
    private readonly int _port = FreePort.Next();

    private static string Agent => Repository.Hud + "-agent";

    // as an emptyDir is: another user finds what is in it
    public ContinuousTests() =>
        File.SetUnixFileMode(
            _folder.FullName,
            UnixFileMode.UserRead
                | UnixFileMode.UserWrite
                | UnixFileMode.UserExecute
                | UnixFileMode.OtherRead
                | UnixFileMode.OtherExecute
        );

    public void Dispose()
    {
        _http.Dispose();
        _folder.Delete(recursive: true);
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private Uri Url => new($"http://127.0.0.1:{_port}/metrics");

    [Fact]
    public async Task It_answers_look_backs_by_id_and_is_scraped_through_one_that_has_no_rights()
    {
        using var workload = await Workload.StartAsync("tokio143-release", "sleep", "--block-ms 300 --every-ms 1000");
        Replace("targets", [new AgentTarget { Pid = workload.Pid }], HudJson.Default.IReadOnlyListAgentTarget);
        Replace("look-backs", [], HudJson.Default.IReadOnlyListLookBackRequest);
        using var agent = StartAgent();
        var reading = new Reading(agent.StandardOutput.BaseStream);

        // the sidecar is there, is killed in the middle of whatever it does, and comes again
        var sidecar = StartSidecar();
        double slow = await SlowPollsAsync(atLeast: 3);
        sidecar.Kill();
        await EndedAsync(sidecar);
        // longer than the agent takes from one message to the next
        await Task.Delay(6000, TestContext.Current.CancellationToken);
        sidecar = StartSidecar();
        string page = await PageAsync(p => SlowPolls(p) >= slow && Up(p) == 1);
        Assert.Equal("", Prometheus.Check(page));
        var answers = await Prometheus.AskAsync(
            Url.Authority,
            "hud_up == 1",
            "sum(hud_slow_polls_total) > 0",
            "histogram_count(sum(hud_poll_duration_seconds)) > 0"
        );
        Assert.All(answers, a => Assert.Single(a));
        HasNoRights(sidecar);

        // what is asked for is over by then
        await BlocksAsync(workload, 12);
        var asked = DateTimeOffset.UtcNow;
        long askedNs = (asked - DateTimeOffset.UnixEpoch).Ticks * 100;
        var request = new LookBackRequest
        {
            Id = "3c1b0e2e-7d6f-4a0c-9d55-0a4f6f1f2a10",
            From = asked.AddSeconds(-6),
            Until = asked.AddSeconds(1),
        };
        Replace("look-backs", [request], HudJson.Default.IReadOnlyListLookBackRequest);
        var answer = await reading.LookBackAsync(request.Id);
        var document = answer.Document!;
        Assert.True(document.Summary.StartedAt <= request.From, "it begins later than it was to");
        Assert.True(document.Summary.StartedAt > request.From.AddSeconds(-10), "it begins long before");
        Assert.True(document.Summary.StartedAt.AddTicks(document.Summary.ObservedNs / 100) >= request.Until);
        long starts = (document.Summary.StartedAt - DateTimeOffset.UnixEpoch).Ticks * 100;
        var before = document
            .SlowPolls.Where(p => p.WallNs > 100 * Ms && starts + p.StartNs + p.WallNs < askedNs)
            .ToList();
        var told = workload
            .Blocks.Select(b =>
                (Start: b.StartNs + workload.UnixMinusMonotonicNs, End: b.EndNs + workload.UnixMinusMonotonicNs)
            )
            .Where(b => b.Start > starts + 50 * Ms && b.End < askedNs - 50 * Ms)
            .ToList();
        Assert.InRange(told.Count, 3, 20);
        Assert.All(
            told,
            block =>
                Assert.Contains(
                    before,
                    poll =>
                        Math.Abs(starts + poll.StartNs - block.Start) < 50 * Ms
                        && Math.Abs(poll.WallNs - (block.End - block.Start)) < 50 * Ms
                )
        );
        Assert.Contains(
            "wait_a_little",
            document.Hotspots.First(h => !h.Cause.IsCpuPressure()).UserFrame,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(document.Warnings, w => w.Id == "HUD319");

        // another one of a time that is not kept any more, in the list beside the first
        var old = request with
        {
            Id = "old",
            From = asked.AddHours(-1),
            Until = asked.AddHours(-1).AddSeconds(1),
        };
        Replace("look-backs", [request, old], HudJson.Default.IReadOnlyListLookBackRequest);
        Assert.Contains("that is kept", (await reading.LookBackAsync("old")).Problem, StringComparison.Ordinal);

        await EndAsync(agent, reading);
        Assert.Single(reading.Answers, a => a.Request == request.Id);
        Assert.Equal((0L, 0L, null), (reading.Reader.BadLines, reading.Reader.MissingLines, reading.Reader.Profile));
        var end = reading.Reader.EndMessage!;
        Assert.Equal(("Interrupted", 0, true), (end.Reason, end.ExitCode, end.Losses is not null));
        Assert.True(end.MetricsDropped > 0, "there was a while without a reader");
        Assert.InRange(reading.Lines.Count(l => l.Message is ProgressMessage), 1, 3);
        Assert.All(
            reading.Lines.Where(l => l.Message is ProgressMessage),
            l => Assert.InRange(l.Bytes, 100, StreamLimits.SmallProgressBytes)
        );
        Assert.DoesNotContain(reading.Lines, l => l.Message is MetricsMessage);
        await PageAsync(p => Up(p) == 0);

        // an agent that is started again goes on in the same FIFO, with counters of its own
        using var next = StartAgent();
        var readingNext = new Reading(next.StandardOutput.BaseStream);
        string later = await PageAsync(p => Up(p) == 1 && SlowPolls(p) > 0);
        Assert.True(SlowPolls(later) < SlowPolls(page) + 1, "counters begin anew");
        await EndAsync(next, readingNext);
        await EndedAsync(sidecar, "-TERM");
        Assert.Equal(0, sidecar.ExitCode);
        sidecar.Dispose();
    }

    [Fact]
    public async Task With_64_targets_of_50_task_types_it_needs_less_than_40_MiB()
    {
        Repository.Require(Agent, "./build.sh hud-agent");
        Process.Start("mkfifo", [PathOf("pipe")]).WaitForExit();
        using var sidecar = StartSidecar();
        await using (var pipe = new FileStream(PathOf("pipe"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0))
        {
            for (int round = 1; round <= 4; round++)
            {
                for (int target = 0; target < 64; target++)
                {
                    byte[] line = StreamLine.Of(Message(target, round))!;
                    await pipe.WriteAsync((byte[])[.. line, (byte)'\n'], TestContext.Current.CancellationToken);
                }

                foreach (
                    string accept in new[]
                    {
                        "text/plain",
                        "application/openmetrics-text",
                        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
                    }
                )
                {
                    using var request = new HttpRequestMessage(HttpMethod.Get, Url);
                    request.Headers.TryAddWithoutValidation("accept", accept);
                    using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
                    byte[] body = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
                    Assert.True(body.Length > 1 << 20, $"{accept}: {body.Length} bytes");
                    TestContext.Current.TestOutputHelper?.WriteLine($"{accept}: {body.Length >> 10} KiB");
                }
            }

            string page = await PageAsync(p => p.Contains("hud_stalls_total{process=\"target63\"} 4\n"));
            Assert.Equal(64 * 50, page.Split("hud_poll_duration_seconds_count{").Length - 1);
        }

        long peakKib = long.Parse(Status(sidecar.Id, "VmHWM").Split(' ')[0], CultureInfo.InvariantCulture);
        TestContext.Current.TestOutputHelper?.WriteLine($"VmHWM: {peakKib} KiB");
        Assert.InRange(peakKib, 5 << 10, 40 << 10);
        await EndedAsync(sidecar, "-TERM");
    }

    [Fact]
    public async Task Started_by_root_it_serves_as_nobody()
    {
        Repository.Require(Agent, "./build.sh hud-agent");
        using var sidecar = Start(Agent, ["metrics", "--from", PathOf("pipe"), "--listen", $"127.0.0.1:{_port}"]);
        await PageAsync(p => Up(p) == 0);
        HasNoRights(sidecar);
        Process.Start("mkfifo", [PathOf("pipe")]).WaitForExit();
        await using (var pipe = new FileStream(PathOf("pipe"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0))
        {
            await pipe.WriteAsync(
                (byte[])[.. StreamLine.Of(Message(0, 1))!, (byte)'\n'],
                TestContext.Current.CancellationToken
            );
            await PageAsync(p => Up(p) == 1);
        }

        await EndedAsync(sidecar, "-TERM");
        Assert.Equal(0, sidecar.ExitCode);
    }

    [Theory]
    [InlineData("--help", 0, "hud-agent metrics --from FIFO --listen ADDRESS")]
    [InlineData("--from pipe", 2, "--listen is missing")]
    [InlineData("--from pipe --listen 192.0.2.1:9464", 2, "--listen 192.0.2.1:9464: this machine has no such address")]
    public async Task What_it_is_asked_wrongly_it_says(string arguments, int code, string text)
    {
        Repository.Require(Agent, "./build.sh hud-agent");
        using var sidecar = Start(Agent, ["metrics", .. arguments.Split(' ')]);
        string said =
            await sidecar.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)
            + await sidecar.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await EndedAsync(sidecar);
        Assert.Equal(code, sidecar.ExitCode);
        Assert.Contains(text, said, StringComparison.Ordinal);
    }

    /// <summary>As Kubernetes does it for a container that runs as root with capabilities, but without those that it takes to become another user.</summary>
    [Theory]
    [InlineData("--bounding-set -setuid,-setgid", "root's rights could not be given up")]
    [InlineData(
        "--reuid 65534 --clear-groups --inh-caps +sys_ptrace --ambient-caps +sys_ptrace",
        "it has capabilities"
    )]
    public async Task With_rights_that_it_cannot_give_up_it_does_not_serve(string rights, string why)
    {
        Repository.Require(Agent, "./build.sh hud-agent");
        using var sidecar = Start(
            "setpriv",
            [.. rights.Split(' '), "--", Agent, "metrics", "--from", "pipe", "--listen", $"127.0.0.1:{_port}"]
        );
        string said = await sidecar.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await EndedAsync(sidecar);
        Assert.Equal(3, sidecar.ExitCode);
        Assert.Contains(why, said, StringComparison.Ordinal);
    }

    private static MetricsMessage Message(int target, int round)
    {
        long[] slots = [.. Enumerable.Range(0, 40).Select(i => (long)(round * 1000) + i)];
        return new MetricsMessage
        {
            Index = target,
            Run = new RunMetrics { StartedAt = DateTimeOffset.UnixEpoch, ElapsedNs = round * 5_000_000_000L },
            Target = new TargetMetrics
            {
                Process = $"target{target}",
                Pid = target + 1,
                Stalls = round,
                Tasks =
                [
                    .. Enumerable
                        .Range(0, 50)
                        .Select(i => new TaskMetrics
                        {
                            Series = i,
                            Name =
                                $"shop::module{i}::handler_of_some_length::handle_request::{{{{closure}}}} in {target}",
                            SlowPolls = round,
                            PollNs = round * 1_000_000_000L,
                            Polls = slots,
                            WaitNs = round * 1_000_000_000L,
                            Waits = slots,
                            Exemplars =
                            [
                                .. Enumerable
                                    .Range(22, 8)
                                    .Select(slot => new PollExemplar(
                                        HotspotCause.OnCpu,
                                        $"0123456789abc{slot:d3}",
                                        1L << slot,
                                        1_000_000
                                    )),
                            ],
                        }),
                ],
            },
        };
    }

    private Process StartAgent()
    {
        var task = new AgentTask
        {
            Session = new ProfilingSessionSpec { OverheadBudgetPercent = 5 },
            TargetsFile = PathOf("targets"),
            LookBackFile = PathOf("look-backs"),
            Continuous = true,
            Options = new AgentOptions { LookBack = GoDuration.Parse("20s"), MetricsPipe = PathOf("pipe") },
        };
        return Start(
            Agent,
            [],
            (AgentTask.EnvironmentVariable, JsonSerializer.Serialize(task, HudJson.Default.AgentTask))
        );
    }

    private Process StartSidecar() =>
        Start(
            "setpriv",
            [
                .. "--reuid 65534 --regid 65534 --clear-groups --bounding-set -all --inh-caps -all --no-new-privs --".Split(
                    ' '
                ),
                Agent,
                "metrics",
                "--from",
                PathOf("pipe"),
                "--listen",
                $"127.0.0.1:{_port}",
            ]
        );

    private static Process Start(string program, string[] arguments, (string Name, string Value)? variable = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (variable is var (name, value))
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>All at once, as a volume of the cluster changes.</summary>
    private void Replace<T>(
        string name,
        T[] list,
        System.Text.Json.Serialization.Metadata.JsonTypeInfo<IReadOnlyList<T?>> type
    )
        where T : class
    {
        File.WriteAllBytes(PathOf(name + ".new"), JsonSerializer.SerializeToUtf8Bytes(list, type));
        File.Move(PathOf(name + ".new"), PathOf(name), overwrite: true);
    }

    private static string Status(int pid, string field) =>
        File.ReadLines($"/proc/{pid}/status")
            .First(l => l.StartsWith(field + ":", StringComparison.Ordinal))[(field.Length + 1)..]
            .Trim();

    private static void HasNoRights(Process sidecar)
    {
        Assert.Equal("65534\t65534\t65534\t65534", Status(sidecar.Id, "Uid"));
        Assert.Equal("65534\t65534\t65534\t65534", Status(sidecar.Id, "Gid"));
        foreach (string set in (string[])["CapInh", "CapPrm", "CapEff", "CapAmb"])
            Assert.Equal((set, "0000000000000000"), (set, Status(sidecar.Id, set)));
        Assert.Equal(("1", "2"), (Status(sidecar.Id, "NoNewPrivs"), Status(sidecar.Id, "Seccomp")));
    }

    private static async Task BlocksAsync(Workload workload, int count)
    {
        var watch = Stopwatch.StartNew();
        while (workload.Blocks.Count < count)
        {
            Assert.True(watch.Elapsed < Deadline, $"{workload.Blocks.Count} of {count} blocks");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private async Task<double> SlowPollsAsync(double atLeast) =>
        SlowPolls(await PageAsync(p => SlowPolls(p) >= atLeast));

    private async Task<string> PageAsync(Func<string, bool> until)
    {
        var watch = Stopwatch.StartNew();
        string page = "";
        while (true)
        {
            try
            {
                page = await _http.GetStringAsync(Url, TestContext.Current.CancellationToken);
                if (until(page))
                    return page;
            }
            catch (HttpRequestException)
            {
                // it does not listen yet
            }

            Assert.True(watch.Elapsed < Deadline, $"it is not served: {page}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private static double SlowPolls(string page) =>
        Slow().Matches(page).Sum(m => double.Parse(m.Groups["value"].ValueSpan, CultureInfo.InvariantCulture));

    private static double? Up(string page) =>
        page.Contains("\nhud_up 1\n", StringComparison.Ordinal) ? 1
        : page.Contains("\nhud_up 0\n", StringComparison.Ordinal) ? 0
        : null;

    private static async Task EndAsync(Process agent, Reading reading)
    {
        await EndedAsync(agent, "-TERM");
        await reading.Done.WaitAsync(Deadline, TestContext.Current.CancellationToken);
        Assert.True(
            agent.ExitCode == 0,
            await agent.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)
        );
    }

    private static async Task EndedAsync(Process process, string? signal = null)
    {
        if (signal is not null)
            Process.Start("kill", [signal, process.Id.ToString(CultureInfo.InvariantCulture)]).WaitForExit();
        await process
            .WaitForExitAsync(TestContext.Current.CancellationToken)
            .WaitAsync(Deadline, TestContext.Current.CancellationToken);
    }

    [GeneratedRegex(@"^hud_slow_polls_total\{[^\n]*\} (?<value>[^\s]+)$", RegexOptions.Multiline, 1000)]
    private static partial Regex Slow();

    /// <summary>What an agent says, as it says it.</summary>
    private sealed class Reading
    {
        private readonly Lock _gate = new();
        private readonly List<(StreamMessage? Message, int Bytes)> _lines = [];
        private readonly List<LookBackAnswer> _answers = [];

        public Reading(System.IO.Stream output) => Done = Task.Run(() => ReadAsync(output));

        public AgentStreamReader Reader { get; } = new();

        public Task Done { get; }

        public IReadOnlyList<(StreamMessage? Message, int Bytes)> Lines
        {
            get
            {
                lock (_gate)
                    return [.. _lines];
            }
        }

        public IReadOnlyList<LookBackAnswer> Answers
        {
            get
            {
                lock (_gate)
                    return [.. _answers];
            }
        }

        public async Task<LookBackAnswer> LookBackAsync(string request)
        {
            var watch = Stopwatch.StartNew();
            while (true)
            {
                if (Answers.FirstOrDefault(a => a.Request == request) is { } answer)
                    return answer;
                Assert.True(watch.Elapsed < Deadline, $"{request} is not answered: {Said()}");
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }

        private string Said()
        {
            var said = new StringBuilder();
            foreach (var (message, _) in Lines)
                said.AppendLine(message is WarningMessage warning ? warning.Text : message?.GetType().Name);
            return said.ToString();
        }

        private async Task ReadAsync(System.IO.Stream output)
        {
            var lines = new StreamLines();
            byte[] buffer = new byte[64 * 1024];
            int read;
            while ((read = await output.ReadAsync(buffer)) > 0)
                lines.Push(buffer.AsSpan(0, read), Accept);
        }

        private void Accept(ReadOnlySpan<byte> line)
        {
            lock (_gate)
            {
                _lines.Add((Reader.Accept(line), line.Length));
                if (Reader.TakeLookBack() is { } answer)
                    _answers.Add(answer);
            }
        }
    }
}
