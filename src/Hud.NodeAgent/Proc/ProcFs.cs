using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Hud.NodeAgent.Proc;

/// <summary>Reads of /proc. A process may vanish at any moment, so everything is a Try.</summary>
internal static class ProcFs
{
    private const int MaxBytes = 64 << 20;

    public static bool TryReadBytes(string path, [NotNullWhen(true)] out byte[]? bytes, int maxBytes = MaxBytes)
    {
        bytes = null;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
            using var all = new MemoryStream();
            byte[] buffer = new byte[65536];
            int read;
            while ((read = file.Read(buffer)) > 0 && all.Length < maxBytes)
                all.Write(buffer, 0, read);
            bytes = all.ToArray();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public static string ReadText(string path, int maxBytes = 1 << 20) =>
        TryReadBytes(path, out byte[]? bytes, maxBytes) ? Encoding.UTF8.GetString(bytes) : "";

    /// <summary>comm, without the trailing newline; empty when the thread is gone.</summary>
    public static string ThreadName(int pid, int tid) => ReadText($"/proc/{pid}/task/{tid}/comm").TrimEnd('\n');

    public static bool Exists(int pid) => Directory.Exists($"/proc/{pid}");

    public static IReadOnlyList<int> Threads(int pid)
    {
        try
        {
            return
            [
                .. Directory
                    .EnumerateDirectories($"/proc/{pid}/task")
                    .Select(d => int.TryParse(Path.GetFileName(d), out int tid) ? tid : 0)
                    .Where(t => t > 0)
                    .Take(65536),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Inode number of a process's pid namespace: <c>pid:[4026531836]</c>.</summary>
    public static uint PidNamespace(string pid)
    {
        string? link = File.ResolveLinkTarget($"/proc/{pid}/ns/pid", returnFinalTarget: false)?.Name;
        return link is not null && uint.TryParse(link.AsSpan(link.IndexOf('[') + 1).TrimEnd(']'), out uint inode)
            ? inode
            : 0;
    }

    /// <summary>A field of /proc/PID/status, e.g. <c>Seccomp:	2</c>; empty when absent.</summary>
    public static string StatusField(string statusText, string name)
    {
        foreach (var line in statusText.AsSpan().EnumerateLines())
        {
            if (
                line.Length > name.Length
                && line.StartsWith(name, StringComparison.Ordinal)
                && line[name.Length] == ':'
            )
                return line[(name.Length + 1)..].Trim().ToString();
        }

        return "";
    }

    /// <summary>
    /// Start time of a process in clock ticks since boot, field 22 of /proc/PID/stat: with the pid its identity. Sample:
    /// <c>4242 (a b) c) S 1 4242 ...</c>; comm may hold anything, so the last parenthesis counts.
    /// </summary>
    public static bool TryParseStat(string stat, out long startTicks, out long cpuTicks)
    {
        startTicks = cpuTicks = 0;
        int close = stat.LastIndexOf(')');
        if (close < 0)
            return false;
        string[] fields = stat[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19
            && long.TryParse(fields[11], out long user)
            && long.TryParse(fields[12], out long system)
            && (cpuTicks = user + system) >= 0
            && long.TryParse(fields[19], out startTicks);
    }

    /// <summary>
    /// True when every thread has ended and only the parent's wait is missing. The first thread alone may be a zombie while the
    /// others go on: then more than one thread is counted.
    /// </summary>
    public static bool HasEnded(string stat)
    {
        int close = stat.LastIndexOf(')');
        string[] fields = close < 0 ? [] : stat[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 17 && fields[0] is "Z" or "X" && fields[17] is "0" or "1";
    }

    /// <summary>R, S, D, T, t, Z...: the third field of a stat file; '?' when it cannot be read.</summary>
    public static char StateOf(string stat)
    {
        int close = stat.LastIndexOf(')');
        return close >= 0 && close + 2 < stat.Length ? stat[close + 2] : '?';
    }

    /// <summary>CPU time of all its threads so far; ns, in steps of 10 ms.</summary>
    public static long CpuTimeNs(int pid) =>
        TryParseStat(ReadText($"/proc/{pid}/stat"), out _, out long ticks) ? ticks * (1_000_000_000L / 100) : 0;

    public static long StartTicks(int pid) =>
        TryParseStat(ReadText($"/proc/{pid}/stat"), out long start, out _) ? start : -1;
}
