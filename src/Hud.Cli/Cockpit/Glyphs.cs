namespace Hud.Cli.Cockpit;

/// <summary>Characters of the panel, and their stand-ins where the terminal speaks no UTF-8.</summary>
internal sealed record Glyphs(
    string Levels,
    string Light,
    string Pointer,
    string Rule,
    string Bar,
    string BarRest,
    string Up,
    string Down,
    string Steady,
    string Dot,
    string Arrow
)
{
    public static readonly Glyphs Unicode = new(" ▁▂▃▄▅▆▇█", "●", "▶", "─", "█", "·", "▲", "▼", "·", "·", "→");

    public static readonly Glyphs Ascii = new(" .:-=+*%#", "*", ">", "-", "#", ".", "^", "v", ".", "|", ">");

    /// <summary>A bar column for a share of 0..1; more than nothing is never drawn as nothing.</summary>
    public string Level(double share)
    {
        int top = Levels.Length - 1;
        int level =
            share <= 0 || double.IsNaN(share) ? 0 : Math.Clamp((int)Math.Ceiling(Math.Min(share, 1) * top), 1, top);
        return Levels[level].ToString();
    }

    public string Meter(double share, int width)
    {
        int full = share <= 0 || double.IsNaN(share) ? 0 : Math.Clamp((int)Math.Round(share * width), 1, width);
        return string.Concat(Enumerable.Repeat(Bar, full).Concat(Enumerable.Repeat(BarRest, width - full)));
    }
}
