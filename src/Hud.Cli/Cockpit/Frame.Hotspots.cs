using Hud.Reports;
using Hud.Reports.Text;

namespace Hud.Cli.Cockpit;

internal sealed partial class Frame
{
    /// <summary>Rows below the table: what to do about the selected hotspot.</summary>
    private const int AdviceRows = 4;

    private void DrawHotspots(int bottom)
    {
        string found = _ui.Search.Length > 0 ? $"matching \"{Printable.Clean(_ui.Search)}\"" : "";
        string order = _ui.Sort == SortBy.Lost ? "by worker time lost" : $"by {_ui.Sort.ToString().ToLowerInvariant()}";
        Rule(_y++, $"HOTSPOTS {_rows.Count}", $"{order} {found}".TrimEnd());
        var columns = HotspotColumns.For(Width);
        DrawHeader(_y++, columns);
        if (_rows.Count == 0)
        {
            _screen.Put(4, _y, Nothing(), Tone.Dim, Width - 5);
            return;
        }

        var current = Keys.Current(_ui, _rows)!;
        int room = Math.Max(1, bottom - _y - AdviceRows);
        int selected = Math.Max(0, _rows.ToList().IndexOf(current));
        int first = Math.Max(0, Math.Min(selected - room + 1, _rows.Count - room));
        double largest = Math.Max(1e-9, _rows.Max(r => r.Percent));
        foreach (var (row, place) in _rows.Select((r, i) => (r, i + 1)).Skip(first).Take(room))
        {
            DrawRow(_y, row, place, largest, columns);
            if (ReferenceEquals(row, current))
                _screen.Select(_y);
            _y++;
        }

        if (_rows.Count > room)
            _screen.PutRight(Width - 1, _y - room - 1, $" {first + 1}-{first + room} of {_rows.Count} ", Tone.Dim);
        DrawAdvice(bottom - AdviceRows, current);
    }

    private void DrawHeader(int y, HotspotColumns c)
    {
        _screen.Put(4, y, "lost", Tone.Dim);
        _screen.Put(c.Cause, y, "cause", Tone.Dim);
        _screen.PutRight(c.CountEnd, y, "count", Tone.Dim);
        if (c.P99End > 0)
            _screen.PutRight(c.P99End, y, "p99", Tone.Dim);
        _screen.PutRight(c.MaxEnd, y, "max", Tone.Dim);
        _screen.Put(c.Function, y, "function", Tone.Dim);
        if (c.Spark > 0)
            _screen.Put(c.Spark, y, "last 8 s", Tone.Dim);
    }

    private void DrawRow(int y, HotspotRow row, int place, double largest, HotspotColumns c)
    {
        var h = row.Hotspot;
        var tone = ToneOf(h.Cause);
        string about = h.Estimated ? "~" : "";
        _screen.PutRight(3, y, $"{place}", Tone.Dim);
        _screen.Put(4, y, _glyphs.Meter(row.Percent / largest, c.Bar), tone);
        _screen.PutRight(c.Cause - 1, y, about + HumanText.Percent(Math.Round(row.Percent, 2)), Tone.Strong);
        _screen.Put(c.Cause, y, Words.ShortCause(h.Cause), tone);
        _screen.PutRight(c.CountEnd, y, about + HumanText.Count(row.Count));
        if (c.P99End > 0)
            _screen.PutRight(c.P99End, y, HumanText.Duration(h.P99Ns));
        _screen.PutRight(c.MaxEnd, y, HumanText.Duration(h.MaxNs), Tone.Strong);
        _screen.Put(
            c.MaxEnd + 1,
            y,
            row.Trend > 0 ? _glyphs.Up
                : row.Trend < 0 ? _glyphs.Down
                : " ",
            row.Trend > 0 ? Tone.Bad : Tone.Good
        );
        string location = c.ShowsLocation ? Printable.FitLocation(Printable.Clean(h.Location), 36) : "";
        int end = c.Spark > 0 ? c.Spark - 1 : Width - 1;
        int room = end - c.Function - (location.Length > 0 ? Printable.Width(location) + 2 : 0);
        int x = _screen.Put(
            c.Function,
            y,
            Printable.FitPath(Printable.Clean(ShortTask(Words.Blamed(h))), Math.Max(10, room)),
            Tone.User,
            end - c.Function
        );
        if (location.Length > 0)
            _screen.Put(x + 2, y, location, Tone.Dim, end - x - 2);
        if (c.Spark > 0)
            _screen.Put(c.Spark, y, string.Concat(row.Spark.Select(_glyphs.Level)), tone);
    }

