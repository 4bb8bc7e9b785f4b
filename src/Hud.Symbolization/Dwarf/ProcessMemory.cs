using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

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

    /// <summary>Of this process, by a descriptor that is held open: works where nothing can be opened.</summary>
    internal static ProcessMemory Of(SafeFileHandle statm)
    {
        Span<byte> text = stackalloc byte[256];
        try
        {
            return Parse(Encoding.ASCII.GetString(text[..RandomAccess.Read(statm, text, 0)]));
        }
        catch (IOException)
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

/// <summary>The memory of this process, asked of /proc by a descriptor that is opened once: the helper can open nothing later.</summary>
internal static class OwnMemory
{
    private static readonly SafeFileHandle? Statm = Open();

    public static ProcessMemory Now => Statm is null ? default : ProcessMemory.Of(Statm);

    private static SafeFileHandle? Open()
    {
        try
        {
            return File.OpenHandle("/proc/self/statm");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // the agent looks at the helper's memory besides
        }
    }
}
