using Hud.Reports;
using Hud.Reports.Text;

namespace Hud.Cli.Cockpit;

internal sealed partial class Frame
{
    /// <summary>Rows kept below the table for the selected hotspot: who, what about it, two lines of what to do.</summary>
    private const int AdviceRows = 4;

    private void DrawHotspots(int bottom)
    {
        string found = _ui.Search.Length > 0 ? $"matching \"{Printable.Clean(_ui.Search)}\"" : "";
        string order = _ui.Sort == SortBy.Lost ? "by worker time lost" : $"by {_ui.Sort.ToString().ToLowerInvariant()}";
        string groups = _ui.Group == GroupBy.None ? "" : $"in groups of one {_ui.Group.ToString().ToLowerInvariant()}";
        string what = _ui.Group == GroupBy.None ? "HOTSPOTS" : "GROUPS";
        Rule(_y++, $"{what} {_rows.Count}", string.Join(" ", new[] { order, groups, found }.Where(t => t.Length > 0)));
        var columns = HotspotColumns.For(Width);
        DrawHeader(_y++, columns);
        if (_rows.Count == 0)
        {
            _screen.Put(4, _y, Nothing(), Tone.Dim, Width - 5);
            return;
        }

        var current = Keys.Current(_ui, _rows)!;
        // the rule above those that wait for a CPU takes a row like any other
        var lines = Lines();
        int room = Math.Max(1, bottom - _y - AdviceRows);
        int selected = Math.Max(0, lines.FindIndex(l => ReferenceEquals(l.Row, current)));
        int first = Math.Max(0, Math.Min(selected - room + 1, lines.Count - room));
        // of the culprits: a long wait for a CPU would make each of them look small
        double largest = Largest(_rows.Where(r => !r.IsPressure)) ?? Largest(_rows) ?? 1;
        int top = _y;
        foreach (var (row, place) in lines.Skip(first).Take(room))
        {
            if (row is null)
                DrawPressureRule(_y);
            else
                DrawRow(_y, row, place, largest, columns);
            if (ReferenceEquals(row, current) && Keys.Chooses(_ui.Panel))
                _screen.Select(_y);
            _y++;
        }

        if (lines.Count > room)
            _screen.PutRight(Width - 1, top - 1, $" {Visible(lines, first, room)} of {_rows.Count} ", Tone.Dim);
        DrawAdvice(lines.Count > room ? bottom - AdviceRows : _y, bottom, current);
    }

    private static double? Largest(IEnumerable<HotspotRow> rows) =>
        rows.Select(r => (double?)r.Percent).Where(p => p > 0).Max();

    private List<(HotspotRow? Row, int Place)> Lines()
    {
        var lines = new List<(HotspotRow?, int)>();
        for (int i = 0; i < _rows.Count; i++)
        {
            if (_rows[i].IsPressure && (i == 0 || !_rows[i - 1].IsPressure))
                lines.Add((null, 0));
            lines.Add((_rows[i], i + 1));
        }

        return lines;
    }

    private static string Visible(List<(HotspotRow? Row, int Place)> lines, int first, int room)
    {
        var places = lines.Skip(first).Take(room).Where(l => l.Row is not null).Select(l => l.Place).ToList();
        return places.Count == 0 ? "0" : $"{places[0]}-{places[^1]}";
    }

    private void DrawPressureRule(int y)
    {
        int x = _screen.Put(
            4,
            y,
            _glyphs.Rule + _glyphs.Rule + " waiting for a CPU: not the code's fault ",
            Tone.Faint
        );
        _screen.Put(x, y, string.Concat(Enumerable.Repeat(_glyphs.Rule, Math.Max(0, Width - 1 - x))), Tone.Faint);
    }

    private void DrawHeader(int y, HotspotColumns c)
    {
        _screen.Put(4, y, "lost", Tone.Dim);
        _screen.Put(c.Cause, y, "cause", Tone.Dim);
        _screen.PutRight(c.CountEnd, y, "count", Tone.Dim);
        if (c.P99End > 0 && !HasWindow)
            _screen.PutRight(c.P99End, y, "p99", Tone.Dim);
        if (!HasWindow)
            _screen.PutRight(c.MaxEnd, y, "max", Tone.Dim);
        _screen.Put(
            c.Function,
            y,
            _ui.Group is GroupBy.File or GroupBy.Task ? _ui.Group.ToString().ToLowerInvariant() : "function",
            Tone.Dim
        );
        if (c.Spark > 0)
            _screen.Put(c.Spark, y, "last 8 s", Tone.Dim);
    }

