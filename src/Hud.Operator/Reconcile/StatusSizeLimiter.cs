using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;

namespace Hud.Operator.Reconcile;

/// <summary>Keeps a status below its bound and its texts below the schema's, so that no write is refused for its size.</summary>
public static class StatusSizeLimiter
{
    public const int MaxBytes = 32 * 1024;
    public const int MaxStack = 8;

    public const int MaxOutlierText = 256;
    public const int MaxVersionText = 128;

    /// <summary>What the targets may take of the status; more are not listed.</summary>
    public const int MaxTargetBytes = 20 * 1024;

    /// <summary>An upper estimate of one target's part, its texts for people left out.</summary>
    public static int TargetBytes(TargetStatus t) =>
        600
        + t.Pod.Length
        + t.PodUid.Length
        + t.Node.Length
        + t.Container.Length
        + t.ContainerId.Length
        + t.Image.Length
        + t.ImageDigest.Length;

    /// <summary>2^53 - 1: beyond it a number of JSON is not exact.</summary>
    public const long MaxCount = 9007199254740991;

    public static long Count(long n) => Math.Clamp(n, 0, MaxCount);

    public static int Count(int n) => Math.Max(0, n);

    /// <summary>Rounded to two places, and within what the schema allows.</summary>
    public static double Percent(double percent, double max = 100) =>
        Math.Round(Math.Clamp(double.IsNaN(percent) ? 0 : percent, 0, max), 2);

    /// <summary>Text for the status and events, which people read on terminals: clean, and no longer than this.</summary>
    public static string Cut(string text, int max)
    {
        text = Core.SafeText.CleanLines(text);
        return text.Length <= max ? text : string.Concat(text.AsSpan(0, max - 1), "\u2026");
    }

    /// <summary>The rest is in the Report: stacks go first, then advice, then the lower hotspots, then messages of targets.</summary>
    public static ProfilingSessionStatus Fit(ProfilingSessionStatus status)
    {
        foreach (var frames in (int[])[MaxStack, 4, 0])
        {
            status = status with
            {
                Hotspots = [.. status.Hotspots.Select(h => h with { Stack = [.. h.Stack.Take(frames)] })],
            };
            if (Size(status) < MaxBytes)
                return status;
        }
        status = status with
        {
            Summary = WithNames(status.Summary, 120),
            Hotspots =
            [
                .. status.Hotspots.Select(h =>
                    h with
                    {
                        Advice = "",
                        Function = Cut(h.Function, 120),
                        UserFrame = Cut(h.UserFrame, 120),
                        Task = Cut(h.Task, 80),
                        Location = Cut(h.Location, 80),
                    }
                ),
            ],
        };
        while (Size(status) >= MaxBytes && status.Hotspots.Count > 1)
            status = status with { Hotspots = [.. status.Hotspots.Take(status.Hotspots.Count / 2)] };
        if (Size(status) >= MaxBytes)
        {
            // only names can be long here; those of the targets are below MaxTargetBytes
            status = status with
            {
                Verdict = Cut(status.Verdict ?? "", 150),
                Summary = WithNames(status.Summary, 60),
                Hotspots = [],
                Outliers =
                [
                    .. status.Outliers.Take(2).Select(o => o with { Pod = Cut(o.Pod, 63), Text = Cut(o.Text, 60) }),
                ],
                Images = [.. status.Images.Take(3).Select(i => i with { Version = Cut(i.Version, 20) })],
                Targets =
                [
                    .. status.Targets.Select(t =>
                        t with
                        {
                            Message = "",
                            Reason = Cut(t.Reason, 24),
                            TokioVersion = Cut(t.TokioVersion, 12),
                            Image = Cut(t.Image, 64),
                        }
                    ),
                ],
                Conditions = [.. status.Conditions.Select(c => c with { Message = Cut(c.Message, 80) })],
            };
        }
        return status;
    }

    private static StatusSummary? WithNames(StatusSummary? summary, int max) =>
        summary?.WorstWait is { } wait
            ? summary with
            {
                WorstWait = wait with { Task = Cut(wait.Task, max), Behind = Cut(wait.Behind, max) },
            }
            : summary;

    public static int Size(ProfilingSessionStatus status) =>
        JsonSerializer.SerializeToUtf8Bytes(status, HudJson.Default.ProfilingSessionStatus).Length;
}
