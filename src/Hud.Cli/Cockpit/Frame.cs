using Hud.Core.Profile;
using Hud.Reports;
using Hud.Reports.Text;

namespace Hud.Cli.Cockpit;

/// <summary>
/// Draws the cockpit: the same model, state and size always give the same cells. The first screen answers which
/// function, which line, which cause and which fix, without a key pressed.
/// </summary>
internal sealed partial class Frame
{
    public const int MinWidth = 60;
    public const int MinHeight = 16;
    private const int HeadRows = 4;

    private readonly LiveModel _model;
    private readonly UiState _ui;
    private readonly Glyphs _glyphs;
    private readonly Screen _screen;
    private readonly IReadOnlyList<HotspotRow> _rows;
    private int _y;

    private Frame(LiveModel model, UiState ui, Glyphs glyphs, int width, int height)
    {
        (_model, _ui, _glyphs) = (model, ui, glyphs);
        _screen = new Screen(width, height);
        _rows = HotspotRows.Build(model, ui.Window, ui.Search, ui.Sort);
    }

    private int Width => _screen.Width;

    /// <summary>The row of the keys; everything else stays above it.</summary>
    private int Bottom => _screen.Height - 1;

    public static Screen Draw(LiveModel model, UiState ui, Glyphs glyphs, int width, int height)
    {
        var frame = new Frame(model, ui, glyphs, Math.Max(1, width), Math.Max(1, height));
        frame.Draw();
        return frame._screen;
    }

    private void Draw()
    {
        if (Width < MinWidth || _screen.Height < MinHeight)
        {
            DrawTooSmall();
            return;
        }

        DrawHead();
        if (_ui.Help)
            DrawHelp();
        else if (_model.Now is null)
            DrawWaiting();
        else if (_ui.Detail && Keys.Current(_ui, _rows) is { } row)
            DrawDetail(row);
        else
            DrawPanels();
        DrawFooter();
    }

    private void DrawTooSmall()
    {
        string verdict = _model.Now is { } now
            ? $"{Words.Verdict(now.VerdictLevel)} {HumanText.Percent(now.Summary.BlockedPercent)}"
            : "hud";
        _screen.Put(0, 0, verdict, Tone.Strong);
        _screen.Put(0, 1, $"needs {MinWidth}x{MinHeight}", Tone.Dim);
        _screen.Put(0, 2, "q ends the run", Tone.Dim);
    }

