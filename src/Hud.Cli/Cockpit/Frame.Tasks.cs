using Hud.Reports;
using Hud.Reports.Text;

namespace Hud.Cli.Cockpit;

internal sealed partial class Frame
{
    /// <summary>Task types with their polls' durations in powers of two, 1 us to 1 s and above.</summary>
    private void DrawTasks(int bottom)
    {
        const int firstBucket = 10,
            buckets = 21;
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
            name = charts ? chart + buckets + 1 : chart;
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
            // counts span many powers of ten: a column's height is the logarithm
            double max = Math.Log2(1 + Math.Max(1, t.Histogram.DefaultIfEmpty(0).Max()));
            for (int i = 0; charts && i < buckets; i++)
            {
                long n = Bucket(t.Histogram, firstBucket + i, isFirst: i == 0, isLast: i == buckets - 1);
                bool slow = (1L << (firstBucket + i)) >= Threshold();
                _screen.Put(chart + i, _y, _glyphs.Level(Math.Log2(1 + n) / max), slow ? Tone.Bad : Tone.Good);
            }

            _screen.Put(
                name,
                _y,
                Printable.FitPath(Printable.Clean(ShortTask(t.Name)), Math.Max(4, Width - name - 1)),
                Tone.User
            );
            _y++;
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
