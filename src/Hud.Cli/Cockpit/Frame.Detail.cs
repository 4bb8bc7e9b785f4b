using Hud.Core.Profile;
using Hud.Reports;
using Hud.Reports.Text;

namespace Hud.Cli.Cockpit;

internal sealed partial class Frame
{
    private const int MaxWaiters = 2;

    /// <summary>Everything about one hotspot; scrolls when the stack is longer than the screen.</summary>
    private void DrawDetail(HotspotRow row)
    {
        var h = row.Hotspot;
        var lines = DetailLines(row);
        int room = Bottom - HeadRows - 1;
        int scroll = Math.Min(_ui.Scroll, Math.Max(0, lines.Count - room));
        Rule(
            HeadRows,
            row.Members > 1
                ? $"{Words.Cause(h.Cause)}, the largest of {row.Members} in its group"
                : $"{h.Rank} {Words.Cause(h.Cause)}",
            lines.Count > room ? $"lines {scroll + 1}-{scroll + room} of {lines.Count}" : "",
            ToneOf(h.Cause)
        );
        for (int i = 0; i < Math.Min(room, lines.Count - scroll); i++)
        {
            int x = 2;
            foreach (var (text, tone) in lines[scroll + i])
                x = _screen.Put(x, HeadRows + 1 + i, text, tone);
        }
    }

    private List<List<(string Text, Tone Tone)>> DetailLines(HotspotRow row)
    {
        var h = row.Hotspot;
        int width = Width - 4;
        var lines = new List<List<(string, Tone)>>
        {
            new() { (Printable.FitPath(Printable.Clean(Words.Blamed(h)), width), Tone.User) },
        };
        if (h.Location.Length > 0)
            lines.Add([(Printable.FitLocation(Printable.Clean(h.Location), width), Tone.Strong)]);
        string share =
            $"{HumanText.Percent(Math.Round(row.Percent, 2))} of worker time, {HumanText.Count(row.Count)} polls, {HumanText.Duration(row.TotalNs)} in all, {SpanName()}";
        lines.AddRange(Printable.Wrap(share, width).Select(l => new List<(string, Tone)> { (l, Tone.Text) }));
        string durations =
            $"p50 {HumanText.Duration(h.P50Ns)}   p99 {HumanText.Duration(h.P99Ns)}   max {HumanText.Duration(h.MaxNs)}, since the start";
        List<(string Text, Tone)> chart = [.. Histogram(h.Histogram)];
        if (durations.Length + 3 + chart.Sum(part => Printable.Width(part.Text)) <= width)
        {
            lines.Add([(durations + "   ", Tone.Text), .. chart]);
        }
        else
        {
            lines.Add([(Printable.Fit(durations, width), Tone.Text)]);
            lines.Add(chart);
        }

        lines.Add([(Printable.Fit(string.Join(" · ", Details(h)), width), Tone.Dim)]);
        if (Words.Marker(h, live: !_model.Stopping) is { Length: > 0 } marker)
            lines.Add([(Printable.Fit(marker, width), Tone.Strong)]);
        lines.AddRange(
            Waiters(h).Select(text => new List<(string, Tone)> { (Printable.Fit(text, width), Tone.Strong) })
        );
        if (Threads(row) is { Length: > 0 } threads)
            lines.Add([(Printable.Fit(threads, width), Tone.Dim)]);
        var advice = Printable.Wrap(Printable.Clean(h.Advice), width - 2);
        for (int i = 0; i < advice.Count && h.Advice.Length > 0; i++)
            lines.Add([(i == 0 ? _glyphs.Arrow + " " : "  ", Tone.Good), (advice[i], Tone.Text)]);
        lines.Add([]);
        lines.Add([("stack, leaf first", Tone.Title)]);
        lines.AddRange(StackLines(h.Stack, h, width));
        if (h.HolderStack.Count > 0)
        {
            lines.Add([]);
            lines.Add([("the lock was held by", Tone.Title)]);
            lines.AddRange(StackLines(h.HolderStack, h, width));
        }

        return lines;
    }

