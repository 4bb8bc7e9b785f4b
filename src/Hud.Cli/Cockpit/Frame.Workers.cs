using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Reports;
using Hud.Reports.Text;

namespace Hud.Cli.Cockpit;

internal sealed partial class Frame
{
    private const int LaneRight = 14;

    /// <summary>Where the lanes begin: wide screens have room for the task's name.</summary>
    private int LaneLeft => Width < 100 ? 31 : 51;

    /// <summary>One lane a worker: what it does now, and each of the last seconds.</summary>
    private void DrawWorkers()
    {
        var workers = _model.Now!.Workers;
        int room =
            _screen.Height < 20 ? 2
            : _screen.Height < 30 ? 4
            : _screen.Height < 50 ? 8
            : 16;
        const string shares = " busy  lost ";
        int shown = Math.Min(workers.Count, room);
        int lane = Math.Max(8, Width - LaneLeft - LaneRight);
        string more = workers.Count > shown ? $", {shown} shown" : "";
        Rule(
            _y++,
            $"WORKERS {workers.Count}{more}",
            "1 column = 1 s, height = share lost; shares of the last second",
            keep: shares.Length + 1
        );
        _screen.PutRight(Width - 1, _y - 1, shares, Tone.Dim);
        // with more workers than rows, those that lose most
        foreach (
            var worker in workers.Count > shown ? workers.OrderByDescending(w => w.LostPercent).Take(shown) : workers
        )
            DrawWorker(_y++, worker, lane);
    }

    private void DrawWorker(int y, WorkerNow worker, int lane)
    {
        var (tone, glyph) = worker.State switch
        {
            "blocked" => (Tone.Bad, "A"),
            "queued" => (Tone.Pressure, "W"),
            "polling" => (Tone.Good, "C"),
            _ => (Tone.Faint, _glyphs.Dot),
        };
        _screen.PutRight(8, y, $"{worker.Tid}", Tone.Dim);
        _screen.Put(9, y, glyph, tone);
        string doing = worker.State is "idle" or ""
            ? "idle"
            : Printable.FitPath(Printable.Clean(ShortTask(worker.Task)), LaneLeft - 19);
        _screen.Put(11, y, doing, worker.State is "idle" or "" ? Tone.Faint : Tone.Text, LaneLeft - 19);
        if (worker.SinceNs > 0 && worker.State is not ("idle" or ""))
            _screen.PutRight(
                LaneLeft - 1,
                y,
                HumanText.Duration(worker.SinceNs),
                worker.SinceNs > Threshold() ? tone : Tone.Dim
            );
        for (int i = 0; i < lane; i++)
        {
            int at = _model.Samples.Count - lane + i;
            if (at < 0)
                continue;
            var past = _model.Samples[at].Workers.FirstOrDefault(w => w.Tid == worker.Tid && w.Target == worker.Target);
            if (past.LostPercent > 0)
                _screen.Put(
                    LaneLeft + i,
                    y,
                    _glyphs.Level(past.LostPercent / 100),
                    past.LostPercent >= 50 ? Tone.Bad : Tone.Warn
                );
            else
                _screen.Put(LaneLeft + i, y, past.BusyPercent > 0 ? _glyphs.Steady : " ", Tone.Faint);
        }

        _screen.PutRight(Width - 8, y, HumanText.Percent(Math.Round(worker.BusyPercent, 1)), Tone.Text);
        _screen.PutRight(
            Width - 1,
            y,
            HumanText.Percent(Math.Round(worker.LostPercent, 1)),
            worker.LostPercent > 0 ? Tone.Bad : Tone.Dim
        );
    }

    private long Threshold() => _model.Hello?.Session.Threshold.Nanoseconds ?? 5_000_000;

    /// <summary>"checkout::login::{{closure}}" of an async fn is the function's own name to a reader.</summary>
    private static string ShortTask(string task)
    {
        const string closure = "::{{closure}}";
        while (task.EndsWith(closure, StringComparison.Ordinal))
            task = task[..^closure.Length];
        return task;
    }

    /// <summary>Slow polls by worker over the window: the longest of each column, in the colour of its cause; stalls above.</summary>
    private void DrawTimeline(int bottom)
    {
        var now = _model.Now!;
        int left = 10,
            columns = Width - left - 1;
        double span = _ui.Window > TimeSpan.Zero ? _ui.Window.TotalNanoseconds : Math.Max(10e9, now.ElapsedNs);
        double from = Math.Max(0, now.ElapsedNs - span);
        double perColumn = span / columns;
        const int signs = 30;
        Rule(_y++, "TIMELINE", $"slow polls, 1 column = {HumanText.Duration((long)perColumn)}", keep: signs);
        // the colours mean causes, and the signs of the causes are their legend
        int legend = Width - 1;
        foreach (
            var cause in new[]
            {
                HotspotCause.RunQueue,
                HotspotCause.LockWait,
                HotspotCause.BlockingCall,
                HotspotCause.OnCpu,
            }
        )
        {
            string name = Words.ShortCause(cause);
            legend -= name.Length + 3;
            int x = _screen.Put(legend, _y - 1, " " + _glyphs.Level(1), ToneOf(cause));
            _screen.Put(x, _y - 1, name + " ", Tone.Dim);
        }

        int first = _y + 1;
        var lanes = now.Workers.Take(Math.Max(0, bottom - first - 1)).ToList();
        var longest = new SlowPoll?[lanes.Count, columns];
        var slowWorkers = new HashSet<int>[columns];
        foreach (var poll in _model.SlowPolls)
        {
            int start = (int)Math.Floor((poll.StartNs - from) / perColumn),
                end = (int)Math.Floor((poll.StartNs + poll.WallNs - from) / perColumn);
            for (int c = Math.Max(0, start); c <= Math.Min(columns - 1, end); c++)
            {
                (slowWorkers[c] ??= []).Add(poll.Worker);
                if (
                    poll.Worker >= 0
                    && poll.Worker < lanes.Count
                    && (longest[poll.Worker, c]?.WallNs ?? 0) < poll.WallNs
                )
                    longest[poll.Worker, c] = poll;
            }
        }

        _screen.Put(1, _y, "all slow", Tone.Dim);
        for (int c = 0; c < columns; c++)
        {
            if (now.Workers.Count > 0 && slowWorkers[c]?.Count >= now.Workers.Count)
                _screen.Put(left + c, _y, _glyphs.Down, Tone.Bad);
        }

        double max = Math.Max(1, _model.SlowPolls.Select(p => (double)p.WallNs).DefaultIfEmpty(1).Max());
        for (int i = 0; i < lanes.Count; i++)
        {
            _screen.PutRight(8, first + i, $"{lanes[i].Tid}", Tone.Dim);
            for (int c = 0; c < columns; c++)
            {
                if (longest[i, c] is { } poll)
                    _screen.Put(
                        left + c,
                        first + i,
                        _glyphs.Level(Math.Log2(1 + 15 * poll.WallNs / max) / 4),
                        ToneOf(poll.Cause)
                    );
                else
                    _screen.Put(left + c, first + i, _glyphs.Steady, Tone.Faint);
            }
        }

        int axis = first + lanes.Count;
        _screen.Put(left, axis, "+" + Clock((long)from), Tone.Dim);
        _screen.PutRight(Width - 1, axis, $"now +{Clock(now.ElapsedNs)}", Tone.Dim);
        if (_model.SlowPollsForgotten > 0)
            _screen.Put(
                left + 12,
                axis,
                $"{HumanText.Count(_model.SlowPollsForgotten)} older ones are only in the report",
                Tone.Warn
            );
        _y = axis + 1;
    }
}
