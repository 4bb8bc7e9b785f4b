using Hud.Core;
using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>The targets of one image.</summary>
/// <param name="Version">Short, and different for each group; as the pod's author wrote it: clean it where it is shown.</param>
/// <param name="BlockedPercent">Worker time lost, of their workers x wall.</param>
/// <param name="LongestPollNs">Of all their polls.</param>
public sealed record ImageGroup(string Version, int Targets, double BlockedPercent, long LongestPollNs);

/// <summary>What each image of a session lost: in the middle of a rollout that is the question. Pure.</summary>
public static class ImageGroups
{
    /// <returns>The one that lost most first; empty outside of a cluster.</returns>
    public static IReadOnlyList<ImageGroup> Of(ProfileDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        var versions = ImageVersions.Of(document.Targets);
        return
        [
            .. document
                .Targets.Where(t => t.Image is { Length: > 0 })
                .GroupBy(t => (t.Image!, t.ImageDigest ?? ""))
                .Select(g => Group(versions[g.Key], [.. g]))
                .OrderByDescending(g => g.BlockedPercent)
                .ThenByDescending(g => g.Targets)
                .ThenBy(g => g.Version, StringComparer.Ordinal),
        ];
    }

    /// <summary><c>v1.4.2 (3 pods): 6.1% lost; v1.4.1 (7): 0.2%</c>; null for fewer than two images.</summary>
    public static string? Text(IReadOnlyList<ImageGroup> groups, int most = 5)
    {
        ArgumentNullException.ThrowIfNull(groups);
        if (groups.Count < 2)
            return null;
        var parts = groups
            .Take(most)
            .Select(
                (g, i) =>
                    $"{g.Version} ({g.Targets}{(i > 0 ? "" : g.Targets == 1 ? " pod" : " pods")}): {HumanText.Percent(g.BlockedPercent)}{(i > 0 ? "" : " lost")}"
            );
        return string.Join("; ", parts) + (groups.Count > most ? $"; and {groups.Count - most} more" : "");
    }

    private static ImageGroup Group(string version, List<TargetProfile> targets)
    {
        // one that was not measured has no workers, and no say
        double workers = targets.Sum(t => (double)Math.Max(0, t.Workers));
        return new ImageGroup(
            version,
            targets.Count,
            workers > 0 ? Math.Round(targets.Sum(t => t.BlockedPercent * Math.Max(0, t.Workers)) / workers, 2) : 0,
            targets.Max(t => t.LongestPollNs)
        );
    }
}