    /// <summary>"waited behind it: login 3.2s in 41 long waits (81%)": who had to wait for a worker meanwhile.</summary>
    private IEnumerable<string> Waiters(Hotspot h) =>
        _model
            .Now!.Tasks.SelectMany(t => (t.Waits?.Behind ?? []).Select(b => (Task: t, Behind: b)))
            .Where(x => x.Behind.Identity().IsKnown && x.Behind.Identity() == h.Identity())
            .OrderByDescending(x => x.Behind.TotalNs)
            .Take(MaxWaiters)
            .Select(x =>
                $"waited behind it: {Printable.Clean(ShortTask(x.Task.Name))} {HumanText.Duration(x.Behind.TotalNs)} in {Words.Plural(x.Behind.Count, "long wait")} ({HumanText.Percent(x.Behind.Percent)})"
            );

    /// <summary>"on 8 workers: 4254 40x, 4250 12x": one worker alone says that its runtime is uneven.</summary>
    private string Threads(HotspotRow row)
    {
        var workers = _model.WorkersOf(LiveModel.Key(row.Hotspot));
        return workers.Count == 0
            ? ""
            : $"on {Words.Plural(workers.Count, "worker")}: "
                + string.Join(", ", workers.Take(8).Select(w => $"{w.Tid} {HumanText.Count(w.Polls)}x"));
    }

    /// <summary>Durations in powers of two, from the first bucket with a count to the last.</summary>
    private IEnumerable<(string, Tone)> Histogram(IReadOnlyList<long> histogram)
    {
        int first = histogram.TakeWhile(n => n == 0).Count();
        if (first == histogram.Count || histogram.Count > 62)
            yield break;
        double max = histogram.Max();
        yield return (HumanText.Duration(1L << first) + " ", Tone.Dim);
        yield return (string.Concat(histogram.Skip(first).Select(n => _glyphs.Level(n / max))), Tone.Cpu);
        yield return (" " + HumanText.Duration(1L << histogram.Count), Tone.Dim);
    }

    /// <param name="room">Lines to fill at most; the user's own frames stay.</param>
    private static IEnumerable<List<(string, Tone)>> StackLines(
        IReadOnlyList<string> stack,
        Hotspot h,
        int width,
        int room = int.MaxValue
    )
    {
        if (stack.Count == 0)
            return
            [
                [("no stack was caught", Tone.Dim)],
            ];
        var frames = stack.Take(200).Select(FrameText.Parse).ToList();
        string crate = FrameText.Crate(h.UserFrame);
        var kinds = frames.Select(f => FrameText.KindOf(f.Function, crate)).ToList();
        int entry = kinds.LastIndexOf(FrameKind.User);
        return StackCut
            .Kept([.. kinds.Select(k => k == FrameKind.User)], room)
            .Select(i =>
                StackLine(frames[i], kinds[i], isBlamed: frames[i].Function == h.UserFrame, isEntry: i == entry, width)
            );
    }

    private static List<(string, Tone)> StackLine(
        (string Function, string Location) frame,
        FrameKind kind,
        bool isBlamed,
        bool isEntry,
        int width
    )
    {
        string mark =
            isBlamed ? "> "
            : isEntry ? "* "
            : "  ";
        string location = Printable.FitLocation(Printable.Clean(frame.Location), Math.Max(12, width / 3));
        int room =
            width - 2 - (location.Length > 0 ? Printable.Width(location) + 2 : 0) - (isEntry && !isBlamed ? 7 : 0);
        var tone = kind switch
        {
            FrameKind.User => Tone.User,
            FrameKind.Runtime or FrameKind.Std => Tone.Faint,
            _ => Tone.Text,
        };
        var line = new List<(string, Tone)>
        {
            (mark, isBlamed ? Tone.Bad : Tone.Good),
            (Printable.FitPath(Printable.Clean(frame.Function), Math.Max(10, room)), tone),
        };
        if (location.Length > 0)
            line.Add(("  " + location, kind == FrameKind.User ? Tone.Text : Tone.Faint));
        if (isEntry && !isBlamed)
            line.Add(("  entry", Tone.Good));
        return line;
    }
}
