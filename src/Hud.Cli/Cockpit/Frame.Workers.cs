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
}
