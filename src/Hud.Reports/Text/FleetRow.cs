using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Reports.Text;

/// <summary>What the newest sessions say of one workload.</summary>
public sealed record FleetRow
{
    /// <summary>Labels that say on what a session was made, in the place of a workload's name.</summary>
    private const int MaxLabels = 4;

    public string Namespace { get; init; } = "";

    /// <summary><c>deploy/checkout</c>, <c>pod/checkout-0</c>, or the labels <c>app=checkout</c>.</summary>
    public string Workload { get; init; } = "";

    public string Session { get; init; } = "";
    public SessionPhase Phase { get; init; }

    /// <summary>Targets done of targets selected.</summary>
    public string Pods { get; init; } = "";

    /// <summary>Null while it is running, and where the session failed.</summary>
    public VerdictLevel? Level { get; init; }
    public string Verdict { get; init; } = "";

    /// <summary>Worker time lost, of workers x wall; null before there is any.</summary>
    public double? BlockedPercent { get; init; }
    public string WorstPoll { get; init; } = "";
    public string WaitP99 { get; init; } = "";
    public IReadOnlyList<StatusOutlier> Outliers { get; init; } = [];
    public IReadOnlyList<StatusImage> Images { get; init; } = [];

    /// <summary>End of the session; of one that is running, its start.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>
    /// Of each workload the newest session that is over, and the newest that is running where that is younger; those that lost most first.
    /// </summary>
    public static IReadOnlyList<FleetRow> Of(IReadOnlyList<ProfilingSession> sessions)
    {
        ArgumentNullException.ThrowIfNull(sessions);
        return
        [
            .. sessions
                .GroupBy(s => (s.Metadata.Namespace, Target(s.Spec.Target)))
                .SelectMany(workload => Newest([.. workload]))
                .Select(Of)
                .OrderByDescending(r => r.BlockedPercent ?? -1)
                .ThenBy(r => r.Namespace, StringComparer.Ordinal)
                .ThenBy(r => r.Workload, StringComparer.Ordinal)
                .ThenBy(r => r.Session, StringComparer.Ordinal),
        ];
    }

    private static IEnumerable<ProfilingSession> Newest(List<ProfilingSession> sessions)
    {
        var over = sessions.Where(IsOver).MaxBy(s => (s.Metadata.CreationTimestamp, s.Metadata.Name));
        var running = sessions.Where(s => !IsOver(s)).MaxBy(s => (s.Metadata.CreationTimestamp, s.Metadata.Name));
        if (over is not null)
            yield return over;
        if (running is not null && !(running.Metadata.CreationTimestamp < over?.Metadata.CreationTimestamp))
            yield return running;
    }

    private static bool IsOver(ProfilingSession session) =>
        session.Status?.Phase is SessionPhase.Completed or SessionPhase.Failed;

    private static FleetRow Of(ProfilingSession session)
    {
        var status = session.Status ?? new ProfilingSessionStatus();
        return new FleetRow
        {
            Namespace = session.Metadata.Namespace ?? "",
            Workload = Target(session.Spec.Target),
            Session = session.Metadata.Name,
            Phase = status.Phase,
            Pods = status.TargetsReady ?? "",
            Level = status.Phase == SessionPhase.Completed ? LevelOf(status.Verdict ?? "") : null,
            Verdict = status.Verdict ?? "",
            BlockedPercent = status.Summary?.BlockedPercent,
            WorstPoll = status.Summary?.WorstPoll ?? "",
            WaitP99 = status.Summary?.WorstWait?.P99 ?? "",
            Outliers = status.Outliers,
            Images = status.Images,
            At = status.CompletionTime ?? status.StartTime ?? session.Metadata.CreationTimestamp,
        };
    }

    /// <summary>A verdict begins with its level.</summary>
    private static VerdictLevel LevelOf(string verdict) =>
        Enum.GetValues<VerdictLevel>()
            .Where(level => verdict.StartsWith(Words.Verdict(level), StringComparison.Ordinal))
            .FirstOrDefault(VerdictLevel.NoData);

    private static string Target(TargetSpec target)
    {
        if (target.PodName is { } pod)
            return "pod/" + pod;
        if (target.WorkloadRef is { } workload)
            return $"{Kind(workload.Kind)}/{workload.Name}";
        var labels = (target.PodSelector?.MatchLabels ?? new Dictionary<string, string>(StringComparer.Ordinal))
            .OrderBy(l => l.Key, StringComparer.Ordinal)
            .Select(l => $"{l.Key}={l.Value}")
            .Concat(
                (target.PodSelector?.MatchExpressions ?? []).Select(e =>
                    $"{e.Key} {e.Operator} {string.Join('|', e.Values ?? [])}".TrimEnd()
                )
            )
            .ToList();
        return string.Join(',', labels.Take(MaxLabels)) + (labels.Count > MaxLabels ? ",..." : "");
    }

    /// <summary>As kubectl shortens them.</summary>
    private static string Kind(string kind) =>
        kind switch
        {
            "Deployment" => "deploy",
            "StatefulSet" => "sts",
            "DaemonSet" => "ds",
            "ReplicaSet" => "rs",
            _ => kind.ToLowerInvariant(),
        };
}
