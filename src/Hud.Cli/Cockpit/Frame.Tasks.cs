using Hud.Core.Profile;
using Hud.Reports;
using Hud.Reports.Text;

namespace Hud.Cli.Cockpit;

internal sealed partial class Frame
{
    private const int FirstBucket = 10,
        Buckets = 21;

    /// <summary>Task types with their polls' durations in powers of two, 1 us to 1 s and above.</summary>
    private void DrawTasks(int bottom)
    {
        var tasks = _model
            .Now!.Tasks.OrderByDescending(t => t.TotalNs)
            .ThenBy(t => t.Name, StringComparer.Ordinal)
            .ToList();
        int room = Math.Max(0, bottom - _y - 2);
        string more = tasks.Count > room ? $", {room} shown" : "";
        bool wide = Width >= 100,
            charts = Width >= 80;
        Rule(
            _y++,
            $"TASKS {tasks.Count}{more}",
            "by time in polls, since the start" + (charts ? "; durations 1us to 1s" : "")
        );
        int chart = wide ? 49 : 33,
            name = charts ? chart + Buckets + 1 : chart;
        _screen.Put(
            0,
            _y++,
            (wide ? "   polls   slow   share     p50     p99     max" : "   polls   slow   share     max")
                + (charts ? "  1us       1ms       1s task" : "  task"),
            Tone.Dim
        );
        int scroll = _ui.Panel == Panel.Tasks ? Math.Min(_ui.Scroll, Math.Max(0, tasks.Count - room)) : 0;
        foreach (var t in tasks.Skip(scroll).Take(room))
        {
            string about = t.Estimated ? "~" : "";
            _screen.PutRight(8, _y, about + HumanText.Count(t.Polls));
            _screen.PutRight(15, _y, about + HumanText.Count(t.SlowPolls), t.SlowPolls > 0 ? Tone.Bad : Tone.Dim);
            _screen.PutRight(23, _y, HumanText.Percent(Math.Round(t.Percent, 2)), Tone.Strong);
            if (wide)
            {
                _screen.PutRight(31, _y, HumanText.Duration(t.P50Ns));
                _screen.PutRight(39, _y, HumanText.Duration(t.P99Ns));
            }

            _screen.PutRight(chart - 2, _y, HumanText.Duration(t.MaxNs), Tone.Strong);
            if (charts)
                Chart(chart, _y, t.Histogram);
            _screen.Put(
                name,
                _y,
                Printable.FitPath(Printable.Clean(ShortTask(t.Name)), Math.Max(4, Width - name - 1)),
                Tone.User
            );
            _y++;
        }
    }

    /// <summary>
    /// Task types by how long they waited for a worker. On a narrow screen chart and median go, because what the waits were behind is the answer.
    /// </summary>
    private void DrawWaits(int bottom)
    {
        var tasks = _model.Now!.Tasks.ByWait().ToList();
        int room = Math.Max(0, bottom - _y - 2);
        if (room == 0)
            return;
        string more = tasks.Count > room ? $", {room} shown" : "";
        bool charts = Width >= 120,
            wide = Width >= 100;
        Rule(_y++, $"WAITING FOR A WORKER {tasks.Count}{more}", "from the wake to the poll, since the start");
        if (tasks.Count == 0)
        {
            _screen.Put(2, _y++, Printable.Fit(NotTimed(), Width - 3), Tone.Dim);
            return;
        }

        int end = wide ? 32 : 24,
            chart = end + 3,
            name = charts ? chart + Buckets + 1 : end + 2;
        _screen.Put(
            0,
            _y++,
            (wide ? "   waits     p50     p99     max" : "   waits     p99     max")
                + (charts ? "   1us       1ms       1s task" : "  task"),
            Tone.Dim
        );
        foreach (var t in tasks.Take(room))
        {
            var w = t.Waits!;
            _screen.PutRight(8, _y, (w.Estimated ? "~" : "") + HumanText.Count(w.Count));
            if (wide)
                _screen.PutRight(16, _y, HumanText.Duration(w.P50Ns));
            _screen.PutRight(
                end - 8,
                _y,
                HumanText.Duration(w.P99Ns),
                w.P99Ns >= Threshold() ? Tone.Warn : Tone.Strong
            );
            _screen.PutRight(end, _y, HumanText.Duration(w.MaxNs), Tone.Strong);
            if (charts)
                Chart(chart, _y, w.Histogram);
            string behind = w.Behind.Count > 0 && Width >= 80 ? Behind(w.Behind[0], (Width - name - 3) * 3 / 5) : "";
            int left = Width - name - 1 - (behind.Length > 0 ? Printable.Width(behind) + 2 : 0);
            int x = _screen.Put(
                name,
                _y,
                Printable.FitPath(Printable.Clean(ShortTask(t.Name)), Math.Max(4, left)),
                Tone.User
            );
            if (behind.Length > 0)
                _screen.Put(x + 2, _y, behind, ToneOf(w.Behind[0].Cause), Width - 1 - x - 2);
            _y++;
        }
    }

