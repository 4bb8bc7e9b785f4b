using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Budget;

namespace Hud.NodeAgent.Run;

/// <summary>Walks the support ladder from the top until a rung loads and its probes can be attached to a child of ours.</summary>
internal static class KernelLoader
{
    internal sealed record Loaded(KernelSide Kernel, ProbeCost Cost, IReadOnlyList<string> Refused);

    /// <exception cref="DiagnosticException">No rung works, or not the one that was forced.</exception>
    public static Loaded Load(KernelSettings settings, AgentOptions options, int calibrationTarget)
    {
        var refused = new List<string>();
        BpfException? last = null;
        foreach (var rung in Candidates(options.ForceRung))
        {
            KernelSide? kernel = null;
            try
            {
                // one type more than the targets have: the calibration's own
                kernel = KernelSide.Load(settings with { Rung = rung, Types = settings.Types + 1 });
                var cost = Calibration.Measure(kernel, (uint)settings.Types, calibrationTarget);
                return new Loaded(kernel, cost, refused);
            }
            catch (BpfException e)
            {
                kernel?.Dispose();
                refused.Add($"{rung.Name()}: {e.Message}");
                AgentLog.Write(refused[^1], e.Log);
                last = e;
            }
        }

        throw new DiagnosticException(BpfDiagnosis.Explain(last!, options.ForceRung));
    }

    private static IEnumerable<Rung> Candidates(string? forced)
    {
        if (forced is null)
            return Rungs.All;
        return Rungs.TryParse(forced, out var rung)
            ? [rung]
            : throw new DiagnosticException(
                new Diagnostic(
                    DiagnosticKinds.BadUsage,
                    $"there is no rung \"{forced}\"",
                    "use one of " + string.Join(", ", Rungs.All.Select(r => r.Name()))
                )
            );
    }
}
