using Hud.Reports.Text;

namespace Hud.Cli.Cockpit;

internal sealed partial class Frame
{
    private const int HelpColumns = 142,
        LegendAt = 78;

    private (string Mark, Tone Tone, string Meaning)[] Legend =>
        [
            ("CPU", Tone.Cpu, "the poll computed too long"),
            ("CALL", Tone.Call, "it was asleep in a system call"),
            ("LOCK", Tone.Lock, "it was asleep on a lock"),
            ("QUEUE QUOTA", Tone.Pressure, "waiting for a CPU: not the code's fault"),
            ("C A W " + _glyphs.Dot, Tone.Good, "worker: computing, asleep, waiting for a CPU, idle"),
            (_glyphs.Up + " " + _glyphs.Down, Tone.Bad, "grows, shrinks: the last 10 s against those before"),
            ("~", Tone.Text, "about: scaled from polls that were sampled"),
            ("lost", Tone.Text, "worker time taken by slow polls while other tasks waited"),
            ("wait p99", Tone.Text, "of the task type that waited longest for a worker"),
            ("dropped", Tone.Text, "events that never reached this picture"),
            ("cost", Tone.Text, "CPU cost of Hud, and its budget"),
            ("level", Tone.Text, "0 every poll timed, 1 sampled, 2 without the"),
            ("", Tone.Text, "most frequent task types, 3 samples only"),
            ("names", Tone.Text, "share of frames that have a function's name"),
        ];

    /// <summary>Keys and signs; side by side where there is room, else one below the other, to scroll.</summary>
    private void DrawHelp()
    {
        var keys = Keys.All.Select(k => (k.Key, Tone.Key, k.Meaning)).ToList();
        var legend = Legend.ToList();
        bool wide = Width >= HelpColumns;
        var left = wide ? keys : [.. keys, ("", Tone.Text, ""), .. legend];
        int room = Bottom - HeadRows - 1;
        int scroll = Math.Clamp(_ui.Scroll, 0, Math.Max(0, left.Count - room));
        Rule(
            HeadRows,
            wide ? "KEYS AND SIGNS" : "KEYS, THEN SIGNS",
            left.Count > room ? $"lines {scroll + 1}-{scroll + room} of {left.Count}" : ""
        );
        HelpRows(2, wide ? LegendAt - 2 : Width - 1, left.Skip(scroll).Take(room));
        if (wide)
            HelpRows(LegendAt, Width - 1, legend.Take(room));
    }

    private void HelpRows(int x, int end, IEnumerable<(string Mark, Tone Tone, string Meaning)> rows)
    {
        int y = HeadRows + 1;
        foreach (var (mark, tone, meaning) in rows)
        {
            _screen.Put(x, y, mark, tone);
            _screen.Put(x + 14, y++, Printable.Fit(meaning, end - x - 14));
        }
    }
}
