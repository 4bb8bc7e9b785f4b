namespace Hud.NodeAgent.Proc;

/// <summary>Throttling of a process's CPU cgroup, from cpu.stat.</summary>
internal readonly record struct CpuQuota(long ThrottledNs, long Periods)
{
    /// <summary>
    /// cgroup v2: <c>throttled_usec 90950</c>, <c>nr_throttled 3</c>; v1: <c>throttled_time</c> in ns.
    /// </summary>
    public static CpuQuota Parse(string text)
    {
        long nanoseconds = 0, periods = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            int space = line.IndexOf(' ');
            if (space < 0 || !long.TryParse(line[(space + 1)..], out long value))
                continue;
            switch (line[..space])
            {
                case "throttled_usec": nanoseconds = value * 1000; break;
                case "throttled_time": nanoseconds = value; break;
                case "nr_throttled": periods = value; break;
            }
        }

        return new CpuQuota(nanoseconds, periods);
    }

    /// <summary>
    /// The cpu.stat file of a process, or null. Lines of /proc/PID/cgroup: <c>4:cpu,cpuacct:/kubepods/...</c> (v1),
    /// <c>0::/kubepods.slice/...</c> (v2). Seen from the agent's own mount of cgroupfs, else from the target's.
    /// </summary>
    public static string? FindFile(int pid)
    {
        string text = ProcFs.ReadText($"/proc/{pid}/cgroup");
        foreach (string root in (string[])["", $"/proc/{pid}/root", "/proc/1/root"])
        {
            foreach (string candidate in Candidates(text))
            {
                string path = root + candidate;
                if (File.Exists(path))
                    return path;
            }
        }

        return null;
    }

    internal static IEnumerable<string> Candidates(string cgroupText)
    {
        foreach (string line in cgroupText.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(':', 3);
            if (parts.Length != 3 || parts[2].Contains("..", StringComparison.Ordinal))
                continue;
            string[] controllers = parts[1].Split(',');
            if (controllers.Contains("cpu", StringComparer.Ordinal))
            {
                yield return $"/sys/fs/cgroup/{parts[1]}{parts[2]}/cpu.stat";
                yield return $"/sys/fs/cgroup/cpu{parts[2]}/cpu.stat";
                yield return "/sys/fs/cgroup/cpu/cpu.stat";
            }
            else if (parts[1].Length == 0)
            {
                yield return $"/sys/fs/cgroup{parts[2]}/cpu.stat";
                yield return $"/sys/fs/cgroup/unified{parts[2]}/cpu.stat";
            }
        }
    }

    public static CpuQuota Read(string? path) => path is null ? default : Parse(ProcFs.ReadText(path));
}
