using System.Text;

namespace Hud.Reports.Text;

/// <summary>What a piece of text means; the palette turns it into colours, or into nothing.</summary>
public enum Ink
{
    Plain,
    Strong,
    Dim,
    Bad,
    Warn,
    Good,
    User,
    Title,
}

/// <summary>Lines of text with meaning, each at most as wide as asked for; colour codes only where wanted.</summary>
internal sealed class TextSheet(int width, bool color)
{
    private readonly StringBuilder _text = new();
    private int _column;

    public int Width => width;

    public int Left => width - _column;

    /// <summary>Adds text to the current line; what does not fit is cut with "...".</summary>
    public TextSheet Add(string text, Ink ink = Ink.Plain)
    {
        text = Printable.Fit(text, Math.Max(0, Left));
        _column += Printable.Width(text);
        if (!color || ink == Ink.Plain || text.Length == 0)
            _text.Append(text);
        else
            _text.Append("\x1b[").Append(Code(ink)).Append('m').Append(text).Append("\x1b[0m");
        return this;
    }

    public TextSheet Pad(int column)
    {
        if (_column < column)
            Add(new string(' ', column - _column));
        return this;
    }

    public TextSheet End()
    {
        // blanks at the end of a line are noise in files and diffs
        while (_text.Length > 0 && _text[^1] == ' ')
            _text.Length--;
        _text.Append('\n');
        _column = 0;
        return this;
    }

    public void Line(string text = "", Ink ink = Ink.Plain) => Add(text, ink).End();

    /// <summary>A paragraph, indented; the first line may begin with a mark.</summary>
    public void Paragraph(string text, int indent, Ink ink = Ink.Plain, string mark = "", Ink markInk = Ink.Plain)
    {
        bool first = true;
        foreach (string line in Printable.Wrap(text, width - indent))
        {
            if (first && mark.Length > 0)
                Pad(indent - Printable.Width(mark)).Add(mark, markInk);
            Pad(indent).Add(line, ink).End();
            first = false;
        }
    }

    /// <summary>A heading after an empty line.</summary>
    public void Heading(string title, string note = "")
    {
        Line();
        Add(title, Ink.Title);
        if (note.Length > 0)
            Add("  " + note, Ink.Dim);
        End();
    }

    public override string ToString() => _text.ToString();

    private static string Code(Ink ink) =>
        ink switch
        {
            Ink.Strong => "1",
            Ink.Dim => "2",
            Ink.Bad => "1;31",
            Ink.Warn => "33",
            Ink.Good => "32",
            Ink.User => "1;36",
            Ink.Title => "1;4",
            _ => "0",
        };
}
