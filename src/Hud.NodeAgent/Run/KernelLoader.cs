using Hud.Analysis;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.Frames;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Budget;

namespace Hud.NodeAgent.Run;

/// <summary>Goes through the probe modes, best first, until one loads and its probes can be attached to a child of ours.</summary>
internal static class KernelLoader
{
    internal sealed record Loaded(BpfProbes Kernel, ProbeCost Cost, IReadOnlyList<string> Refused);

    /// <exception cref="DiagnosticException">No probe mode works, or not the one that was forced.</exception>
    public static Loaded Load(KernelSettings settings, AgentOptions options, TargetId calibrationTarget)
    {
        var refused = new List<string>();
        BpfException? last = null;
        foreach (var probeMode in Candidates(options.ForceProbeMode))
        {
            BpfProbes? kernel = null;
            try
            {
                // one type more than the targets have: the calibration's own
                kernel = BpfProbes.Load(settings with { ProbeMode = probeMode, Types = settings.Types + 1 });
                var cost = Calibration.Measure(kernel, new TaskTypeId(settings.Types), calibrationTarget);
                return new Loaded(kernel, cost, refused);
            }
            catch (BpfException e)
            {
                kernel?.Dispose();
                refused.Add($"{probeMode.Name()}: {e.Message}");
                AgentLog.Write(refused[^1], e.Log);
                last = e;
            }
        }

        throw new DiagnosticException(BpfDiagnosis.Explain(last!, options.ForceProbeMode));
    }

    private static IEnumerable<ProbeMode> Candidates(string? forced)
    {
        if (forced is null)
            return ProbeModes.All;
        return ProbeModes.TryParse(forced, out var probeMode)
            ? [probeMode]
            : throw new DiagnosticException(
                new Diagnostic(
                    DiagnosticKinds.BadUsage,
                    $"there is no probe mode \"{forced}\"",
                    "use one of " + string.Join(", ", ProbeModes.All.Select(r => r.Name()))
                )
            );
    }
}
