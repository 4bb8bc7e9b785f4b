using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hud.Cli.Run;
using Hud.Core;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Cli.Tests.Run;

/// <summary>The last while of a run, asked for during it by SIGUSR1.</summary>
public sealed class LookBackTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hud-past-").FullName;
    private readonly Process _target = Process.Start("sleep", "300");

    public void Dispose()
    {
        _target.Kill();
        _target.WaitForExit();
        _target.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private HudProcess Start(string script, params string[] arguments) =>
        new(script, ["--pid", $"{_target.Id}", .. arguments], folder: _folder);

    private static ProfileDocument Read(string path) =>
        JsonSerializer.Deserialize(File.ReadAllText(path), HudJson.Default.ProfileDocument)!;

    [Fact]
    public void Sigusr1_writes_what_was_before_it_and_the_run_goes_on_to_its_own_report()
    {
        using var hud = Start("wait");
        hud.WaitForError("polls");
        hud.AskForLookBack();
        hud.WaitForError("hud: the last 2m00s are being written");
        hud.WaitForError("hud: wrote the 2m10s before 03:14:07 UTC to ");
        string file = Assert.Single(Directory.GetFiles(_folder));
        Assert.Matches($"^hud-sleep-{_target.Id}-before-[0-9]{{6}}\\.json$", Path.GetFileName(file));
        Assert.Equal("BLOCKED 31% of worker time", Read(file).Verdict);

        hud.Signal(PosixSignal.SIGTERM);
        var (exit, output, _) = hud.Wait();
        Assert.Equal(0, exit);
        Assert.Contains("# BLOCKED 18.4% of worker time", output, StringComparison.Ordinal);

        var (shown, text, _) = HudProcess.Run("", "show", file);
        Assert.Equal(0, shown);
        Assert.Contains("# The 2m10s before 03:14:07 UTC: BLOCKED 31% of worker time", text, StringComparison.Ordinal);
    }

    [Fact]
    public void It_goes_beside_the_files_of_the_report_and_in_their_formats()
    {
        using var hud = Start("wait", "--export", Path.Combine(_folder, "page.html"));
        hud.WaitForError("polls");
        hud.AskForLookBack();
        hud.WaitForError("hud: wrote the 2m10s");
        Assert.Equal(
            [".html", ".json"],
            Directory.GetFiles(_folder).Select(f => Path.GetExtension(f)).Order(StringComparer.Ordinal)
        );
        string page = File.ReadAllText(Assert.Single(Directory.GetFiles(_folder, "page-before-*.html")));
        Assert.Contains("<h1>The 2m10s before 03:14:07 UTC: BLOCKED 31%", page, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "page.html")));
    }

    [Fact]
    public void Two_of_one_second_are_two_files()
    {
        using var hud = Start("wait");
        hud.WaitForError("polls");
        for (int files = 1; files <= 3; files++)
        {
            hud.AskForLookBack();
            WaitForFiles(files);
        }

        Assert.Equal(3, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public void An_agent_that_keeps_nothing_is_not_asked_and_lives_on()
    {
        using var hud = Start("keeps-nothing", "--look-back", "0");
        hud.WaitForError("polls");
        hud.AskForLookBack();
        hud.WaitForError("hud: this run keeps no look-back: start it with --look-back 2m");
        hud.Signal(PosixSignal.SIGTERM);
        Assert.Equal(0, hud.Wait().Exit);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void What_an_agent_tells_unasked_is_not_written()
    {
        using var hud = Start("pushy");
        hud.WaitForError("polls");
        hud.Signal(PosixSignal.SIGTERM);
        var (exit, _, error) = hud.Wait();
        Assert.Equal(0, exit);
        Assert.DoesNotContain("before 03:14:07", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_request_that_the_run_has_not_answered_at_its_end_is_told()
    {
        using var hud = Start("mute");
        hud.WaitForError("polls");
        hud.AskForLookBack();
        hud.WaitForError("are being written");
        hud.Signal(PosixSignal.SIGTERM);
        var (exit, _, error) = hud.Wait();
        Assert.Equal(0, exit);
        Assert.Contains(
            "hud: no look-back: the run ended before the agent had answered",
            error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_folder_that_cannot_be_written_to_is_told_and_the_run_goes_on()
    {
        string inner = Path.Combine(_folder, "inner");
        Directory.CreateDirectory(inner);
        using var hud = Start("wait", "--export", Path.Combine(inner, "report.json"));
        hud.WaitForError("polls");
        Directory.Delete(inner);
        hud.AskForLookBack();
        hud.WaitForError("hud: cannot write the look-back: ");
        Directory.CreateDirectory(inner);
        hud.Signal(PosixSignal.SIGTERM);
        Assert.Equal(0, hud.Wait().Exit);
    }

    [Theory]
    [InlineData("9s")]
    [InlineData("31m")]
    public void A_length_out_of_bounds_is_refused(string length)
    {
        var (exit, _, error) = HudProcess.Run("", "--pid", $"{_target.Id}", "--look-back", length);
        Assert.Equal(2, exit);
        Assert.Contains($"--look-back {length}: from 10s to 30m can be kept", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "\"lookBack\": \"2m\"")]
    [InlineData("90", "\"lookBack\": \"1m30s\"")]
    public void The_agent_is_told_how_much_to_keep(string? length, string expected)
    {
        string file = Path.Combine(_folder, "task.json");
        using var hud = new HudProcess(
            "blocked",
            ["--pid", $"{_target.Id}", .. length is null ? (string[])[] : ["--look-back", length]],
            new Dictionary<string, string> { ["FAKE_TASK"] = file }
        );
        Assert.Equal(0, hud.Wait().Exit);
        Assert.Contains(expected, File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("out/report.html", "out/report-before-031407.html")]
    [InlineData("a.trace.json", "a-before-031407.trace.json")]
    [InlineData("a.b/cpu.pprof.pb.gz", "a.b/cpu-before-031407.pprof.pb.gz")]
    [InlineData("a.txt", "a-before-031407.txt")]
    public void Names_say_before_when_and_keep_their_ending(string asked, string expected)
    {
        var at = new DateTimeOffset(2026, 3, 1, 3, 14, 7, TimeSpan.Zero);
        Assert.Equal(
            ["hud-shop-7-before-031407.json", expected],
            LookBackFiles.Paths([ExportFormats.For(asked)!], "shop-7", at, 1)
        );
    }

    [Fact]
    public void The_report_takes_the_name_of_the_one_that_was_asked_for()
    {
        var at = new DateTimeOffset(2026, 3, 1, 3, 14, 7, TimeSpan.Zero);
        Assert.Equal(
            ["r-before-031407-2.json", "r-before-031407-2.svg"],
            LookBackFiles.Paths([ExportFormats.For("r.svg")!, ExportFormats.For("r.json")!], "shop-7", at, 2)
        );
    }

    private void WaitForFiles(int count)
    {
        var watch = Stopwatch.StartNew();
        while (Directory.GetFiles(_folder).Length < count)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"there is no file number {count}");
            Thread.Sleep(10);
        }
    }
}

/// <summary>One request at a time.</summary>
public sealed class LookBackAskTests
{
    private readonly ManualClock _clock = new();
    private readonly LookBackAsk _ask;
    private int _sent;

    public LookBackAskTests()
    {
        _ask = new LookBackAsk(_clock);
        _ask.Begin(() => _sent++);
    }

    [Fact]
    public void A_request_before_the_agent_is_there_is_passed_on_once_it_is()
    {
        _ask.Ask();
        _ask.Ask();
        Assert.Equal(0, _sent); // an agent that is not ready would die of it
        _ask.AgentIsThere(120_000_000_000);
        Assert.Equal(1, _sent);
        Assert.True(_ask.Answered());
    }

    [Fact]
    public void An_agent_that_keeps_nothing_is_never_asked()
    {
        _ask.Ask();
        _ask.AgentIsThere(0);
        Assert.Contains("--look-back", _ask.Ask(), StringComparison.Ordinal);
        Assert.Equal(0, _sent);
        Assert.False(_ask.Answered());
    }

    [Fact]
    public void While_an_answer_is_on_its_way_no_other_is_asked_for()
    {
        _ask.AgentIsThere(1);
        _ask.Ask();
        Assert.Contains("still being written", _ask.Ask(), StringComparison.Ordinal);
        Assert.Equal(1, _sent);
        Assert.True(_ask.Answered());
        Assert.False(_ask.Answered());
        _ask.Ask();
        Assert.Equal(2, _sent);
    }

    [Fact]
    public void An_agent_that_does_not_answer_may_be_asked_again()
    {
        _ask.AgentIsThere(1);
        _ask.Ask();
        _clock.Now += LookBackAsk.Patience;
        _ask.Ask();
        Assert.Equal(2, _sent);
    }

    private sealed class ManualClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
