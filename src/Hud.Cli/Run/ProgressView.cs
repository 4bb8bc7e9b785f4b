using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Reports;
using Hud.Reports.Text;

namespace Hud.Cli.Run;

/// <summary>Progress on stderr: one refreshed line on a terminal, a line every five seconds elsewhere.</summary>
internal sealed class ProgressView(TextWriter error, bool terminal, Func<int> width) : IRunView
{
    private static readonly long Every = TimeSpan.FromSeconds(5).Ticks * 100;
    private long _lastNs = -Every;
    private bool _drawn;

    public void Show(StreamMessage message)
    {
        switch (message)
        {
            case HelloMessage hello:
                Draw($"hud: {hello.Agent.ProbeMode}, looking for Tokio...");
                break;
            case TargetMessage { Target: { Reason.Length: 0 } target }:
                string tokio = target.TokioVersion.Length > 0 ? " " + target.TokioVersion : "";
                // workers are known by their first polls
                string workers = target.Workers > 0 ? ", " + Words.Plural(target.Workers, "worker") : "";
                Draw($"hud: watching {Printable.Clean(target.Process)} (pid {target.Pid}): tokio{tokio}{workers}");
                break;
            case ProgressMessage progress when terminal || progress.ElapsedNs - _lastNs >= Every:
                _lastNs = progress.ElapsedNs;
                Draw(Line(progress));
                break;
        }
    }

    public static string Line(ProgressMessage p)
    {
        var s = p.Summary;
        string lost =
            p.LostEvents > 0
                ? $"  {HumanText.Count(p.LostEvents)} {(p.LostEvents == 1 ? "event" : "events")} dropped"
                : "";
        // absent where no wait was timed: a zero would say that none waited
        string wait = p.Tasks.ByWait().FirstOrDefault()?.Waits is { } waits
            ? $", wait p99 {HumanText.Duration(waits.P99Ns)}"
            : "";
        string waiting = p.Waiting is null ? "" : $"{WaitingText.Of(p.Waiting)}; ";
        return $"hud: {HumanText.Duration(p.ElapsedNs / 1_000_000_000 * 1_000_000_000)}  {waiting}{HumanText.Count(s.Polls)} polls, {HumanText.Count(s.SlowPolls)} slow, "
            + $"lost {HumanText.Percent(s.BlockedPercent)}, worst {HumanText.Duration(s.WorstPollNs)}{wait}, cost {HumanText.Percent(p.Overhead.MeasuredPercent)}{lost}";
    }

    public void Say(string line)
    {
        error.WriteLine(terminal && _drawn ? "\r\x1b[Khud: " + line : "hud: " + line);
        error.Flush();
    }

    public void Dispose()
    {
        if (_drawn && terminal)
            error.Write("\r\x1b[K");
    }

    private void Draw(string line)
    {
        _drawn = true;
        if (terminal)
            error.Write($"\r\x1b[K{Printable.Fit(line, Math.Max(20, width() - 1))}");
        else
            error.WriteLine(line);
        error.Flush();
    }
}
