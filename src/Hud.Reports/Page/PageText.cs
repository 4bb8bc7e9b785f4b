using System.Text;

namespace Hud.Reports.Page;

/// <summary>Names come from the target's binary: bounded, without control characters and without marks that turn the reading direction.</summary>
internal static class PageText
{
    /// <summary>Longer than any name a person reads; generic Rust names reach a few hundred.</summary>
    public const int MaxLength = 600;

    public static string Clean(string text)
    {
        bool clean = text.Length <= MaxLength;
        for (int i = 0; clean && i < text.Length; i++)
            clean = text[i] is >= ' ' and < '\u007f';
        if (clean)
            return text;

        var kept = new StringBuilder(Math.Min(text.Length, MaxLength));
        foreach (var rune in text.EnumerateRunes())
        {
            if (kept.Length >= MaxLength - 1)
            {
                kept.Append('\u2026');
                break;
            }

            kept.Append(IsHarmful(rune) ? "\ufffd" : rune.ToString());
        }

        return kept.ToString();
    }

    public static void Escape(StringBuilder html, string text)
    {
        foreach (char c in Clean(text))
        {
            _ = c switch
            {
                '<' => html.Append("&lt;"),
                '>' => html.Append("&gt;"),
                '&' => html.Append("&amp;"),
                '"' => html.Append("&quot;"),
                '\'' => html.Append("&#39;"),
                _ => html.Append(c),
            };
        }
    }

    public static string Escape(string text)
    {
        var html = new StringBuilder(text.Length + 16);
        Escape(html, text);
        return html.ToString();
    }

    /// <summary>Text over several lines, such as the lines for a Cargo.toml: its line ends stay, for an element that keeps them.</summary>
    public static RawHtml Lines(string text) => new(string.Join('\n', text.Split('\n').Select(Escape)));

    /// <summary>A name of Rust, which may be broken behind its colons: better there than within a word.</summary>
    public static RawHtml Name(string text) => new(Escape(text).Replace("::", "::<wbr>", StringComparison.Ordinal));

    /// <summary>Control characters, line and paragraph separators, and the bidirectional embeddings, overrides and isolates.</summary>
    private static bool IsHarmful(Rune rune) =>
        rune.Value
            is < 0x20
                or (>= 0x7f and < 0xa0)
                or 0x2028
                or 0x2029
                or 0x200e
                or 0x200f
                or 0x061c
                or (>= 0x202a and <= 0x202e)
                or (>= 0x2066 and <= 0x2069)
                or 0xfeff
                or 0xfffe
                or 0xffff;
}
