using Hud.Core.Stream;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>
/// Who had the CPU, as a report may say it. A session's owner sees his own pods and the kernel by name; what runs in the pods of
/// others is theirs to know, unless the administrator shows it.
/// </summary>
/// <param name="cgroup">A process's /proc/PID/cgroup; empty when it is gone.</param>
/// <param name="status">Its /proc/PID/status.</param>
internal sealed class Neighbours(IReadOnlyList<AgentTarget> targets, Func<int, string> cgroup, Func<int, string> status)
{
    public const string OtherPod = "another pod on the node";
    public const string OfTheNode = "a process of the node";

    private const int MaxKnown = 4096;
    private readonly Dictionary<(int Pid, string Name), (string Name, int Pid)> _known = [];

    /// <returns>What to call it; the pid is 0 where it is not named.</returns>
    public (string Name, int Pid) Of(int pid, string name)
    {
        if (pid == 0 || name.Length == 0)
            return (name, pid);
        if (_known.TryGetValue((pid, name), out var known))
            return known;
        if (_known.Count >= MaxKnown)
            _known.Clear();
        return _known[(pid, name)] = Look(pid, name);
    }

    private (string Name, int Pid) Look(int pid, string name)
    {
        string groups = cgroup(pid);
        if (targets.Any(t => t.Pid == pid || IsOfPod(groups, t)) || IsKernelThread(status(pid)))
            return (name, pid);
        return (Containers.IsOfAnyPod(groups) ? OtherPod : OfTheNode, 0);
    }

    private static bool IsOfPod(string groups, AgentTarget target) =>
        Containers.IsMember(groups, target.ContainerId ?? "", "") || Containers.IsOfPod(groups, target.PodUid ?? "");

    /// <summary>It has no memory of its own; a process that has ended has none either.</summary>
    private static bool IsKernelThread(string fields) =>
        fields.Length > 0
        && ProcFs.StatusField(fields, "VmSize").Length == 0
        && !ProcFs.StatusField(fields, "State").StartsWith('Z')
        && ProcFs.StatusField(fields, "PPid") is "2" or "0";
}
