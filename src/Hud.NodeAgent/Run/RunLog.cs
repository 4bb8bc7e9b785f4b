using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.NodeAgent.Run;

/// <summary>What a run reports besides its figures: warnings, which the report repeats, and how it ended.</summary>
/// <param name="pipe">Is told of the end as well; null for none.</param>
internal sealed class RunLog(AgentStreamWriter stream, MetricsPipe? pipe = null)
{
    private const int MaxWarnings = 100;
    private readonly List<ProfileWarning> _warnings = [];

    public IReadOnlyList<ProfileWarning> Warnings => _warnings;

    public void Warn(Diagnostic diagnostic)
    {
        if (_warnings.Count >= MaxWarnings)
            return;
        _warnings.Add(Warning(diagnostic));
        stream.Write(
            new WarningMessage
            {
                Id = diagnostic.Kind.Id,
                Text = diagnostic.Message,
                NextStep = diagnostic.NextStep,
            }
        );
    }

    public static ProfileWarning Warning(Diagnostic diagnostic) =>
        new(diagnostic.Kind.Id, diagnostic.Message, diagnostic.NextStep);

    /// <param name="reason">Completed, Interrupted, TargetGone, ReaderGone, NoRoom, NoTargets, or the id of a diagnostic.</param>
    /// <param name="losses">Where no report has them.</param>
    /// <returns>The exit code.</returns>
    public int End(string reason, int exitCode, Losses? losses = null)
    {
        var message = new EndMessage
        {
            Reason = reason,
            ExitCode = exitCode,
            CpuNs = AgentClock.OwnCpuNs,
            PeakBytes = AgentClock.OwnPeakBytes,
            Losses = losses,
            MetricsDropped = pipe?.Dropped ?? 0,
        };
        stream.Write(message);
        pipe?.End(message);
        return exitCode;
    }
}
