namespace Hud.NodeAgent.Proc;

/// <summary>Where the cpu.stat of a process's cgroup may be. Pure.</summary>
internal static class CgroupPaths
{
    public const string Mount = "/sys/fs/cgroup";

    /// <summary>The machine's own view, as the first process has it.</summary>
    private const string Machine = "/proc/1/root";

    private const string File = "/cpu.stat";

    /// <summary>More than the nodes of a large machine have where one is looked for.</summary>
    private const int MaxFolders = 8192;

    /// <summary>
    /// Best first. Lines of /proc/PID/cgroup: <c>4:cpu,cpuacct:/kubepods/...</c> (v1), <c>0::/kubepods.slice/...</c> (v2). A path below the
    /// root is looked for where the whole hierarchy is mounted: here on a machine, at the first process in a pod. A reader in a cgroup
    /// namespace of its own sees <c>0::/../../kubepods...</c>, which says how the path ends, and how far up it leaves the reader's own; the
    /// same of the first process says how deep that one is. The root of a mount is the cgroup of its own container, and comes last: the
    /// target's mount is taken, never ours, and the limit of its pod cannot be seen there.
    /// </summary>
    /// <param name="target">/proc/PID/cgroup</param>
    /// <param name="init">/proc/1/cgroup</param>
    /// <param name="folders">The names of the folders in a folder.</param>
    public static IEnumerable<string> Of(int pid, string target, string init, Func<string, IEnumerable<string>> folders)
    {
        var (mounts, path) = Cgroup(target);
        var (up, below) = Split(path);
        if (up == 0 && below.Length > 0)
        {
            foreach (string root in (string[])["", Machine])
            {
                foreach (string mount in mounts)
                    yield return root + Mount + mount + below + File;
            }
        }

        int common = Split(Cgroup(init).Path).Up - up;
        if (up > 0 && below.Length > 0 && common >= 0)
        {
            foreach (string mount in mounts)
            {
                foreach (string folder in AtDepth(Machine + Mount + mount, common, folders))
                    yield return folder + below + File;
            }
        }

        foreach (string mount in mounts)
            yield return $"/proc/{pid}/root{Mount}{mount}{File}";
    }

    private static IEnumerable<string> AtDepth(string folder, int depth, Func<string, IEnumerable<string>> folders)
    {
        IEnumerable<string> level = [folder];
        for (int i = 0; i < depth; i++)
            level = [.. level.SelectMany(f => folders(f).Select(name => f + "/" + name)).Take(MaxFolders)];
        return level;
    }

    /// <summary><c>/../../a/b</c> to 2 and <c>/a/b</c>; a path that goes up anywhere else is refused.</summary>
    private static (int Up, string Below) Split(string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int up = parts.TakeWhile(p => p == "..").Count();
        string[] below = parts[up..];
        return below.Contains("..", StringComparer.Ordinal)
            ? (up, "")
            : (up, string.Concat(below.Select(p => "/" + p)));
    }

    /// <summary>The mounts that may hold the CPU controller, and the process's path in them. With v1 the unified hierarchy has no CPU controller.</summary>
    private static (string[] Mounts, string Path) Cgroup(string text)
    {
        (string[], string) found = ([], "");
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(':', 3);
            if (parts.Length != 3 || !parts[2].StartsWith('/'))
                continue;
            if (parts[1].Split(',').Contains("cpu", StringComparer.Ordinal))
                return ([.. ((string[])["/" + parts[1], "/cpu"]).Distinct(StringComparer.Ordinal)], parts[2]);
            if (parts[1].Length == 0)
                found = (["", "/unified"], parts[2]);
        }

        return found;
    }
}
