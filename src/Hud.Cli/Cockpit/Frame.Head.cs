using Hud.Cli.Run;
using Hud.Core.Profile;
using Hud.Reports;
using Hud.Reports.Text;

namespace Hud.Cli.Cockpit;

internal sealed partial class Frame
{
    private void DrawHead()
    {
        var now = _model.Now;
        var span = now is null ? null : WindowSummary.Of(_model, _ui.Window, _all);
        var level = span?.Level ?? VerdictLevel.NoData;
        var tone = ToneOf(level);
        DrawTitle(level, tone);
        if (span is null)
            return;
        string sentence = Printable.Fit(
            now!.Waiting is { } waiting ? WaitingText.Of(waiting) : Printable.Clean(span.Sentence),
            Width - 2
        );
        _screen.Put(1, 1, sentence, now.Waiting is null ? tone : Tone.Warn);
        DrawPolls(span, sentence);
        DrawMachine(span);
    }

    /// <summary>Whose cockpit it is, the verdict in a word, how far the run is, and what the figures below are of.</summary>
    private void DrawTitle(VerdictLevel level, Tone tone)
    {
        var now = _model.Now;
        int x = _screen.Put(1, 0, "HUD ", Tone.Dim);
        x = _screen.Put(x, 0, TargetName(), Tone.Strong, Math.Max(8, Width / 3));
        x = _screen.Put(x + 2, 0, _glyphs.Light + " ", tone);
        x = _screen.Put(x, 0, now is null ? "STARTING" : Words.Verdict(level), tone);
        string state =
            _model.Stopping ? "SUMMING UP"
            : _ui.Paused ? "PAUSED"
            : now?.Waiting is not null ? "WAITING"
            : "live";
        string progress = now is null ? "" : Progress(now.ElapsedNs);
        bool live = !_model.Stopping && !_ui.Paused && now?.Waiting is null;
        int end = Width - 2 - SpanName().Length;
        // on a narrow screen one of the two: a picture that stands still has to say so
        bool both = x + progress.Length + state.Length + 4 <= end;
        if (both || live)
            x = _screen.Put(x + 2, 0, progress, Tone.Text, Math.Max(0, end - x - 2));
        if (both || !live)
            _screen.Put(x + 2, 0, state, live ? Tone.Good : Tone.Warn, Math.Max(0, end - x - 2));
        _screen.PutRight(Width - 1, 0, SpanName(), _ui.Window > TimeSpan.Zero ? Tone.Key : Tone.Dim);
    }

    private void DrawPolls(WindowSummary span, string sentence)
    {
        string about = span.Estimated ? "~" : "";
        Strip(
            2,
            [
                .. Unless(
                    sentence,
                    ("lost", about + HumanText.Percent(Math.Round(span.LostPercent, 2)), Lost(span)),
                    ("worst", HumanText.Duration(span.WorstNs), span.WorstNs > 0 ? Tone.Strong : Tone.Text)
                ),
                (
                    "stalls",
                    span.LongestStallNs > 0
                        ? $"{span.Stalls} max {HumanText.Duration(span.LongestStallNs)}"
                        : $"{span.Stalls}",
                    span.Stalls > 0 ? Tone.Bad : Tone.Text
                ),
                (
                    "slow",
                    $"{about}{HumanText.Count(span.SlowPolls)} of {about}{HumanText.Count(span.Polls)} polls",
                    Tone.Text
                ),
                .. Waited(),
                ("threshold", HumanText.Duration(Threshold()), Tone.Text),
            ]
        );
    }

    /// <summary>What the tasks feel of it: the task type that waited longest for a worker. Only known since the start.</summary>
    private IEnumerable<(string, string, Tone)> Waited()
    {
        if (HasWindow || _model.Now!.Tasks.ByWait().FirstOrDefault()?.Waits is not { } waits)
            yield break;
        string longest = Width >= 100 ? $" max {HumanText.Duration(waits.MaxNs)}" : "";
        yield return (
            "wait p99",
            (waits.Estimated ? "~" : "") + HumanText.Duration(waits.P99Ns) + longest,
            waits.P99Ns >= Threshold() ? Tone.Warn : Tone.Text
        );
    }

    /// <summary>What the machine did to the service, and what is known of the measurement itself.</summary>
    private void DrawMachine(WindowSummary span)
    {
        var o = _model.Now!.Overhead;
        var names = _model.Now.Summary;
        (string, string, Tone)[] sinceTheStart =
        [
            (
                "cost",
                $"{HumanText.Percent(o.MeasuredPercent)} of {HumanText.Percent(o.BudgetPercent)}",
                o.MeasuredPercent > o.BudgetPercent && o.BudgetPercent > 0 ? Tone.Warn : Tone.Text
            ),
            (
                "names",
                $"{names.SymbolizedPercent}%",
                names.SymbolizedPercent < 80 && names.SlowPolls > 0 ? Tone.Warn : Tone.Text
            ),
        ];
        Strip(
            3,
            [
                ("queue", HumanText.Duration(span.RunQueueNs), span.RunQueueNs > 0 ? Tone.Pressure : Tone.Text),
                ("quota", HumanText.Duration(span.ThrottledNs), span.ThrottledNs > 0 ? Tone.Pressure : Tone.Text),
                ("dropped", HumanText.Count(span.Dropped), span.Dropped > 0 ? Tone.Warn : Tone.Text),
                .. _model.Before(_ui.Window) is null ? sinceTheStart : [],
                ("level", $"{o.Level}", o.Level > 0 ? Tone.Warn : Tone.Text),
                ("", Words.Level(o.Level), Tone.Dim),
            ]
        );
    }

    private static Tone Lost(WindowSummary span) => span.LostPercent > 0 ? Tone.Bad : Tone.Good;

    /// <summary>A figure that the sentence above says is not said again.</summary>
    private static IEnumerable<(string, string, Tone)> Unless(
        string sentence,
        params (string Label, string Value, Tone Tone)[] items
    ) => items.Where(item => !sentence.Contains(item.Value, StringComparison.Ordinal));
}
