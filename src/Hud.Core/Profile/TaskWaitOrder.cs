namespace Hud.Core.Profile;

/// <summary>Which task types waited longest for a worker, and for what: the same order wherever it is shown.</summary>
public static class TaskWaitOrder
{
    /// <summary>Task types of which a wait was timed, the longest 99th percentile first.</summary>
    public static IEnumerable<TaskProfile> ByWait(this IEnumerable<TaskProfile> tasks) =>
        tasks
            .Where(t => t.Waits is { Count: > 0 })
            .OrderByDescending(t => t.Waits!.P99Ns)
            .ThenByDescending(t => t.Waits!.MaxNs)
            .ThenBy(t => t.Name, StringComparer.Ordinal);

    public static HotspotIdentity Identity(this WaitBehind behind)
    {
        ArgumentNullException.ThrowIfNull(behind);
        return new(behind.Cause, behind.Fingerprint);
    }
}