    /// <summary>Function, line, cause and fix of the selected hotspot, always in sight.</summary>
    private void DrawAdvice(int y, HotspotRow row)
    {
        var h = row.Hotspot;
        Rule(y, Words.Cause(h.Cause), "", ToneOf(h.Cause));
        string title = Printable.Clean(Words.Blamed(h)),
            location = Printable.Clean(h.Location);
        int room = Width - 7 - Words.Cause(h.Cause).Length;
        string place = location.Length > 0 ? "  " + Printable.FitLocation(location, room / 2) : "";
        int x = _screen.Put(
            4 + Words.Cause(h.Cause).Length,
            y,
            " " + Printable.FitPath(title, Math.Max(10, room - Printable.Width(place) - 2)),
            Tone.User
        );
        x = _screen.Put(x, y, place, Tone.Strong);
        _screen.Put(x, y, " ");
        _screen.Put(2, y + 1, Printable.Fit(string.Join(" · ", Details(h)), Width - 3), Tone.Dim);
        var advice = Printable.Wrap(Printable.Clean(h.Advice), Width - 5);
        for (int i = 0; i < Math.Min(2, advice.Count); i++)
        {
            _screen.Put(2, y + 2 + i, i == 0 ? _glyphs.Arrow : " ", Tone.Good);
            _screen.Put(
                4,
                y + 2 + i,
                i == 1 && advice.Count > 2 ? Printable.Fit(advice[i] + " ...", Width - 5) : advice[i]
            );
        }
    }

    private static IEnumerable<string> Details(Core.Profile.Hotspot h)
    {
        if (h.Function.Length > 0 && h.Function != h.UserFrame)
            yield return "in " + Printable.Clean(h.Function);
        if (h.Syscall.Length > 0)
            yield return "syscall " + Printable.Clean(h.Syscall);
        if (h.PreemptedBy.Count > 0)
            yield return "ran instead: "
                + string.Join(
                    ", ",
                    h.PreemptedBy.Take(3).Select(c => $"{Printable.Clean(c.Name)} {HumanText.Percent(c.Percent)}")
                );
        if (h.Task.Length > 0)
            yield return "task " + Printable.Clean(ShortTask(h.Task));
    }

    private string Nothing()
    {
        var now = _model.Now!;
        if (_ui.Search.Length > 0)
            return "nothing matches the search; Esc shows all again";
        if (_ui.Window > TimeSpan.Zero && now.Hotspots.Count > 0)
            return "nothing in this window; w looks further back";
        if (now.Overhead.Level >= 3)
            return "polls are not timed at this level, and nothing long was seen yet";
        return now.Summary.Polls == 0
            ? "no poll yet: the runtime is idle"
            : $"no poll over {HumanText.Duration(Threshold())} yet";
    }
}

/// <summary>Where the table's columns stand: the function's name needs the room most, so narrow screens leave out the rest.</summary>
internal sealed record HotspotColumns(
    int Bar,
    int Cause,
    int CountEnd,
    int P99End,
    int MaxEnd,
    int Function,
    int Spark,
    bool ShowsLocation
)
{
    public static HotspotColumns For(int width) =>
        width < 100 ? new(4, 16, 27, 0, 34, 37, 0, false) : new(8, 21, 33, 41, 49, 52, width - 9, width >= 120);
}
