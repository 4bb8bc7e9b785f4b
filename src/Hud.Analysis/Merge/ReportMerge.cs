using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>A saved report that is to be one with others.</summary>
/// <param name="Source">What it is called in messages: the file.</param>
/// <param name="Cluster">Where it is from, if that was said; its pods and nodes are then called after it.</param>
public sealed record ReportPart(string Source, string? Cluster, ProfileDocument Document);

/// <summary>
/// Reports of several sessions, perhaps of several clusters, as one. Unlike agents of one session they may be of different settings, of
/// different times, and have pods of one name. Pure.
/// </summary>
public static class ReportMerge
{
    /// <returns>Why they can't be one report, as a sentence and the next step; null when they can.</returns>
    public static (string Why, string Next)? Problem(IReadOnlyList<ReportPart> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count == 0)
            return null;
        var first = parts[0];
        if (parts.FirstOrDefault(p => p.Document.Session.Threshold != first.Document.Session.Threshold) is { } other)
            return (
                $"{first.Source} counts polls over {first.Document.Session.Threshold} as slow and {other.Source} those over {other.Document.Session.Threshold}",
                "merge reports of one threshold"
            );
        var runs = new Dictionary<(string, DateTimeOffset), ReportPart>();
        var pods = new Dictionary<(string?, string), ReportPart>();
        foreach (var part in parts)
        {
            foreach (var target in part.Document.Targets)
            {
                var run = (
                    target.PodUid is { Length: > 0 } uid ? uid : $"{target.Process}|{target.Pid}|{target.BuildId}",
                    part.Document.Summary.StartedAt
                );
                if (runs.TryGetValue(run, out var same) && !ReferenceEquals(same, part))
                    return (
                        $"{same.Source} and {part.Source} both have the run of {Name(target)}, which would count twice",
                        "name each report once"
                    );
                runs[run] = part;
                if (target.Pod is not { Length: > 0 } pod)
                    continue;
                if (pods.TryGetValue((part.Cluster, pod), out var there) && !ReferenceEquals(there, part))
                    return (
                        $"{there.Source} and {part.Source} both have a pod {pod}",
                        "say which cluster each is of, as in: hud merge eu=a.json us=b.json -o all.json"
                    );
                pods[(part.Cluster, pod)] = part;
            }
        }

        return null;
    }

    /// <summary>Whether each run began before any of them had ended: only then does their common timeline say what happened together.</summary>
    public static bool AreAtOnce(IReadOnlyList<ReportPart> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var runs = parts.Select(p => p.Document.Summary).Where(s => s.StartedAt != default).ToList();
        return runs.Count < 2
            || runs.Max(s => s.StartedAt) <= runs.Min(s => s.StartedAt.AddTicks(Math.Max(0, s.ObservedNs) / 100));
    }

    /// <summary>Runs of different times are laid over each other, as if they had begun together.</summary>
    public static ProfileDocument Merge(IReadOnlyList<ReportPart> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var documents = parts.Select(p => p.Cluster is { } cluster ? Labelled(p.Document, cluster) : p.Document);
        if (!AreAtOnce(parts))
        {
            var start = parts.Select(p => p.Document.Summary.StartedAt).Where(t => t != default).Min();
            documents = documents.Select(d =>
                d.Summary.StartedAt == default ? d : d with { Summary = d.Summary with { StartedAt = start } }
            );
        }

        return ProfileMerge.Merge([.. documents]);
    }

    private static ProfileDocument Labelled(ProfileDocument document, string cluster) =>
        document with
        {
            Targets =
            [
                .. document.Targets.Select(t =>
                    t with
                    {
                        Pod = t.Pod is { Length: > 0 } pod ? $"{cluster}/{pod}" : t.Pod,
                        Node = t.Node is { Length: > 0 } node ? $"{cluster}/{node}" : t.Node,
                        Process = t.Pod is { Length: > 0 } ? t.Process : $"{cluster}/{t.Process}",
                    }
                ),
            ],
        };

    private static string Name(TargetProfile target) =>
        target.Pod is { Length: > 0 } pod ? $"pod {pod}" : $"{target.Process} ({target.Pid})";
}
