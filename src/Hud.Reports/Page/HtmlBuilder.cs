using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Hud.Reports.Page;

/// <summary>Text that is HTML already: the only thing that goes through unescaped.</summary>
internal readonly record struct RawHtml(string Text);

/// <summary>
/// Collects HTML from interpolated strings. The literal parts are ours and stay; every hole is escaped, so that a
/// forgotten call cannot let a symbol name write markup.
/// </summary>
internal sealed class HtmlBuilder
{
    private readonly StringBuilder _html = new();

    public void Add([InterpolatedStringHandlerArgument("")] ref EscapingHandler html) => html.End();

    public void AddRaw(string html) => _html.Append(html);

    /// <summary>
    /// Other characters than ASCII's as references: with a single one in it, a browser keeps half a megabyte in twice the bytes. Scripts and
    /// styles, where a reference is none, are ASCII.
    /// </summary>
    public override string ToString()
    {
        string html = _html.ToString();
        if (Ascii.IsValid(html))
            return html;
        var ascii = new StringBuilder(html.Length + 256);
        foreach (var rune in html.EnumerateRunes())
        {
            _ = rune.IsAscii
                ? ascii.Append((char)rune.Value)
                : ascii.Append(CultureInfo.InvariantCulture, $"&#{rune.Value};");
        }

        return ascii.ToString();
    }

    [InterpolatedStringHandler]
    public readonly ref struct EscapingHandler
    {
        private readonly StringBuilder _html;

        public EscapingHandler(int literalLength, int formattedCount, HtmlBuilder builder)
        {
            _html = builder._html;
            _html.EnsureCapacity(_html.Length + literalLength + formattedCount * 8);
        }

        public void AppendLiteral(string ours) => _html.Append(ours);

        public void AppendFormatted(string? text) => PageText.Escape(_html, text ?? "");

        public void AppendFormatted(RawHtml html) => _html.Append(html.Text);

        public void AppendFormatted(int number) => _html.Append(number.ToString(CultureInfo.InvariantCulture));

        public void AppendFormatted(long number) => _html.Append(number.ToString(CultureInfo.InvariantCulture));

        public void AppendFormatted(double number) =>
            _html.Append(number.ToString("0.##", CultureInfo.InvariantCulture));

        /// <summary>Ends the line that was interpolated.</summary>
        public void End() => _html.Append('\n');
    }
}
