namespace Hud.Analysis;

/// <summary>What a share of worker time is a share of: each worker counts for as long as its process was watched. Pure.</summary>
internal static class WorkerTime
{
    /// <param name="observedNs">Of the run; more than 0.</param>
    /// <returns>ns, more than 0.</returns>
    public static double Of(ProfileInputs facts, long observedNs) =>
        Of(facts.Workers, facts.EarlierWorkerNs.Values.Sum(), observedNs);

    /// <summary>The same of one target.</summary>
    public static double Of(ProfileInputs facts, TargetId target, long observedNs) =>
        Of(facts.Workers.Where(w => w.Target == target), facts.EarlierWorkerNs.GetValueOrDefault(target), observedNs);

    private static double Of(IEnumerable<WorkerFacts> workers, double earlierNs, long observedNs)
    {
        double ns = earlierNs + workers.Sum(w => (double)(w.WatchedNs ?? observedNs));
        return ns > 0 ? ns : observedNs;
    }
}
