using System.Diagnostics;

namespace Hud.NodeAgent.Run;

/// <summary>CLOCK_MONOTONIC in ns, the clock of the BPF programs: Stopwatch reads the same one on Linux.</summary>
internal static class AgentClock
{
    public static long NowNs => (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));

    /// <summary>The time of day at a moment of the recent past.</summary>
    public static DateTimeOffset TimeOfDay(long ns) =>
        DateTimeOffset.UtcNow - TimeSpan.FromTicks((NowNs - ns) / TimeSpan.NanosecondsPerTick);

    /// <summary>CPU time of this process; ns.</summary>
    public static long OwnCpuNs => Environment.CpuUsage.TotalTime.Ticks * 100;

    /// <summary>VmHWM of this process; bytes.</summary>
    public static long OwnPeakBytes
    {
        get
        {
            string text = Proc.ProcFs.StatusField(Proc.ProcFs.ReadText("/proc/self/status"), "VmHWM");
            return long.TryParse(text.Split(' ')[0], out long kib) ? kib * 1024 : 0;
        }
    }
}
