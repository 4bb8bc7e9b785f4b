using System.Globalization;
using Hud.Core.Stream;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>
/// All processes with a name, or with an executable at a path, as they come and go. What is looked at of /proc each second is who is new: a
/// process seldom changes its program later than in its first seconds, so the others have their turn now and then.
/// </summary>
/// <param name="name">Of the process or of its executable; the path of the executable where it has a slash.</param>
/// <param name="read">Who they are; tests play it.</param>
internal sealed class NamedProcesses(string name, IProcessList read) : IWantedTargets
{
    internal const int MaxProcesses = 100_000;

    /// <summary>Looks at one that is new: what starts a program often is another one until then.</summary>
    private const int FirstLooks = 30;

    /// <summary>Of those that were there for longer.</summary>
    private const int OthersEachLook = 100;

    private sealed class Known
    {
        public int Looks { get; set; }
        public ProcessIdentity Identity { get; set; }
        public WantedTarget? Wanted { get; set; }

        /// <summary>Seen with one thread and this program so often: a copy that is about to start another program is gone by the next look.</summary>
        public int Alone { get; set; }

        public int Round { get; set; }
    }

    private readonly Dictionary<int, Known> _known = [];
    private readonly Queue<int> _turns = new();
    private int _round;

    public string Name => name;

    public IReadOnlyList<WantedTarget> Look(long nowNs)
    {
        _round++;
        var wanted = new List<WantedTarget>();
        foreach (int pid in read.Pids().Take(MaxProcesses))
        {
            if (!_known.TryGetValue(pid, out var process))
            {
                _known[pid] = process = new Known();
                _turns.Enqueue(pid);
            }

            process.Round = _round;
            if (process.Looks < FirstLooks || process.Wanted is not null)
                Look(pid, process);
        }

        LookAtOthers();
        foreach (int pid in _known.Where(p => p.Value.Round != _round).Select(p => p.Key).ToList())
            _known.Remove(pid);
        if (_turns.Count > _known.Count * 2 + OthersEachLook)
        {
            _turns.Clear(); // pids that came again stood in it twice
            foreach (int pid in _known.Keys)
                _turns.Enqueue(pid);
        }

        foreach (var (_, process) in _known.OrderBy(p => p.Key))
        {
            if (process.Wanted is { } known && process.Alone != 1)
                wanted.Add(known);
        }

        return wanted;
    }

    private void LookAtOthers()
    {
        for (int i = Math.Min(OthersEachLook, _turns.Count); i > 0; i--)
        {
            int pid = _turns.Dequeue();
            if (!_known.TryGetValue(pid, out var process) || process.Round != _round)
                continue; // it is gone
            _turns.Enqueue(pid);
            if (process.Looks >= FirstLooks && process.Wanted is null)
                Look(pid, process);
        }
    }

    private void Look(int pid, Known process)
    {
        process.Looks++;
        var identity = read.IdentityOf(pid);
        if (identity != process.Identity)
            (process.Identity, process.Wanted, process.Alone) = (identity, null, 0);
        if (process.Wanted is null && read.IsNamed(pid, name))
            process.Wanted = new WantedTarget(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{pid} {identity.StartTicks} {identity.StartCode} {identity.StartStack}"
                ),
                new AgentTarget { Pid = pid }
            );
        if (process.Wanted is not null && process.Alone < 2)
            process.Alone = read.HasOneThread(pid) ? process.Alone + 1 : 2;
    }
}

/// <summary>What there is to know of processes without looking into them.</summary>
internal interface IProcessList
{
    IEnumerable<int> Pids();

    ProcessIdentity IdentityOf(int pid);

    bool IsNamed(int pid, string name);

    bool HasOneThread(int pid);
}

/// <summary>Those of this machine; not the agent itself, nor who started it.</summary>
internal sealed class ProcProcesses : IProcessList
{
    private const string DeletedMark = " (deleted)";

    /// <summary>The kernel keeps 15 characters of a name.</summary>
    private const int CommLength = 15;

    private readonly HashSet<int> _own = [.. Ancestors()];

    public IEnumerable<int> Pids()
    {
        IEnumerable<string> folders;
        try
        {
            folders = [.. Directory.EnumerateDirectories("/proc").Take(NamedProcesses.MaxProcesses)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        return folders
            .Select(f =>
                int.TryParse(Path.GetFileName(f), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                    ? pid
                    : 0
            )
            .Where(pid => pid > 0 && !_own.Contains(pid));
    }

    public ProcessIdentity IdentityOf(int pid) => ProcessIdentity.Of(pid);

    public bool IsNamed(int pid, string name)
    {
        string stat = ProcFs.ReadText($"/proc/{pid}/stat", 4096);
        if (stat.Length == 0 || ProcFs.HasEnded(stat) || ExecutableOf(pid) is not { Length: > 0 } executable)
            return false; // a thread of the kernel has no executable
        if (name.Contains('/'))
            return executable == name;
        string comm = ProcFs.ThreadName(pid, pid);
        return comm == name
            || Path.GetFileName(executable) == name
            || (
                name.Length > CommLength
                && comm == name[..CommLength]
                && Path.GetFileName(ProcFs.ReadText($"/proc/{pid}/cmdline", 4096).Split('\0')[0]) == name
            );
    }

    public bool HasOneThread(int pid) => ProcFs.Threads(pid).Count < 2;

    private static string ExecutableOf(int pid)
    {
        try
        {
            string path = new FileInfo($"/proc/{pid}/exe").LinkTarget ?? "";
            return path.EndsWith(DeletedMark, StringComparison.Ordinal) ? path[..^DeletedMark.Length] : path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static IEnumerable<int> Ancestors()
    {
        int pid = Environment.ProcessId;
        for (int i = 0; i < 64 && pid > 1; i++)
        {
            yield return pid;
            if (
                !int.TryParse(
                    ProcFs.StatusField(ProcFs.ReadText($"/proc/{pid}/status"), "PPid"),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out pid
                )
            )
                yield break;
        }
    }
}
