using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Hud.Cli.Cockpit;

/// <summary>
/// Puts screens on a terminal. Only rows that changed are written, and a frame is one write, so nothing flickers and a
/// quiet picture costs nothing.
/// </summary>
internal sealed class ScreenWriter : IDisposable
{
    // alternate screen, hidden cursor, no wrap at the right edge
    private const string Enter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
    private const string Leave = "\x1b[?7h\x1b[?25h\x1b[0m\x1b[?1049l";
    private readonly System.IO.Stream _output;
    private readonly MemoryStream _frame = new();
    private readonly IAnsiConsole _console;
    private readonly StreamWriter _writer;
    private Screen? _shown;

    public ScreenWriter(System.IO.Stream output, ColorSystemSupport colors)
    {
        _output = output;
        _writer = new StreamWriter(_frame, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false))
        {
            AutoFlush = false,
        };
        _console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.Yes,
                ColorSystem = colors,
                Interactive = InteractionSupport.No,
                Out = new FixedOutput(_writer),
                Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
            }
        );
        // the width is ours to keep: Spectre must not wrap
        _console.Profile.Width = 10_000;
        Write(Enter);
        Flush();
    }

    /// <summary>NO_COLOR leaves bold and the selection's mark; else what TERM and COLORTERM promise.</summary>
    public static ColorSystemSupport Detect()
    {
        string term = Environment.GetEnvironmentVariable("TERM") ?? "",
            color = Environment.GetEnvironmentVariable("COLORTERM") ?? "";
        return Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } ? ColorSystemSupport.NoColors
            : color is "truecolor" or "24bit" || term.EndsWith("-direct", StringComparison.Ordinal)
                ? ColorSystemSupport.TrueColor
            : term.Contains("256", StringComparison.Ordinal) ? ColorSystemSupport.EightBit
            : ColorSystemSupport.Standard;
    }

    public void Show(Screen screen)
    {
        bool whole = _shown is null || _shown.Width != screen.Width || _shown.Height != screen.Height;
        if (whole)
            Write("\x1b[2J");
        for (int y = 0; y < screen.Height; y++)
        {
            if (!whole && screen.Row(y).SequenceEqual(_shown!.Row(y)))
                continue;
            Write($"\x1b[{y + 1};1H");
            _console.Write(new RowOfCells(screen, y));
        }

        _shown = screen;
        Flush();
    }

    /// <summary>The terminal may show something else now (after a stop and a continue): draw all of the next frame.</summary>
    public void Forget() => _shown = null;

    /// <summary>OSC 52: the terminal, also one at the other end of ssh, puts the text on its clipboard if it is allowed to.</summary>
    public void Copy(string text)
    {
        Write($"\x1b]52;c;{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}\a");
        Flush();
    }

    public void Dispose()
    {
        Write(Leave);
        Flush();
        _writer.Dispose();
        _frame.Dispose();
    }

    private void Write(string control)
    {
        _writer.Write(control);
        _writer.Flush();
    }

    private void Flush()
    {
        _writer.Flush();
        if (_frame.Length == 0)
            return;
        _output.Write(_frame.GetBuffer(), 0, (int)_frame.Length);
        _output.Flush();
        _frame.SetLength(0);
    }

    /// <summary>One row as runs of cells with one style.</summary>
    private sealed class RowOfCells(Screen screen, int y) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => new(screen.Width, screen.Width);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
        {
            var segments = new List<Segment>();
            var text = new StringBuilder();
            var row = screen.Row(y);
            for (int x = 0; x < row.Length; x++)
            {
                text.Append(row[x].Glyph);
                if (x + 1 == row.Length || row[x + 1].Tone != row[x].Tone || row[x + 1].Selected != row[x].Selected)
                {
                    segments.Add(new Segment(text.ToString(), Style(row[x], options)));
                    text.Clear();
                }
            }

            return segments;
        }

        /// <summary>With few colours or none the selected row is reversed: its own background would be black.</summary>
        private static Style Style(Cell cell, RenderOptions options)
        {
            var style = Palette.StyleOf(cell);
            return options.ColorSystem switch
            {
                ColorSystem.NoColors => new Style(
                    decoration: style.Decoration | (cell.Selected ? Decoration.Invert : Decoration.None)
                ),
                ColorSystem.Legacy or ColorSystem.Standard when cell.Selected => new Style(
                    style.Foreground,
                    decoration: style.Decoration | Decoration.Invert
                ),
                _ => style,
            };
        }
    }

    private sealed class FixedOutput(TextWriter writer) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => true;

        public int Width => 10_000;

        public int Height => 1_000;

        public void SetEncoding(Encoding encoding)
        {
            // UTF-8, always
        }
    }
}
