using System.Globalization;
using System.Text;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Flame;

namespace Hud.Reports.Formats;

/// <summary>
/// A flame graph of worker time lost as one SVG without scripts: opens in a browser, a viewer, a wiki. Root on top;
/// each box carries its numbers as a title.
/// </summary>
public sealed class FlameGraphFormat : IReportFormat
{
    private const double Width = 1200;
    private const double Margin = 12;
    private const int Row = 18;
    private const int Header = 76;

    /// <summary>Narrower boxes are not drawn, nor what is below them; how many is written under the title.</summary>
    private const double MinBox = 0.4;

    // of a 11 px monospaced font
    private const double CharWidth = 6.62;

    public OutputFormat Format => OutputFormat.FlameGraph;
    public string FileExtension => ".svg";
    public string Key => "flamegraph.svg";
    public bool IsBinary => false;

    public byte[] Render(ProfileDocument document, int maxBytes, out bool truncated) =>
        SizeFit.Render(document, maxBytes, out truncated, Write);

    private static byte[] Write(ProfileDocument document)
    {
        var root = FlameTree.Build(document, w => w.LostNs);
        var boxes = new StringBuilder();
        int depth = 0,
            hidden = 0;
        var open = new Stack<(FlameNode Node, double X, int Depth)>([(root, Margin, 0)]);
        double scale = root.Value > 0 ? (Width - 2 * Margin) / root.Value : 0;
        // an explicit stack: depth is the target's to choose
        while (open.TryPop(out var item))
        {
            double width = item.Node.Value * scale;
            if (width < MinBox)
            {
                hidden++;
                continue;
            }

            depth = Math.Max(depth, item.Depth);
            Box(boxes, item.Node, item.X, Header + item.Depth * Row, width, root.Value);
            double x = item.X;
            foreach (var child in item.Node.Children)
            {
                open.Push((child, x, item.Depth + 1));
                x += child.Value * scale;
            }
        }

        return Encoding.UTF8.GetBytes(Frame(document, root, boxes, Header + (depth + 1) * Row + (int)Margin, hidden));
    }

    private static string Frame(ProfileDocument document, FlameNode root, StringBuilder boxes, int height, int hidden)
    {
        string note = LossText.Sentence(document);
        if (hidden > 0)
            note += $"{(note.Length > 0 ? "; " : "")}{hidden} boxes too narrow to draw";
        string title =
            root.Value > 0
                ? $"Worker time lost: {HumanText.Duration(root.Value)} in {root.Count} slow polls"
                : "No worker time was lost";
        return $"""
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}" width="{Width}" height="{height}" role="img" aria-label="{Xml(
                title
            )}" font-family="ui-monospace, DejaVu Sans Mono, monospace" font-size="11">
            <rect width="100%" height="100%" fill="#0b1016"/>
            <text x="{Margin}" y="26" font-size="15" fill="#ffffff">{Xml(title)}</text>
            <text x="{Margin}" y="45" fill="#d7e0ea">{Xml(Clip(document.Verdict, 170))}</text>
            <text x="{Margin}" y="62" fill="#93a3b3">{Xml(Clip(note, 170))}</text>
            {boxes}</svg>

            """;
    }

    private static void Box(StringBuilder svg, FlameNode node, double x, int y, double width, long total)
    {
        svg.Append("<g><title>").Append(Xml(Clip(node.Name, 400)));
        if (node.Location.Length > 0)
            svg.Append(" (").Append(Xml(Clip(node.Location, 200))).Append(')');
        svg.Append(
            $": {HumanText.Duration(node.Value)}, {HumanText.Percent(node.Value * 100.0 / total)}, {node.Count} polls</title>"
        );
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<rect x=\"{x:0.##}\" y=\"{y}\" width=\"{Math.Max(MinBox, width - 0.5):0.##}\" height=\"{Row - 1}\" rx=\"1\" fill=\"{FlamePalette.Fill(node.Kind)}\"/>"
        );
        int chars = (int)((width - 6) / CharWidth);
        if (chars >= 3)
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"{x + 3:0.##}\" y=\"{y + 12}\" fill=\"{FlamePalette.Text}\">{Xml(Clip(node.Name, chars))}</text>"
            );
        svg.Append("</g>\n");
    }

    private static string Clip(string text, int max) =>
        text.Length <= max ? text : string.Concat(text.AsSpan(0, Math.Max(0, max - 1)), "\u2026");

    /// <summary>XML 1.0 has no way to write most control characters or lone surrogates at all, and what turns the writing direction is not shown.</summary>
    private static string Xml(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '&' => escaped.Append("&amp;"),
                '"' => escaped.Append("&quot;"),
                '\'' => escaped.Append("&#39;"),
                _ when !SafeText.IsSafe(rune) => escaped.Append('\ufffd'),
                _ => escaped.Append(rune.ToString()),
            };
        }

        return escaped.ToString();
    }
}
