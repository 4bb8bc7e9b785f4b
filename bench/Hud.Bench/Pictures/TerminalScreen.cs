using System.Globalization;
using System.Text.RegularExpressions;

namespace Hud.Bench;

/// <summary>Text in one style; <see cref="Back"/> is null for the paper. Line ends stay in the text.</summary>
internal sealed record Run(string Text, string Front, string? Back, bool Bold, bool Dim);

/// <summary>What <c>tmux capture-pane -p -e</c> prints, taken apart: text with its colours.</summary>
internal static partial class TerminalScreen
{
    public const string Paper = "#0c0e12",
        Ink = "#d0d4dc";

    private static readonly string[] Basic =
    [
        "#000000",
        "#cd3131",
        "#0dbc79",
        "#e5e510",
        "#2472c8",
        "#bc3fbc",
        "#11a8cd",
        "#e5e5e5",
    ];

    private static readonly string[] Bright =
    [
        "#666666",
        "#f14c4c",
        "#23d18b",
        "#f5f543",
        "#3b8eea",
        "#d670d6",
        "#29b8db",
        "#ffffff",
    ];

    public static IEnumerable<Run> Runs(string ansi)
    {
        var style = new Style(null, null, false, false, false);
        foreach (Match part in StyledText().Matches("\e[0m" + ansi))
        {
            var codes = part.Groups["codes"].Value;
            style = style.With([.. (codes.Length == 0 ? "0" : codes).Split(';').Select(Number)]);
            var text = part.Groups["text"].Value;
            if (text.Length == 0)
                continue;
            var (front, back) = (style.Front ?? Ink, style.Back);
            if (style.Inverse)
                (front, back) = (back ?? Paper, front);
            yield return new Run(text, front, back, style.Bold, style.Dim);
        }
    }

    public static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal);

    private static int Number(string code) => code.Length == 0 ? 0 : int.Parse(code, CultureInfo.InvariantCulture);

    /// <summary>16 colours, a cube of 6x6x6, 24 greys.</summary>
    private static string Indexed(int n) =>
        n switch
        {
            < 8 => Basic[n],
            < 16 => Bright[n - 8],
            < 232 => Hex(Cube((n - 16) / 36), Cube((n - 16) / 6 % 6), Cube((n - 16) % 6)),
            _ => Hex(8 + (n - 232) * 10, 8 + (n - 232) * 10, 8 + (n - 232) * 10),
        };

    private static int Cube(int v) => v == 0 ? 0 : v * 40 + 55;

    private static string Hex(int red, int green, int blue) => $"#{red:x2}{green:x2}{blue:x2}";

    [GeneratedRegex(@"\x1b\[(?<codes>[\d;]*)m(?<text>[^\x1b]*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StyledText();

    private sealed record Style(string? Front, string? Back, bool Bold, bool Dim, bool Inverse)
    {
        /// <summary>After the codes of one SGR sequence (ECMA-48, 8.3.117).</summary>
        public Style With(ReadOnlySpan<int> codes)
        {
            var style = this;
            for (var i = 0; i < codes.Length; i++)
            {
                if (codes[i] is 38 or 48)
                {
                    var direct = codes[i + 1] == 2;
                    var colour = direct ? Hex(codes[i + 2], codes[i + 3], codes[i + 4]) : Indexed(codes[i + 2]);
                    style = codes[i] == 38 ? style with { Front = colour } : style with { Back = colour };
                    i += direct ? 4 : 2;
                    continue;
                }
                style = codes[i] switch
                {
                    0 => new Style(null, null, false, false, false),
                    1 => style with { Bold = true },
                    2 => style with { Dim = true },
                    7 => style with { Inverse = true },
                    22 => style with { Bold = false, Dim = false },
                    27 => style with { Inverse = false },
                    39 => style with { Front = null },
                    49 => style with { Back = null },
                    >= 30 and <= 37 and var n => style with { Front = Basic[n - 30] },
                    >= 40 and <= 47 and var n => style with { Back = Basic[n - 40] },
                    >= 90 and <= 97 and var n => style with { Front = Bright[n - 90] },
                    _ => style,
                };
            }
            return style;
        }
    }
}