    private void DrawHead()
    {
        var now = _model.Now;
        var level = now?.VerdictLevel ?? VerdictLevel.NoData;
        var tone = ToneOf(level);
        int x = _screen.Put(1, 0, "HUD ", Tone.Dim);
        x = _screen.Put(x, 0, TargetName(), Tone.Strong, Math.Max(8, Width / 3));
        x = _screen.Put(x + 2, 0, _glyphs.Light + " ", tone);
        x = _screen.Put(x, 0, now is null ? "STARTING" : Words.Verdict(level), tone);
        string state =
            _model.Stopping ? "SUMMING UP"
            : _ui.Paused ? "PAUSED"
            : "live";
        x = _screen.Put(x + 2, 0, now is null ? "" : Clock(now.ElapsedNs), Tone.Text);
        _screen.Put(x + 2, 0, state, _model.Stopping || _ui.Paused ? Tone.Warn : Tone.Good);
        string looking =
            _ui.Window > TimeSpan.Zero
                ? "last " + HumanText.Duration((long)_ui.Window.TotalNanoseconds)
                : "since start";
        _screen.PutRight(Width - 1, 0, looking, _ui.Window > TimeSpan.Zero ? Tone.Key : Tone.Dim);
        if (now is null)
            return;

        _screen.Put(1, 1, Printable.Fit(Printable.Clean(now.Verdict), Width - 2), tone);
        var s = now.Summary;
        string about = s.Estimated ? "~" : "";
        Strip(
            2,
            ("lost", about + HumanText.Percent(LostPercent()), s.BlockedPercent > 0 ? Tone.Bad : Tone.Good),
            ("worst", HumanText.Duration(s.WorstPollNs), s.WorstPollNs > 0 ? Tone.Strong : Tone.Text),
            (
                "stalls",
                s.StallCount == 0 ? "0" : $"{s.StallCount} max {HumanText.Duration(s.LongestStallNs)}",
                s.StallCount > 0 ? Tone.Bad : Tone.Text
            ),
            ("slow", $"{about}{HumanText.Count(s.SlowPolls)} of {about}{HumanText.Count(s.Polls)}", Tone.Text),
            ("longest", HumanText.Duration(s.LongestPollNs), Tone.Text)
        );
        var o = now.Overhead;
        Strip(
            3,
            ("queue", HumanText.Duration(s.RunQueueNs), s.RunQueueNs > 0 ? Tone.Pressure : Tone.Text),
            ("quota", HumanText.Duration(s.ThrottledNs), s.ThrottledNs > 0 ? Tone.Pressure : Tone.Text),
            ("events lost", HumanText.Count(now.LostEvents), now.LostEvents > 0 ? Tone.Warn : Tone.Text),
            (
                "cost",
                $"{HumanText.Percent(o.MeasuredPercent)} of {HumanText.Percent(o.BudgetPercent)}",
                o.MeasuredPercent > o.BudgetPercent && o.BudgetPercent > 0 ? Tone.Warn : Tone.Text
            ),
            ("level", $"{o.Level}", o.Level > 0 ? Tone.Warn : Tone.Text),
            ("names", $"{s.SymbolizedPercent}%", s.SymbolizedPercent < 80 && s.SlowPolls > 0 ? Tone.Warn : Tone.Text),
            ("", Words.Level(o.Level), Tone.Dim)
        );
    }

    /// <summary>Labels dim, values bright; what does not fit any more is left out whole.</summary>
    private void Strip(int y, params (string Label, string Value, Tone Tone)[] items)
    {
        int x = 1;
        foreach (var (label, value, tone) in items)
        {
            int wide = (label.Length > 0 ? label.Length + 1 : 0) + Printable.Width(value);
            if (x + wide > Width)
                return;
            if (label.Length > 0)
                x = _screen.Put(x, y, label + " ", Tone.Dim);
            x = _screen.Put(x, y, value, tone) + 2;
        }
    }

    /// <summary>Of the window when one is set, else since the start.</summary>
    private double LostPercent()
    {
        var s = _model.Now!.Summary;
        if (_model.Before(_ui.Window) is not { } before)
            return s.BlockedPercent;
        // the percentages are of all time so far; their products with it can be subtracted
        double lost = s.BlockedPercent * _model.Now.ElapsedNs - before.Summary.BlockedPercent * before.AtNs;
        return Math.Max(0, lost / Math.Max(1, _model.Now.ElapsedNs - before.AtNs));
    }

    private void DrawWaiting()
    {
        string rung = _model.Hello is { } hello ? $"attached with {Printable.Clean(hello.Agent.Rung)}; " : "";
        _screen.Put(1, 5, rung + "looking for Tokio and waiting for the first second...", Tone.Dim);
    }

    private void DrawPanels()
    {
        _y = HeadRows;
        DrawWorkers();
        bool tall = _screen.Height >= 34;
        int taskRows = tall ? Math.Min(_model.Now!.Tasks.Count, Math.Max(3, (_screen.Height - 30) / 2)) : 0;
        int tasksAt = Bottom - (taskRows > 0 && _ui.Panel == Panel.Hotspots ? taskRows + 2 : 0);
        switch (_ui.Panel)
        {
            case Panel.Tasks:
                DrawTasks(Bottom);
                break;
            case Panel.Timeline:
                DrawTimeline(Bottom);
                break;
            case Panel.Warnings:
                DrawWarnings(Bottom);
                break;
            default:
                DrawHotspots(tasksAt);
                _y = tasksAt;
                if (tasksAt < Bottom)
                    DrawTasks(Bottom);
                break;
        }
    }

