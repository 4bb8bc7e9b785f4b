using System.Globalization;
using System.Runtime.InteropServices;

namespace Hud.Symbolization;

/// <summary>A process's resident memory in bytes: what it asked for (<c>Own</c>), and pages of files that it has mapped, which the
/// system can take back at any time (<c>Files</c>).</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ProcessMemory(long Own, long Files)
{
    /// <summary>Of <c>/proc/PID/statm</c>; all 0 when there is no such process.</summary>
    public static ProcessMemory Of(int pid)
    {
        try
        {
            return Parse(File.ReadAllText($"/proc/{pid}/statm"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }

    /// <summary>Pages: <c>size resident shared text lib data dt</c>.</summary>
    internal static ProcessMemory Parse(string statm)
    {
        var fields = statm.Split(' ');
        return
            fields.Length > 2
            && long.TryParse(fields[1], CultureInfo.InvariantCulture, out var resident)
            && long.TryParse(fields[2], CultureInfo.InvariantCulture, out var shared)
            ? new ProcessMemory((resident - shared) * Environment.SystemPageSize, shared * Environment.SystemPageSize)
            : default;
    }
}
