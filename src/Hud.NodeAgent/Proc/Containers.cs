namespace Hud.NodeAgent.Proc;

/// <summary>A process of a container, with the names by which a session may call it.</summary>
/// <param name="Name">comm, at most 15 bytes.</param>
/// <param name="Executable">File name of its executable; empty when it cannot be read.</param>
internal readonly record struct ContainerProcess(int Pid, string Name, string Executable);

/// <summary>From a container id to its processes, by <c>/proc/*/cgroup</c>: the same for every runtime, cgroup driver and cgroup version.</summary>
internal static class Containers
{
    /// <summary>Processes of a node that are looked at; a full node has some thousands.</summary>
    private const int MaxProcesses = 1 << 17;

    private static readonly HashSet<string> Wrappers = new(StringComparer.Ordinal)
    {
        "tini",
        "dumb-init",
        "docker-init",
        "catatonit",
        "s6-svscan",
        "s6-supervise",
        "runit",
        "supervisord",
        "sh",
        "bash",
        "dash",
        "ash",
        "busybox",
        "pause",
    };

    /// <summary>
    /// True when a process with this <c>/proc/PID/cgroup</c> is of the container. Samples of the last path segment:
    /// <c>4f...e1</c>, <c>cri-containerd-4f...e1.scope</c>, <c>crio-4f...e1.scope</c>, <c>docker-4f...e1.scope</c>,
    /// <c>kubepods-besteffort-pod1234.slice:cri-containerd:4f...e1</c>. The container may have made groups of its own below.
    /// </summary>
    /// <param name="podUid">Checked where a pod's UID appears in the path (<c>pod1234-...</c> or, in slices, <c>pod1234_...</c>); empty: not checked.</param>
    public static bool IsMember(string cgroup, string containerId, string podUid)
    {
        if (containerId.Length < 12)
            return false; // too short to be an id: it would match by accident
        foreach (var line in cgroup.AsSpan().EnumerateLines())
        {
            // 4:cpu,cpuacct:/kubepods/..., 0::/kubepods.slice/...
            int first = line.IndexOf(':'),
                second = first < 0 ? -1 : line[(first + 1)..].IndexOf(':');
            if (second < 0)
                continue;
            var path = line[(first + second + 2)..];
            foreach (var range in path.Split('/'))
            {
                if (IsContainer(path[range], containerId) && IsPod(path, podUid))
                    return true;
            }
        }

        return false;
    }

    /// <summary>True when a process with this <c>/proc/PID/cgroup</c> is of the pod, in whichever of its containers.</summary>
    public static bool IsOfPod(string cgroup, string podUid) =>
        podUid.Length > 0
        && (
            cgroup.Contains("pod" + podUid, StringComparison.Ordinal)
            || cgroup.Contains("pod" + podUid.Replace('-', '_'), StringComparison.Ordinal)
        );

    /// <summary>True for a group that a kubelet made for a pod: "pod" and a UID, at the start of a segment or behind a dash.</summary>
    public static bool IsOfAnyPod(string cgroup)
    {
        for (int at = 0; (at = cgroup.IndexOf("pod", at, StringComparison.Ordinal)) >= 0; at += 3)
        {
            if (at == 0 || cgroup[at - 1] is not ('/' or '-'))
                continue;
            var uid = cgroup.AsSpan(at + 3);
            int length = uid.IndexOfAnyExcept("0123456789abcdef-_");
            if ((length < 0 ? uid.Length : length) >= 32)
                return true;
        }

        return false;
    }

    private static bool IsContainer(ReadOnlySpan<char> segment, ReadOnlySpan<char> id)
    {
        if (segment.EndsWith(".scope", StringComparison.Ordinal))
            segment = segment[..^6];
        if (!segment.EndsWith(id, StringComparison.Ordinal))
            return false;
        var before = segment[..^id.Length];
        // crio-conmon-ID.scope is the container's monitor, not the container
        return before.IsEmpty || (before[^1] is '-' or ':' && !before.Contains("conmon", StringComparison.Ordinal));
    }

    private static bool IsPod(ReadOnlySpan<char> path, string podUid)
    {
        if (podUid.Length == 0)
            return true;
        int at = path.LastIndexOf("pod", StringComparison.Ordinal);
        var found = at < 0 ? default : path[(at + 3)..];
        // "kubepods" is a "pod" without a UID behind it
        if (
            found.Length < podUid.Length
            || !char.IsAsciiHexDigit(found[0])
            || found[..podUid.Length].IndexOfAny('/', '.') >= 0
        )
            return true;
        return found[..podUid.Length].ToString().Replace('_', '-') == podUid;
    }

    /// <summary>The one that is meant, or a sentence why none is. Pure.</summary>
    public static bool TryChoose(
        IReadOnlyList<ContainerProcess> processes,
        string? wanted,
        out ContainerProcess chosen,
        out string problem
    )
    {
        chosen = default;
        problem = "";
        string names = string.Join(", ", processes.Select(p => $"{p.Name} ({p.Pid})").Take(10));
        List<ContainerProcess> fitting;
        if (!string.IsNullOrEmpty(wanted))
        {
            // comm is cut to 15 bytes by the kernel
            fitting =
            [
                .. processes.Where(p =>
                    p.Executable == wanted || p.Name == wanted || (wanted.Length > 15 && p.Name == wanted[..15])
                ),
            ];
            if (fitting.Count == 0)
                problem = $"no process of the container is called {wanted}; there are {names}";
        }
        else
        {
            fitting =
                processes.Count == 1
                    ? [.. processes]
                    : [.. processes.Where(p => !Wrappers.Contains(p.Name) && !Wrappers.Contains(p.Executable))];
            if (fitting.Count == 0)
                problem = $"the container runs only {names}";
        }

        if (fitting.Count > 1)
            problem = $"the container runs several processes; set target.processName to one of {names}";
        if (fitting.Count != 1)
            return false;
        chosen = fitting[0];
        return true;
    }

    public static IReadOnlyList<ContainerProcess> Find(string containerId, string podUid)
    {
        var found = new List<ContainerProcess>();
        foreach (string folder in Directory.EnumerateDirectories("/proc").Take(MaxProcesses))
        {
            if (
                !int.TryParse(Path.GetFileName(folder.AsSpan()), out int pid)
                || !IsMember(ProcFs.ReadText($"/proc/{pid}/cgroup", 1 << 16), containerId, podUid)
            )
                continue;
            string executable = "";
            try
            {
                executable = Path.GetFileName(
                    File.ResolveLinkTarget($"/proc/{pid}/exe", returnFinalTarget: false)?.FullName ?? ""
                );
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // gone, or a kernel thread
            }

            found.Add(new ContainerProcess(pid, ProcFs.ThreadName(pid, pid), executable));
        }

        return found;
    }
}