    private void DrawHelp()
    {
        Rule(HeadRows, "KEYS", "");
        int y = HeadRows + 1;
        foreach (var (key, meaning) in Keys.All)
        {
            if (y >= Bottom)
                return;
            _screen.Put(2, y, key, Tone.Key);
            _screen.Put(16, y++, meaning);
        }

        y++;
        foreach (
            var (name, tone, text) in new[]
            {
                ("CPU", Tone.Cpu, "the poll computed too long"),
                ("CALL", Tone.Call, "it slept in a system call"),
                ("LOCK", Tone.Lock, "it waited for a lock"),
                ("QUEUE QUOTA", Tone.Pressure, "no CPU was given: not the code's fault"),
            }
        )
        {
            if (y >= Bottom)
                return;
            _screen.Put(2, y, name, tone);
            _screen.Put(16, y++, text);
        }
    }

    private void DrawFooter()
    {
        if (_ui.Typing)
        {
            int end = _screen.Put(1, Bottom, "/" + Printable.Clean(_ui.Search), Tone.Key);
            _screen.Put(end, Bottom, "_", Tone.Strong);
            return;
        }

        if (_ui.Notice.Length > 0)
        {
            _screen.Put(1, Bottom, Printable.Fit(Printable.Clean(_ui.Notice), Width - 2), Tone.Good);
            return;
        }

        (string Key, string Meaning)[] keys =
            _ui.Help ? [("any key", "back")]
            : _ui.Detail ? [("j k", "scroll"), ("Esc", "back"), ("e", "save"), ("?", "keys"), ("q", "end")]
            :
            [
                ("Enter", "open"),
                ("Tab", "panel"),
                ("s", "sort"),
                ("/", "find"),
                ("w", "span"),
                ("p", "pause"),
                ("e", "save"),
                ("?", "keys"),
                ("q", "end"),
            ];
        int x = 1;
        foreach (var (key, meaning) in keys)
        {
            if (x + key.Length + meaning.Length + 1 > Width)
                break;
            x = _screen.Put(x, Bottom, key, Tone.Key);
            x = _screen.Put(x + 1, Bottom, meaning, Tone.Dim) + 2;
        }
    }

    /// <summary>A line across with a title in it, and a note after the title.</summary>
    private void Rule(int y, string title, string note, Tone tone = Tone.Title)
    {
        _screen.Put(0, y, string.Concat(Enumerable.Repeat(_glyphs.Rule, Width)), Tone.Faint);
        int x = _screen.Put(2, y, $" {title} ", tone);
        if (note.Length > 0)
            _screen.Put(x, y, note + " ", Tone.Dim);
    }

    private string TargetName()
    {
        var targets = _model.Targets.ToList();
        if (targets.Count == 0)
            return "";
        var first = targets[0];
        string name = Printable.Clean(first.Pod is { Length: > 0 } pod ? pod : first.Process);
        return targets.Count == 1 ? $"{name} {first.Pid}" : $"{name} +{targets.Count - 1}";
    }

    private static string Clock(long ns)
    {
        long seconds = ns / 1_000_000_000;
        return seconds < 60 ? $"{seconds}s" : $"{seconds / 60}m{seconds % 60:00}s";
    }

    private static Tone ToneOf(VerdictLevel level) =>
        level switch
        {
            VerdictLevel.Blocked => Tone.Bad,
            VerdictLevel.Healthy => Tone.Good,
            _ => Tone.Warn,
        };

    private static Tone ToneOf(HotspotCause cause) =>
        cause switch
        {
            HotspotCause.OnCpu => Tone.Cpu,
            HotspotCause.BlockingCall => Tone.Call,
            HotspotCause.LockWait => Tone.Lock,
            _ => Tone.Pressure,
        };
}