    /// <summary>"81% behind auth::hash_password".</summary>
    private static string Behind(WaitBehind behind, int width)
    {
        string share = HumanText.Percent(Math.Round(behind.Percent)) + " behind ";
        return share
            + Printable.FitPath(Printable.Clean(ShortTask(behind.Function)), Math.Max(8, width - share.Length));
    }

    /// <summary>"No wait" and "not timed" are different answers.</summary>
    private string NotTimed()
    {
        string why = _model.Targets.Select(t => t.WakesNotTimed).FirstOrDefault(text => text.Length > 0) ?? "";
        return why.Length > 0 ? "not timed: " + Printable.Clean(why) : "no wait was timed yet";
    }

    /// <summary>Counts span many powers of ten: a column's height is the logarithm.</summary>
    private void Chart(int x, int y, IReadOnlyList<long> histogram)
    {
        double max = Math.Log2(1 + Math.Max(1, histogram.DefaultIfEmpty(0).Max()));
        for (int i = 0; i < Buckets; i++)
        {
            long n = Bucket(histogram, FirstBucket + i, isFirst: i == 0, isLast: i == Buckets - 1);
            bool slow = (1L << (FirstBucket + i)) >= Threshold();
            _screen.Put(x + i, y, _glyphs.Level(Math.Log2(1 + n) / max), slow ? Tone.Bad : Tone.Good);
        }
    }

    private static long Bucket(IReadOnlyList<long> histogram, int index, bool isFirst, bool isLast) =>
        isFirst ? histogram.Take(index + 1).Sum()
        : isLast ? histogram.Skip(index).Sum()
        : index < histogram.Count ? histogram[index]
        : 0;

    private void DrawWarnings(int bottom)
    {
        Rule(_y++, $"WARNINGS {_model.Warnings.Count}", "what the report cannot say, and what to do");
        var lines = new List<(string Text, Tone Tone)>();
        foreach (var w in _model.Warnings)
        {
            lines.AddRange(
                Printable
                    .Wrap($"{Printable.Clean(w.Id)} {Printable.Clean(w.Text)}", Width - 4)
                    .Select(l => (l, Tone.Warn))
            );
            foreach (string step in w.NextStep.Split('\n').Take(12))
                lines.AddRange(Printable.Wrap(Printable.Clean(step), Width - 6).Select(l => ("  " + l, Tone.Text)));
        }

        if (lines.Count == 0)
            lines.Add(("none", Tone.Dim));
        int room = Math.Max(0, bottom - _y);
        foreach (var (text, tone) in lines.Skip(Math.Min(_ui.Scroll, Math.Max(0, lines.Count - room))).Take(room))
            _screen.Put(2, _y++, text, tone);
    }
}
