namespace Hud.Core.Profile;

/// <summary>A service that gets no CPU polls little or nothing, and short: without this it would pass for idle or healthy. Times in ns.</summary>
public static class CpuStarvation
{
    private const int LeastShareOfRun = 10;
    private const int HardlyRanFactor = 4;

    /// <summary>Its threads waited longer than they ran, for a tenth of the run at least, and once for longer than a slow poll takes.</summary>
    /// <param name="waitNs">All waits of the threads in question.</param>
    /// <param name="longestNs">The longest single one.</param>
    /// <param name="cpuNs">CPU time of the process.</param>
    public static bool IsStarved(long waitNs, long longestNs, long cpuNs, long observedNs, long thresholdNs) =>
        longestNs > thresholdNs && waitNs > cpuNs && IsLong(waitNs, observedNs);

    /// <summary>A tenth of the run at least.</summary>
    public static bool IsLong(long waitNs, long observedNs) => waitNs >= observedNs / LeastShareOfRun;

    /// <summary>So little ran beside the waits that nothing can be said about the code.</summary>
    public static bool HardlyRan(long waitNs, long cpuNs) => waitNs > cpuNs * HardlyRanFactor;

    /// <summary>The same, for so long that a run of this length has not seen the code at work.</summary>
    public static bool SaysNothing(long waitNs, long cpuNs, long observedNs) =>
        IsLong(waitNs, observedNs) && HardlyRan(waitNs, cpuNs);

    /// <summary>The end of a sentence about pressure: what it says about the code.</summary>
    public static string AboutTheCode(IReadOnlyList<TargetProfile> targets)
    {
        long wait = targets.Sum(t => t.CpuWaitNs),
            cpu = targets.Sum(t => t.CpuNs);
        return HardlyRan(wait, cpu)
            ? $"they ran for {HumanText.Duration(cpu)}, too little to judge the code"
            : "the code itself does not block";
    }
}
