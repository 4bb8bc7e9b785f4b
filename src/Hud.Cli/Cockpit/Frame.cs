using Hud.Core.Api;
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

    /// <summary>Without search and groups: the head is about the service, not about what is looked for.</summary>
    private readonly IReadOnlyList<HotspotRow> _all;
    private int _y;

    private Frame(LiveModel model, UiState ui, Glyphs glyphs, int width, int height)
    {
        (_model, _ui, _glyphs) = (model, ui, glyphs);
        _screen = new Screen(width, height);
        _rows = HotspotRows.Build(model, ui);
        _all = HotspotRows.Build(model, ui.Window, "", SortBy.Lost);
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

    /// <summary>A window longer than the run so far is the whole run.</summary>
    private string SpanName() =>
        _model.Before(_ui.Window) is not null
            ? "last " + HumanText.Duration((long)_ui.Window.TotalNanoseconds)
            : "since the start";

    /// <summary>"4s of 20s" when the run ends by itself; a run until Ctrl-C has no end to show.</summary>
    private string Progress(long ns)
    {
        var duration = _model.Hello?.Session.Duration ?? default;
        return duration.Nanoseconds > 0 && duration < SessionBounds.MaxLocalDuration
            ? $"{Clock(ns)} of {Clock(duration.Nanoseconds)}"
            : Clock(ns);
    }

    /// <summary>Labels dim, values bright; what no longer fits is left out whole.</summary>
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

    private void DrawWaiting()
    {
        string probeMode = _model.Hello is { } hello ? $"attached with {Printable.Clean(hello.Agent.ProbeMode)}; " : "";
        _screen.Put(1, 5, probeMode + "looking for Tokio and waiting for the first second...", Tone.Dim);
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
                // half for each, and what one leaves free is the other's
                int waits = Math.Max(1, _model.Now!.Tasks.Count(t => t.Waits is { Count: > 0 })) + 2;
                DrawTasks(Bottom - Math.Min(waits, (Bottom - _y) / 2));
                DrawWaits(Bottom);
                FillWithHotspots();
                break;
            case Panel.Timeline:
                DrawTimeline(Bottom);
                FillWithHotspots();
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

    /// <summary>Rows that a short panel leaves free say what to do, when there are enough of them for a table.</summary>
    private void FillWithHotspots()
    {
        if (Bottom - _y >= 2 + 3 + AdviceRows)
            DrawHotspots(Bottom);
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

        var keys = FooterKeys.Fitting(_ui, Width);
        int x = 1;
        foreach (var (key, meaning) in keys)
        {
            x = _screen.Put(x, Bottom, key, Tone.Key);
            x = _screen.Put(x + 1, Bottom, meaning, Tone.Dim) + 2;
        }
    }

    /// <summary>A line across with a title in it, and a note after the title.</summary>
    /// <param name="keep">Columns at the right end that something else is written to.</param>
    private void Rule(int y, string title, string note, Tone tone = Tone.Title, int keep = 0)
    {
        _screen.Put(0, y, string.Concat(Enumerable.Repeat(_glyphs.Rule, Width)), Tone.Faint);
        int x = _screen.Put(2, y, $" {title} ", tone);
        if (note.Length > 0)
            _screen.Put(x, y, WholeClauses(note, Width - x - 1 - keep) + " ", Tone.Dim);
    }

    /// <summary>As many of its clauses as there is room for; half a clause says nothing.</summary>
    private static string WholeClauses(string note, int room)
    {
        while (Printable.Width(note) > room && note.LastIndexOfAny([',', ';']) is > 0 and var cut)
            note = note[..cut];
        return Printable.Fit(note, Math.Max(0, room));
    }

    private string TargetName()
    {
        var targets = _model.Targets.ToList();
        if (targets.Count == 0)
            return Printable.Clean(_model.Asked);
        var first = targets[0];
        string name = Printable.Clean(first.Pod is { Length: > 0 } pod ? pod : first.Process);
        return targets.Count == 1 ? $"{name} {first.Pid}" : $"{name} +{targets.Count - 1}";
    }

    private static string Clock(long ns)
    {
        long seconds = ns / 1_000_000_000;
        return seconds < 60 ? $"{seconds}s"
            : seconds < 3600 ? $"{seconds / 60}m{seconds % 60:00}s"
            : $"{seconds / 3600}h{seconds % 3600 / 60:00}m";
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
