using System.Globalization;
using System.Runtime.InteropServices;

namespace Hud.NodeAgent.Proc;

internal enum Presence
{
    /// <summary>The process that it was, running the program that it ran.</summary>
    Same,

    /// <summary>Gone, another process with its pid, or ended and waiting for its parent.</summary>
    Ended,

    /// <summary>The same process, but it has started a program (execve), perhaps the same one again.</summary>
    Replaced,
}

/// <summary>
/// Which program of which process: the start time distinguishes processes with one pid and survives execve; where code and stack begin
/// changes with each execve. A process may set these numbers (<c>PR_SET_MM</c>): it can hide an execve from this check,
/// not from the others (the file's identity, the bytes at the probes, the tracepoint).
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ProcessIdentity(long StartTicks, ulong StartCode, ulong StartStack)
{
    private const int StartCodeField = 26,
        StartStackField = 28;

    public static ProcessIdentity Of(int pid) => Parse(ProcFs.ReadText($"/proc/{pid}/stat"));

    internal static ProcessIdentity Parse(string stat) =>
        ProcFs.TryParseStat(stat, out long start, out _)
            ? new ProcessIdentity(start, Field(stat, StartCodeField), Field(stat, StartStackField))
            : new ProcessIdentity(-1, 0, 0);

    public Presence LookAgain(int pid) => Compare(ProcFs.ReadText($"/proc/{pid}/stat"));

    internal Presence Compare(string stat)
    {
        var now = Parse(stat);
        if (now.StartTicks < 0 || now.StartTicks != StartTicks || ProcFs.HasEnded(stat))
            return Presence.Ended;
        return Differ(StartCode, now.StartCode) || Differ(StartStack, now.StartStack)
            ? Presence.Replaced
            : Presence.Same;
    }

    /// <summary>0 or 1 stand there when the first thread has ended or the reader has no right to know.</summary>
    private static bool Differ(ulong then, ulong now) => then > 1 && now > 1 && then != now;

    private static ulong Field(string stat, int number)
    {
        string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return
            number - 3 < fields.Length
            && ulong.TryParse(fields[number - 3], CultureInfo.InvariantCulture, out ulong value)
            ? value
            : 0;
    }
}