    private void DrawRow(int y, HotspotRow row, int place, double largest, HotspotColumns c)
    {
        var h = row.Hotspot;
        // not the code's fault: nothing in the row may look like a culprit
        bool dim = row.IsPressure;
        var tone = dim ? Tone.Dim : ToneOf(h.Cause);
        var strong = dim ? Tone.Dim : Tone.Strong;
        string about = h.Estimated ? "~" : "";
        _screen.PutRight(3, y, $"{place}", Tone.Dim);
        _screen.Put(4, y, _glyphs.Meter(Math.Min(1, row.Percent / largest), c.Bar), tone);
        _screen.PutRight(c.Cause - 1, y, about + HumanText.Percent(Math.Round(row.Percent, 2)), strong);
        _screen.Put(c.Cause, y, Words.ShortCause(h.Cause), tone);
        _screen.PutRight(c.CountEnd, y, about + HumanText.Count(row.Count), dim ? Tone.Dim : Tone.Text);
        if (c.P99End > 0)
            _screen.PutRight(c.P99End, y, Since(h.P99Ns), dim ? Tone.Dim : Tone.Text);
        _screen.PutRight(c.MaxEnd, y, Since(h.MaxNs), strong);
        _screen.Put(
            c.MaxEnd + 1,
            y,
            row.Trend > 0 ? _glyphs.Up
                : row.Trend < 0 ? _glyphs.Down
                : " ",
            dim ? Tone.Dim
                : row.Trend > 0 ? Tone.Bad
                : Tone.Good
        );
        string location =
            row.Apart.Length > 0 ? Printable.Fit(Printable.Clean(row.Apart), Math.Max(16, (Width - c.Function) / 2))
            : row.Group.Length > 0 ? (row.Members > 1 ? $"{row.Members} hotspots" : "")
            : c.ShowsLocation ? Printable.FitLocation(Printable.Clean(h.Location), 36)
            : "";
        int end = c.Spark > 0 ? c.Spark - 1 : Width - 1;
        int room = end - c.Function - (location.Length > 0 ? Printable.Width(location) + 2 : 0);
        int x = _screen.Put(
            c.Function,
            y,
            Printable.FitPath(Printable.Clean(ShortTask(row.Name)), Math.Max(10, room)),
            dim ? Tone.Dim : Tone.User,
            end - c.Function
        );
        if (location.Length > 0)
            _screen.Put(x + 2, y, location, Tone.Dim, end - x - 2);
        if (c.Spark > 0)
            _screen.Put(c.Spark, y, string.Concat(Shares(row.Spark).Select(_glyphs.Level)), tone);
    }

    /// <summary>The longest polls are only known since the start: over a window they are left out.</summary>
    private string Since(long ns) => HasWindow ? "" : HumanText.Duration(ns);

    private bool HasWindow => _model.Before(_ui.Window) is not null;

    private static IEnumerable<double> Shares(IReadOnlyList<double> values)
    {
        double max = values.Max();
        return values.Select(v => max <= 0 ? 0 : v / max);
    }

    /// <summary>
    /// Function, line, cause and fix of the selected hotspot, always in sight; where rows are free, the whole fix and the stack.
    /// </summary>
    private void DrawAdvice(int y, int bottom, HotspotRow row)
    {
        var h = row.Hotspot;
        string cause = Words.Cause(h.Cause);
        Rule(y, cause, "", ToneOf(h.Cause));
        string title = Printable.Clean(Words.Blamed(h)),
            location = Printable.Clean(h.Location);
        int room = Width - 7 - cause.Length;
        string place = location.Length > 0 ? "  " + Printable.FitLocation(location, room / 2) : "";
        int x = _screen.Put(
            4 + cause.Length,
            y,
            " " + Printable.FitPath(title, Math.Max(10, room - Printable.Width(place) - 2)),
            row.IsPressure ? Tone.Text : Tone.User
        );
        x = _screen.Put(x, y, place, Tone.Strong);
        _screen.Put(x, y, " ");
        _screen.Put(2, y + 1, Printable.Fit(string.Join(" · ", Details(h)), Width - 3), Tone.Dim);
        var advice = Printable.Wrap(Printable.Clean(h.Advice), Width - 5);
        int free = bottom - y - 2;
        for (int i = 0; i < Math.Min(free, advice.Count); i++)
        {
            bool cut = i + 1 == free && advice.Count > free;
            _screen.Put(2, y + 2 + i, i == 0 ? _glyphs.Arrow : " ", Tone.Good);
            _screen.Put(4, y + 2 + i, cut ? Printable.Fit(advice[i] + " ...", Width - 5) : advice[i]);
        }

        y += 3 + Math.Min(free, advice.Count);
        // a heading alone would say nothing
        if (h.Stack.Count == 0 || y + 2 > bottom)
            return;
        foreach (var line in StackLines(h.Stack, h, Width - 4, bottom - y))
        {
            int at = 2;
            foreach (var (text, tone) in line)
                at = _screen.Put(at, y, text, tone);
            y++;
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
