using System.Runtime.CompilerServices;
using Hud.Cli.Cockpit;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Reports.Tests.Documents;
using Hud.Reports.Text;

namespace Hud.Cli.Tests.Cockpit;

public class FrameTests
{
    public static TheoryData<string, int, int> Frames()
    {
        var frames = new TheoryData<string, int, int>();
        foreach (var (width, height) in new[] { (60, 16), (80, 24), (120, 36), (200, 60) })
        {
            foreach (
                string name in new[]
                {
                    "main",
                    "detail",
                    "tasks",
                    "timeline",
                    "warnings",
                    "help",
                    "waiting",
                    "next",
                    "window",
                    "search",
                    "groups",
                    "alike",
                    "past",
                }
            )
                frames.Add(name, width, height);
        }

        return frames;
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public void The_frame_is_the_golden_one(string name, int width, int height)
    {
        var screen = Draw(name, width, height);

        Matches($"{name}-{width}x{height}.txt", screen.ToText());
        if (width == 80 && name is "main" or "detail")
            Matches($"{name}-{width}x{height}.tones", screen.ToTones());
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public void Every_row_fills_its_width_and_no_more(string name, int width, int height)
    {
        string[] rows = Draw(name, width, height).ToText().TrimEnd('\n').Split('\n');

        Assert.InRange(rows.Length, 1, height);
        Assert.All(rows, row => Assert.InRange(Printable.Width(row), 0, width));
    }

    [Theory]
    [InlineData(60, 16)]
    [InlineData(80, 24)]
    [InlineData(120, 36)]
    [InlineData(200, 60)]
    public void Function_line_cause_and_fix_of_the_worst_are_on_the_first_screen(int width, int height)
    {
        string text = Draw("main", width, height).ToText();

        Assert.Contains("checkout::login", text, StringComparison.Ordinal);
        Assert.Contains("src/login.rs:42", text, StringComparison.Ordinal);
        Assert.Contains("CPU", text, StringComparison.Ordinal);
        Assert.Contains("tokio::task::spawn_blocking", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_smallest_terminal_has_a_hotspot_and_the_keys_for_help_and_the_end()
    {
        string[] rows = Draw("main", 60, 16).ToText().TrimEnd('\n').Split('\n');

        Assert.Contains(rows, row => row.Contains("  1 █", StringComparison.Ordinal));
        Assert.EndsWith("? keys  q end", rows[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(80, 24)]
    [InlineData(120, 36)]
    public void The_longest_wait_for_a_worker_is_in_the_head_and_all_of_them_beside_what_they_were_behind(
        int width,
        int height
    )
    {
        var model = Models.Checkout();
        string main = Draw("main", width, height).ToText(),
            tasks = Draw("tasks", width, height).ToText();
        var worst = model.Now!.Tasks.ByWait().First();

        Assert.Contains($"wait p99 {HumanText.Duration(worst.Waits!.P99Ns)}", main, StringComparison.Ordinal);
        string row = Assert.Single(
            tasks[tasks.IndexOf("WAITING FOR A WORKER", StringComparison.Ordinal)..].Split('\n'),
            line => line.Contains("handle_request", StringComparison.Ordinal)
        );
        Assert.Contains($"{Math.Round(worst.Waits.Behind[0].Percent)}% behind ", row, StringComparison.Ordinal);
        Assert.EndsWith("checkout::login", row, StringComparison.Ordinal);
        Assert.Contains(
            "waited behind it: checkout::handle_request ",
            Draw("detail", width, height).ToText(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Where_no_wait_was_timed_the_reason_stands_in_their_place_and_no_zero()
    {
        var model = Models.Checkout();
        model.Accept(
            new TargetMessage
            {
                Target = new TargetProfile { WakesNotTimed = "Tokio before 1.23 \u001b[31mhas no such place" },
            }
        );
        model.Accept(model.Now! with { Tasks = [.. model.Now!.Tasks.Select(t => t with { Waits = null })] });

        string text = Frame.Draw(model, new UiState { Panel = Panel.Tasks }, Glyphs.Unicode, 80, 24).ToText();

        Assert.DoesNotContain("wait p99", text, StringComparison.Ordinal);
        Assert.Contains("  not timed: Tokio before 1.23 ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void With_a_window_nothing_is_said_about_another_span()
    {
        var ui = new UiState { Window = TimeSpan.FromSeconds(10) };
        var model = Models.Checkout();
        string text = Frame.Draw(model, ui, Glyphs.Unicode, 200, 60).ToText();
        var span = WindowSummary.Of(model, ui.Window, HotspotRows.Build(model, ui));

        Assert.Contains("last 10s", text, StringComparison.Ordinal);
        // the table of tasks has no windows, and says so
        Assert.DoesNotContain("since the start", text.Split("TASKS")[0], StringComparison.Ordinal);
        Assert.DoesNotContain("names", text.Split("HOTSPOTS")[0], StringComparison.Ordinal);
        Assert.DoesNotContain(model.Now!.Verdict, text, StringComparison.Ordinal);
        Assert.Contains(span.Sentence, text, StringComparison.Ordinal);
        Assert.InRange(span.SlowPolls, 1, model.Now.Summary.SlowPolls - 1);
    }

    [Fact]
    public void A_window_is_judged_by_the_rule_of_a_run()
    {
        var model = Models.Checkout();
        var window = TimeSpan.FromSeconds(10);
        var rows = HotspotRows.Build(model, new UiState { Window = window });
        var worst = rows.First(r => !r.IsPressure);
        var ofTheWorst = model.Samples.TakeLast(10).Max(s => s.Hotspots[worst.Key].WorstNs);

        string sentence = WindowSummary.Of(model, window, rows).Sentence;

        Assert.InRange(ofTheWorst, 1, long.MaxValue);
        Assert.StartsWith("BLOCKED ", sentence, StringComparison.Ordinal);
        Assert.Contains("worst: " + worst.Hotspot.UserFrame, sentence, StringComparison.Ordinal);
        Assert.EndsWith(", max " + HumanText.Duration(ofTheWorst), sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Workers_that_are_always_in_short_polls_are_saturated_in_a_window_too()
    {
        var model = Models.Saturated();
        var ui = new UiState { Window = TimeSpan.FromSeconds(5) };

        var span = WindowSummary.Of(model, ui.Window, HotspotRows.Build(model, ui));

        Assert.Equal(VerdictLevel.Saturated, span.Level);
    }

    [Fact]
    public void A_window_longer_than_the_run_is_the_run()
    {
        var model = Models.Checkout();
        string text = Frame
            .Draw(model, new UiState { Window = TimeSpan.FromMinutes(5) }, Glyphs.Unicode, 120, 36)
            .ToText();

        Assert.Contains("since the start", text, StringComparison.Ordinal);
        Assert.DoesNotContain("last 5m", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Waiting_for_a_CPU_stands_below_a_rule_and_looks_like_no_culprit()
    {
        var screen = Draw("main", 120, 36);
        string[] rows = screen.ToText().Split('\n'),
            tones = screen.ToTones().Split('\n');
        int rule = Array.FindIndex(
            rows,
            r => r.Contains("waiting for a CPU: not the code's fault", StringComparison.Ordinal)
        );
        int pressure = Array.FindIndex(rows, r => r.Contains("QUEUE", StringComparison.Ordinal));

        Assert.InRange(rule, 1, pressure - 1);
        Assert.DoesNotContain(tones[pressure], c => c is 'u' or 'b' or 'c' or 'p');
    }

    [Fact]
    public void Hotspots_that_look_the_same_say_what_is_different()
    {
        string text = Draw("alike", 120, 36).ToText();

        Assert.Contains("login.rs:42", text, StringComparison.Ordinal);
        Assert.Contains("login.rs:77", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_without_utf8_gets_ascii()
    {
        string text = Frame.Draw(Models.Checkout(), new UiState(), Glyphs.Ascii, 80, 24).ToText();

        Assert.All(text, c => Assert.True(char.IsAscii(c) || c == '·', $"U+{(int)c:x4}"));
    }

    [Fact]
    public void Any_size_is_drawn_without_an_error()
    {
        var model = Models.Checkout(20);
        foreach (int width in new[] { 0, 1, 5, 59, 60, 61, 79, 99, 100, 119, 300 })
        {
            foreach (int height in new[] { 0, 1, 3, 15, 16, 17, 23, 33, 34, 100 })
            {
                foreach (var panel in Enum.GetValues<Panel>())
                {
                    var screen = Frame.Draw(
                        model,
                        new UiState { Panel = panel, Scroll = 9999 },
                        Glyphs.Unicode,
                        width,
                        height
                    );
                    Assert.Equal((Math.Max(1, width), Math.Max(1, height)), (screen.Width, screen.Height));
                }

                Frame.Draw(model, new UiState { Detail = true, Scroll = 9999 }, Glyphs.Unicode, width, height);
                Frame.Draw(model, new UiState { Help = true }, Glyphs.Unicode, width, height);
            }
        }
    }

    [Theory]
    [InlineData(false, "1 of them not returned yet")]
    [InlineData(true, "1 of them had not returned when the run ended")]
    public void A_poll_that_goes_on_is_described_in_the_tense_of_the_run(bool ended, string expected)
    {
        var model = Models.Checkout();
        model.Now!.Hotspots[0].NotReturned = 1;
        model.Stopping = ended;
        var text = Frame.Draw(model, new UiState { Detail = true }, Glyphs.Unicode, 120, 36).ToText();
        Assert.Contains(expected, text, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_names_stay_in_their_cells()
    {
        var hostile = RealisticDocuments.Hostile();
        var model = new LiveModel();
        model.Accept(new TargetMessage { Target = hostile.Targets[0] with { Pod = null, Process = "a\x1b[2Jb" } });
        model.Accept(
            new WarningMessage
            {
                Id = "\x1b",
                Text = "\x1b]0;x\a",
                NextStep = "\r\n\x1b[2J",
            }
        );
        model.Accept(
            new ProgressMessage
            {
                ElapsedNs = 5_000_000_000,
                Verdict = "\x1b[31mowned",
                Hotspots = hostile.Hotspots,
                Tasks = hostile.Tasks,
                SlowPolls =
                [
                    new SlowPoll
                    {
                        Worker = -4,
                        StartNs = long.MinValue,
                        WallNs = long.MaxValue,
                    },
                ],
                Workers =
                [
                    new WorkerNow
                    {
                        State = "polling",
                        Task = "\x1b[2J東京",
                        SinceNs = long.MaxValue,
                        LostPercent = double.NaN,
                        BusyPercent = double.PositiveInfinity,
                    },
                ],
            }
        );

        foreach (
            var ui in new[]
            {
                new UiState(),
                new UiState { Detail = true },
                new UiState { Panel = Panel.Tasks },
                new UiState { Panel = Panel.Timeline },
                new UiState { Panel = Panel.Warnings },
                new UiState { Search = "\x1b" },
            }
        )
            Assert.DoesNotContain(
                Frame.Draw(model, ui, Glyphs.Unicode, 80, 24).ToText(),
                c => char.IsControl(c) && c != '\n'
            );
    }

    [Fact]
    public void Memory_of_a_long_run_is_bounded()
    {
        var model = new LiveModel();
        for (int i = 0; i < LiveModel.MaxSamples + 500; i++)
            model.Accept(
                new ProgressMessage
                {
                    Seq = i,
                    ElapsedNs = i * 1_000_000_000L,
                    SlowPolls = [.. Enumerable.Repeat(new SlowPoll(), 100)],
                }
            );
        for (int i = 0; i < 5000; i++)
            model.Accept(new WarningMessage { Text = "x" });

        Assert.Equal((LiveModel.MaxSamples, LiveModel.MaxSlowPolls), (model.Samples.Count, model.SlowPolls.Count));
        Assert.InRange(model.Warnings.Count, 1, 100);
        Assert.Equal((LiveModel.MaxSamples + 500) * 100 - LiveModel.MaxSlowPolls, model.SlowPollsForgotten);
    }

    private static Screen Draw(string name, int width, int height) =>
        name switch
        {
            "next" => Frame.Draw(Models.Waiting(), new UiState(), Glyphs.Unicode, width, height),
            "waiting" => Frame.Draw(
                new LiveModel { Asked = "checkout 4242" },
                new UiState(),
                Glyphs.Unicode,
                width,
                height
            ),
            "detail" => Frame.Draw(Models.Checkout(), new UiState { Detail = true }, Glyphs.Unicode, width, height),
            "tasks" => Frame.Draw(
                Models.Checkout(),
                new UiState { Panel = Panel.Tasks },
                Glyphs.Unicode,
                width,
                height
            ),
            "timeline" => Frame.Draw(
                Models.Checkout(),
                new UiState { Panel = Panel.Timeline },
                Glyphs.Unicode,
                width,
                height
            ),
            "warnings" => Frame.Draw(
                Models.Checkout(),
                new UiState { Panel = Panel.Warnings },
                Glyphs.Unicode,
                width,
                height
            ),
            "help" => Frame.Draw(Models.Checkout(), new UiState { Help = true }, Glyphs.Unicode, width, height),
            "window" => Frame.Draw(
                Models.Checkout(),
                new UiState { Window = TimeSpan.FromSeconds(10), Paused = true },
                Glyphs.Unicode,
                width,
                height
            ),
            "search" => Frame.Draw(
                Models.Checkout(),
                new UiState
                {
                    Search = "lock",
                    Typing = true,
                    Sort = SortBy.Max,
                },
                Glyphs.Unicode,
                width,
                height
            ),
            "groups" => Frame.Draw(
                Models.Checkout(),
                new UiState { Group = GroupBy.File },
                Glyphs.Unicode,
                width,
                height
            ),
            "past" => Frame.Draw(
                Models.Checkout(),
                new UiState { LooksBack = true, Detail = width == 60 },
                Glyphs.Unicode,
                width,
                height
            ),
            "alike" => Frame.Draw(Models.Alike(), new UiState(), Glyphs.Unicode, width, height),
            _ => Frame.Draw(Models.Checkout(), new UiState(), Glyphs.Unicode, width, height),
        };

    /// <summary>HUD_UPDATE_GOLDEN=1 writes the files anew: look at the diff before you commit it.</summary>
    private static void Matches(string name, string actual, [CallerFilePath] string caller = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(caller)!, "Golden", name);
        if (Environment.GetEnvironmentVariable("HUD_UPDATE_GOLDEN") == "1")
            File.WriteAllText(path, actual);
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
