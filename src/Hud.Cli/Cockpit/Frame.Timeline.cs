using Hud.Core.Profile;
using Hud.Reports;
using Hud.Reports.Text;

namespace Hud.Cli.Cockpit;

internal sealed partial class Frame
{
    private const int TimelineLeft = 10;
    private const int LegendWidth = 30;

    private static readonly HotspotCause[] LegendCauses =
    [
        HotspotCause.RunQueue,
        HotspotCause.LockWait,
        HotspotCause.BlockingCall,
        HotspotCause.OnCpu,
    ];

    /// <summary>Slow polls by worker over the window: the longest of each column, in the colour of its cause; stalls above.</summary>
    private void DrawTimeline(int bottom)
    {
        var now = _model.Now!;
        int columns = Width - TimelineLeft - 1;
        double span = _ui.Window > TimeSpan.Zero ? _ui.Window.TotalNanoseconds : Math.Max(10e9, now.ElapsedNs);
        double from = Math.Max(0, now.ElapsedNs - span);
        double perColumn = span / columns;
        Rule(_y, "TIMELINE", $"slow polls, 1 column = {HumanText.Duration((long)perColumn)}", keep: LegendWidth);
        DrawLegend(_y++);

        int first = _y + 1;
        var lanes = now.Workers.Take(Math.Max(0, bottom - first - 1)).ToList();
        var (longest, slowWorkers) = Columns(from, perColumn, lanes.Count, columns);
        _screen.Put(1, _y, "all slow", Tone.Dim);
        for (int c = 0; c < columns; c++)
        {
            if (now.Workers.Count > 0 && slowWorkers[c]?.Count >= now.Workers.Count)
                _screen.Put(TimelineLeft + c, _y, _glyphs.Down, Tone.Bad);
        }

        double max = Math.Max(1, _model.SlowPolls.Select(p => (double)p.WallNs).DefaultIfEmpty(1).Max());
        for (int i = 0; i < lanes.Count; i++)
        {
            _screen.PutRight(8, first + i, $"{lanes[i].Tid}", Tone.Dim);
            for (int c = 0; c < columns; c++)
            {
                var (glyph, tone) = longest[i, c] is { } poll
                    ? (_glyphs.Level(Math.Log2(1 + 15 * poll.WallNs / max) / 4), ToneOf(poll.Cause))
                    : (_glyphs.Steady, Tone.Faint);
                _screen.Put(TimelineLeft + c, first + i, glyph, tone);
            }
        }

        DrawAxis(first + lanes.Count, (long)from, now.ElapsedNs);
        _y = first + lanes.Count + 1;
    }

    /// <summary>The colours mean causes, and the signs of the causes are their legend.</summary>
    private void DrawLegend(int y)
    {
        int legend = Width - 1;
        foreach (var cause in LegendCauses)
        {
            string name = Words.ShortCause(cause);
            legend -= name.Length + 3;
            int x = _screen.Put(legend, y, " " + _glyphs.Level(1), ToneOf(cause));
            _screen.Put(x, y, name + " ", Tone.Dim);
        }
    }

    /// <summary>Of each lane and column the longest poll, and of each column the workers that were in a slow one.</summary>
    private (SlowPoll?[,] Longest, HashSet<int>?[] SlowWorkers) Columns(
        double fromNs,
        double perColumnNs,
        int lanes,
        int columns
    )
    {
        var longest = new SlowPoll?[lanes, columns];
        var slowWorkers = new HashSet<int>?[columns];
        foreach (var poll in _model.SlowPolls)
        {
            int start = (int)Math.Floor((poll.StartNs - fromNs) / perColumnNs),
                end = (int)Math.Floor((poll.StartNs + poll.WallNs - fromNs) / perColumnNs);
            for (int c = Math.Max(0, start); c <= Math.Min(columns - 1, end); c++)
            {
                (slowWorkers[c] ??= []).Add(poll.Worker);
                if (poll.Worker >= 0 && poll.Worker < lanes && (longest[poll.Worker, c]?.WallNs ?? 0) < poll.WallNs)
                    longest[poll.Worker, c] = poll;
            }
        }

        return (longest, slowWorkers);
    }

    private void DrawAxis(int y, long fromNs, long nowNs)
    {
        _screen.Put(TimelineLeft, y, "+" + Clock(fromNs), Tone.Dim);
        _screen.PutRight(Width - 1, y, $"now +{Clock(nowNs)}", Tone.Dim);
        if (_model.SlowPollsForgotten > 0)
            _screen.Put(
                TimelineLeft + 12,
                y,
                $"{HumanText.Count(_model.SlowPollsForgotten)} older ones are only in the report",
                Tone.Warn
            );
    }
}
