using System.Globalization;
using System.Text;

namespace Hud.Bench;

/// <summary>
/// <c>recording FROM TO.svg</c>: the screens <c>FROM/*.ansi</c>, in order, as one moving picture. A file is named <c>ORDER-MILLISECONDS.ansi</c>: how
/// long it stays. No script in it: the frames lie side by side, and a style moves the strip. A line is drawn once, however many frames show it, so
/// that the file stays small.
/// </summary>
internal sealed class Recording
{
    private const double Wide = 8.4;
    private const int High = 17,
        Margin = 10;

    /// <summary>Colours repeat in every line: each gets a class.</summary>
    private readonly Dictionary<string, string> _classes = [];

    private readonly Dictionary<string, string> _ids = [];
    private readonly StringBuilder _symbols = new();

    public static void Write(string from, string to)
    {
        var files = Directory.GetFiles(from, "*.ansi").Order(StringComparer.Ordinal).ToList();
        if (files.Count == 0)
            throw new ArgumentException($"no screens in {from}", nameof(from));
        var frames = files.ConvertAll(file => new Frame(Rows(File.ReadAllText(file)), Milliseconds(file)));
        var svg = new Recording().Svg(frames);
        File.WriteAllText(to, svg);
        Console.WriteLine(
            $"{to}: {frames.Count} frames, {frames.Sum(f => f.Milliseconds) / 1000.0:0} s, {svg.Length / 1024.0:0} KB"
        );
    }

    private string Svg(List<Frame> frames)
    {
        var columns = frames.Max(frame => frame.Rows.Max(row => row.Sum(run => Columns(run.Text))));
        var lines = frames.Max(frame => frame.Rows.Count);
        var width = (int)Math.Ceiling(columns * Wide) + 2 * Margin;
        var height = lines * High + 2 * Margin;
        double whole = frames.Sum(frame => frame.Milliseconds),
            at = 0;
        StringBuilder strip = new(),
            steps = new();
        for (var f = 0; f < frames.Count; f++)
        {
            for (var r = 0; r < frames[f].Rows.Count; r++)
            {
                if (Id(frames[f].Rows[r]) is { } id)
                    strip.Append($"<use href=\"#{id}\" x=\"{f * width}\" y=\"{r * High}\"/>");
            }
            strip.Append('\n');
            steps.Append($"{at / whole * 100:0.0}%{{transform:translateX({-f * width}px)}}");
            at += frames[f].Milliseconds;
        }
        var styles = string.Concat(_classes.Select(c => $".{c.Value}{{{c.Key}}}"));
        return $$"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{width}} {{height}}" width="{{width}}" height="{{height}}" role="img" aria-label="Recording of Hud's cockpit on the demo service">
            <style>text{transform:translateY(13px);font:14px 'DejaVu Sans Mono',ui-monospace,Menlo,Consolas,monospace;fill:{{TerminalScreen.Ink}};white-space:pre}{{styles}}
            @keyframes play{{{steps}}}.strip{animation:play {{whole / 1000:0.0}}s step-end infinite}
            @media(prefers-reduced-motion:reduce){.strip{animation:none;transform:translateX({{-(frames.Count - 1)
                * width}}px)}
            }</style>
            <defs>{{_symbols}}</defs>
            <rect width="100%" height="100%" rx="6" fill="{{TerminalScreen.Paper}}"/>
            <svg x="{{Margin}}" y="{{Margin}}" width="{{width - 2 * Margin}}" height="{{height
                - 2 * Margin}}"><g class="strip">{{strip}}</g></svg>
            </svg>

            """;
    }

    private static int Milliseconds(string file) =>
        int.Parse(Path.GetFileNameWithoutExtension(file).Split('-')[^1], CultureInfo.InvariantCulture);

    /// <summary>What follows in the same colours is one run.</summary>
    private static List<List<Run>> Rows(string ansi)
    {
        List<List<Run>> rows =
        [
            [],
        ];
        foreach (var run in TerminalScreen.Runs(ansi.TrimEnd('\n')))
        {
            var lines = run.Text.Split('\n');
            for (var i = 0; i < lines.Length; i++)
            {
                if (i > 0)
                    rows.Add([]);
                if (lines[i].Length == 0)
                    continue;
                var (row, added) = (rows[^1], run with { Text = lines[i] });
                if (row.Count > 0 && row[^1] with { Text = added.Text } == added)
                    row[^1] = row[^1] with { Text = row[^1].Text + added.Text };
                else
                    row.Add(added);
            }
        }
        return rows;
    }

    /// <summary>Of the row's picture, which is drawn once; null for one with nothing in it.</summary>
    private string? Id(List<Run> row)
    {
        var picture = Drawn(row);
        if (picture.Length == 0)
            return null;
        if (!_ids.TryGetValue(picture, out var id))
        {
            _ids[picture] = id = "r" + _ids.Count;
            _symbols.Append($"<g id=\"{id}\">{picture}</g>\n");
        }
        return id;
    }

    private string Drawn(List<Run> row)
    {
        var at = 0;
        var picture = new StringBuilder();
        foreach (var run in row)
        {
            var length = Columns(run.Text);
            if (run.Back is not null)
                picture.Append(
                    $"<rect x=\"{Pixels(at)}\" width=\"{Pixels(length)}\" height=\"{High}\" fill=\"{run.Back}\"/>"
                );
            var blank = run.Text.Length - run.Text.TrimStart().Length;
            var shown = run.Text.Trim();
            if (shown.Length > 0)
                picture.Append(
                    $"<text class=\"{Class(run)}\" x=\"{Pixels(at + blank)}\" textLength=\"{Pixels(Columns(shown))}\">{TerminalScreen.Escape(shown)}</text>"
                );
            at += length;
        }
        return picture.ToString();
    }

    private string Class(Run run)
    {
        var style = $"fill:{run.Front}{(run.Bold ? ";font-weight:bold" : "")}{(run.Dim ? ";opacity:.6" : "")}";
        if (!_classes.TryGetValue(style, out var name))
            _classes[style] = name = "c" + _classes.Count;
        return name;
    }

    private static int Columns(string text) => text.EnumerateRunes().Count();

    private static int Pixels(int columns) => (int)Math.Round(columns * Wide, MidpointRounding.AwayFromZero);

    private sealed record Frame(List<List<Run>> Rows, int Milliseconds);
}
