namespace Hud.NodeAgent.Bpf;

/// <summary>The running kernel: for messages and for argument counts of tracepoints; features are tried, not guessed.</summary>
internal static class KernelVersion
{
    public static string Release { get; } = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    public static Version Current { get; } = Parse(Release);

    /// <summary>bpf_task_pt_regs and storage of tasks for tracing programs: every program at a context switch uses them.</summary>
    public static Version Oldest { get; } = new(5, 15);

    internal static Version Parse(string release)
    {
        string[] parts = release.Split('.', '-', '+');
        return parts.Length >= 2 && int.TryParse(parts[0], out int major) && int.TryParse(parts[1], out int minor)
            ? new Version(major, minor)
            : new Version(0, 0);
    }
}
