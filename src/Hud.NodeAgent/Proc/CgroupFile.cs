using Hud.NodeAgent.Interop;
using Microsoft.Win32.SafeHandles;

namespace Hud.NodeAgent.Proc;

/// <summary>
/// Reads files of the cgroup filesystem and nothing else. Below /proc/PID/root the target decides what is at a path: a pipe that never
/// answers, a device, a link. So a file is looked at without opening it, and opened only if the kernel made it.
/// </summary>
internal static class CgroupFile
{
    private const long CgroupMagic = 0x27e0eb,
        Cgroup2Magic = 0x63677270;

    /// <summary>A cpu.stat has about ten short lines.</summary>
    private const int MaxBytes = 4096;

    public static bool IsOne(string path)
    {
        using var file = Find(path);
        return file is not null;
    }

    /// <summary>The file's text; empty when it is gone or is not a file of a cgroup.</summary>
    public static string ReadText(string path)
    {
        using var file = Find(path);
        return file is null ? "" : ProcFs.ReadText($"/proc/self/fd/{file.DangerousGetHandle()}", MaxBytes);
    }

    /// <summary>The names of the cgroups in a cgroup; none when it is gone or is not one.</summary>
    public static IReadOnlyList<string> Folders(string path)
    {
        using var folder = Find(path);
        try
        {
            return folder is null
                ? []
                :
                [
                    .. Directory
                        .EnumerateDirectories($"/proc/self/fd/{folder.DangerousGetHandle()}/")
                        .Select(f => Path.GetFileName(f)),
                ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static SafeFileHandle? Find(string path)
    {
        var file = new SafeFileHandle(Libc.OpenPath(path), ownsHandle: true);
        if (!file.IsInvalid && Libc.FileSystemType((int)file.DangerousGetHandle()) is CgroupMagic or Cgroup2Magic)
            return file;
        file.Dispose();
        return null;
    }
}
