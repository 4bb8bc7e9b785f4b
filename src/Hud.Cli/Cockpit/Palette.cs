using Spectre.Console;

namespace Hud.Cli.Cockpit;

/// <summary>Tones as colours: dark, with one bright colour for each meaning. Spectre lowers them to what the terminal has.</summary>
internal static class Palette
{
    private static readonly Color Selection = new(38, 50, 68);
    private static readonly Style[] Styles = Make(null),
        SelectedStyles = Make(Selection);

    public static Style StyleOf(Cell cell) => (cell.Selected ? SelectedStyles : Styles)[(int)cell.Tone];

    private static Style[] Make(Color? background) =>
        [.. Enum.GetValues<Tone>().Select(tone => Make(tone, background))];

    private static Style Make(Tone tone, Color? background)
    {
        var (r, g, b, decoration) = tone switch
        {
            Tone.Dim => (148, 155, 166, Decoration.None),
            Tone.Faint => (92, 99, 112, Decoration.None),
            Tone.Strong => (245, 247, 250, Decoration.Bold),
            Tone.Title => (171, 178, 191, Decoration.Bold),
            Tone.Good => (106, 210, 130, Decoration.None),
            Tone.Warn => (240, 190, 90, Decoration.None),
            Tone.Bad => (255, 95, 95, Decoration.Bold),
            Tone.User => (102, 217, 239, Decoration.Bold),
            Tone.Cpu => (255, 135, 80, Decoration.None),
            Tone.Call => (110, 165, 255, Decoration.None),
            Tone.Lock => (215, 130, 255, Decoration.None),
            Tone.Pressure => (200, 190, 110, Decoration.None),
            Tone.Key => (255, 215, 120, Decoration.Bold),
            _ => (208, 212, 220, Decoration.None),
        };
        return new Style(new Color((byte)r, (byte)g, (byte)b), background, decoration);
    }
}
