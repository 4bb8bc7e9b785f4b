namespace Hud.NodeAgent.Proc;

/// <summary>Throttling of a process's CPU cgroup, from cpu.stat.</summary>
internal readonly record struct CpuQuota(long ThrottledNs, long Periods)
{
    /// <summary>Kubernetes nests five deep.</summary>
    private const int MaxDepth = 16;

    /// <summary>
    /// cgroup v2: <c>throttled_usec 90950</c>, <c>nr_throttled 3</c>; v1: <c>throttled_time</c> in ns.
    /// </summary>
    public static CpuQuota Parse(string text)
    {
        long nanoseconds = 0,
            periods = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            int space = line.IndexOf(' ');
            if (space < 0 || !long.TryParse(line[(space + 1)..], out long value))
                continue;
            switch (line[..space])
            {
                case "throttled_usec":
                    nanoseconds = value * 1000;
                    break;
                case "throttled_time":
                    nanoseconds = value;
                    break;
                case "nr_throttled":
                    periods = value;
                    break;
            }
        }

        return new CpuQuota(nanoseconds, periods);
    }

    /// <summary>
    /// The cpu.stat files that count for a process: that of its cgroup, and those of the cgroups around it. A limit of the pod is set on the
    /// pod's cgroup, and is counted there alone. Empty when none can be seen.
    /// </summary>
    public static IReadOnlyList<string> FindFiles(int pid) =>
        CgroupPaths
            .Of(pid, ProcFs.ReadText($"/proc/{pid}/cgroup"), ProcFs.ReadText("/proc/1/cgroup"), CgroupFile.Folders)
            .FirstOrDefault(CgroupFile.IsOne)
            is { } own
            ? [own, .. Around(own).Where(CgroupFile.IsOne)]
            : [];

    /// <summary>The same file in the folders above, innermost first, up to where cgroups are mounted.</summary>
    internal static IEnumerable<string> Around(string file)
    {
        var folder = Path.GetDirectoryName(file);
        for (int i = 0; i < MaxDepth && folder?.EndsWith(CgroupPaths.Mount, StringComparison.Ordinal) == false; i++)
        {
            folder = Path.GetDirectoryName(folder);
            if (folder is not null)
                yield return folder + "/cpu.stat";
        }
    }

    /// <summary>
    /// What was counted since. The same wait for the next period can be counted in a cgroup and in the one around it, so the one with the most
    /// speaks for all.
    /// </summary>
    public static CpuQuota Since(IReadOnlyList<CpuQuota> start, IReadOnlyList<CpuQuota> now) =>
        start
            .Zip(
                now,
                (a, b) => new CpuQuota(Math.Max(0, b.ThrottledNs - a.ThrottledNs), Math.Max(0, b.Periods - a.Periods))
            )
            .DefaultIfEmpty()
            .MaxBy(q => q.ThrottledNs);

    public static IReadOnlyList<CpuQuota> Read(IReadOnlyList<string> files) =>
        [.. files.Select(f => Parse(CgroupFile.ReadText(f)))];
}
