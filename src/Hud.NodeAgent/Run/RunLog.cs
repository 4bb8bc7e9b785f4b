using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.NodeAgent.Run;

/// <summary>What a run reports besides its figures: warnings, which the report repeats, and how it ended.</summary>
internal sealed class RunLog(AgentStreamWriter stream)
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

    /// <param name="reason">Completed, Interrupted, TargetGone, ReaderGone, NoTargets, or the id of a diagnostic.</param>
    /// <returns>The exit code.</returns>
    public int End(string reason, int exitCode)
    {
        stream.Write(
            new EndMessage
            {
                Reason = reason,
                ExitCode = exitCode,
                CpuNs = AgentClock.OwnCpuNs,
                PeakBytes = AgentClock.OwnPeakBytes,
            }
        );
        return exitCode;
    }
}
