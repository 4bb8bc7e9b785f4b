using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;

namespace Hud.Operator.Reconcile;

/// <summary>Keeps a status below its bound and its texts below the schema's, so that no write is refused for its size.</summary>
public static class StatusFit
{
    public const int MaxBytes = 32 * 1024;
    public const int MaxStack = 8;

    public static string Cut(string text, int max) => text.Length <= max ? text : string.Concat(text.AsSpan(0, max - 1), "\u2026");

    /// <summary>The rest is in the Report: stacks go first, then advice, then the lower hotspots, then messages of targets.</summary>
    public static ProfilingSessionStatus Fit(ProfilingSessionStatus status)
    {
        foreach (var frames in (int[])[MaxStack, 4, 0])
        {
            status = status with { Hotspots = [.. status.Hotspots.Select(h => h with { Stack = [.. h.Stack.Take(frames)] })] };
            if (Size(status) < MaxBytes)
                return status;
        }
        status = status with { Hotspots = [.. status.Hotspots.Select(h => h with { Advice = "", Function = Cut(h.Function, 120), UserFrame = Cut(h.UserFrame, 120), Task = Cut(h.Task, 80), Location = Cut(h.Location, 80) })] };
        while (Size(status) >= MaxBytes && status.Hotspots.Count > 1)
            status = status with { Hotspots = [.. status.Hotspots.Take(status.Hotspots.Count / 2)] };
        if (Size(status) >= MaxBytes)
            status = status with { Targets = [.. status.Targets.Select(t => t with { Message = "", TokioVersion = Cut(t.TokioVersion, 16) })] };
        if (Size(status) >= MaxBytes)
            status = status with { Hotspots = [], Conditions = [.. status.Conditions.Select(c => c with { Message = Cut(c.Message, 256) })] };
        return status;
    }

    public static int Size(ProfilingSessionStatus status) => JsonSerializer.SerializeToUtf8Bytes(status, HudJson.Default.ProfilingSessionStatus).Length;
}
