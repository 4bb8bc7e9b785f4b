using System.Text;
using Hud.Reports.Text;

namespace Hud.Cli.Cockpit;

/// <summary>What a cell means; <see cref="Palette"/> gives it a colour.</summary>
internal enum Tone : byte
{
    Text,
    Dim,
    Faint,
    Strong,
    Title,
    Good,
    Warn,
    Bad,
    User,
    Cpu,
    Call,
    Lock,
    Pressure,
    Key,
}

internal readonly record struct Cell(string Glyph, Tone Tone, bool Selected)
{
    public static readonly Cell Blank = new(" ", Tone.Text, false);

    /// <summary>The right half of a character of two columns.</summary>
    public bool IsContinuation => Glyph.Length == 0;
}

/// <summary>A grid of cells. Drawing is clipped: nothing a target is called can move anything else.</summary>
internal sealed class Screen
{
    private readonly Cell[] _cells;

    public Screen(int width, int height)
    {
        (Width, Height) = (width, height);
        _cells = new Cell[width * height];
        Array.Fill(_cells, Cell.Blank);
    }

    public int Width { get; }

    public int Height { get; }

    public ReadOnlySpan<Cell> Row(int y) => _cells.AsSpan(y * Width, Width);

    /// <summary>Writes from column x up to the right edge or <paramref name="room"/> columns; returns the column after it.</summary>
    public int Put(int x, int y, string text, Tone tone = Tone.Text, int room = int.MaxValue)
    {
        if (y < 0 || y >= Height || x >= Width || x < 0)
            return x;
        int end = (int)Math.Min(Width, (long)x + room);
        foreach (var rune in text.EnumerateRunes())
        {
            string glyph = rune.ToString();
            int columns = Printable.Width(glyph);
            if (columns == 0)
                continue; // a combining mark has no cell of its own
            if (x + columns > end)
                break;
            _cells[y * Width + x] = new Cell(glyph, tone, _cells[y * Width + x].Selected);
            if (columns == 2)
                _cells[y * Width + x + 1] = new Cell("", tone, _cells[y * Width + x + 1].Selected);
            x += columns;
        }

        return x;
    }

    /// <summary>Right-aligned so that it ends before column <paramref name="end"/>.</summary>
    public void PutRight(int end, int y, string text, Tone tone = Tone.Text) =>
        Put(Math.Max(0, end - Printable.Width(text)), y, text, tone);

    public void Select(int y)
    {
        if (y < 0 || y >= Height)
            return;
        for (int x = 0; x < Width; x++)
            _cells[y * Width + x] = _cells[y * Width + x] with { Selected = true };
    }

    /// <summary>Rows as text, blanks at the end cut: for tests and for terminals without cursor control.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        for (int y = 0; y < Height; y++)
        {
            var line = new StringBuilder();
            foreach (var cell in Row(y))
                line.Append(cell.Glyph);
            text.Append(line.ToString().TrimEnd(' ')).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>One letter a cell for its tone, capital where selected: golden files of the colours.</summary>
    public string ToTones()
    {
        const string letters = "tdfsTgwbucalpk";
        var text = new StringBuilder();
        for (int y = 0; y < Height; y++)
        {
            var line = new StringBuilder();
            foreach (var cell in Row(y))
                line.Append(
                    cell is { Glyph: " ", Selected: false } ? ' '
                    : cell.Selected ? '#'
                    : letters[(int)cell.Tone]
                );
            text.Append(line.ToString().TrimEnd(' ')).Append('\n');
        }

        return text.ToString();
    }
}
