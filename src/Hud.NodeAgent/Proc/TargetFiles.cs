using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Hud.Elf;
using Hud.NodeAgent.Interop;
using Hud.Unwinding;

namespace Hud.NodeAgent.Proc;

/// <summary>
/// Opens the files behind a process's mappings: through map_files first (the exact inode, deleted or replaced as it
/// may be), then through the target's root. The agent's own mount namespace is never trusted.
/// </summary>
internal sealed class TargetFiles(UnwindTableCache tables)
{
    private readonly Dictionary<(uint, uint, ulong), ElfFile?> _files = [];

    public static AddressSpaceMap ReadMaps(int pid) =>
        ProcFs.TryReadBytes($"/proc/{pid}/maps", out byte[]? text)
            ? new AddressSpaceMap(MapsParser.Parse(text).Mappings)
            : AddressSpaceMap.Empty;

    /// <summary>Paths that open a mapping's file, best first.</summary>
    public static IEnumerable<string> Paths(int pid, Mapping mapping)
    {
        yield return $"/proc/{pid}/map_files/{mapping.MapFilesName}";
        if (mapping.Path.StartsWith('/') && !mapping.Deleted)
            yield return $"/proc/{pid}/root{mapping.Path}";
    }

    public ElfFile? Open(int pid, Mapping mapping)
    {
        var key = (mapping.DevMajor, mapping.DevMinor, mapping.Inode);
        if (_files.TryGetValue(key, out var known))
            return known;
        TryOpen(pid, mapping, out _, out var elf);
        return _files[key] = elf;
    }

    /// <summary>Opens a mapping's file for the caller alone, who closes it.</summary>
    public static bool TryOpen(
        int pid,
        Mapping mapping,
        [NotNullWhen(true)] out FileByteSource? source,
        [NotNullWhen(true)] out ElfFile? elf
    )
    {
        foreach (string path in Paths(pid, mapping))
        {
            if (!FileByteSource.TryOpen(path, out source, out _))
                continue;
            if (ElfFile.TryOpen(source, out elf, out _))
                return true;
            source.Dispose();
        }

        (source, elf) = (null, null);
        return false;
    }

    /// <summary>For the unwinder: loads modules when they are first met.</summary>
    public ModuleMap Modules(int pid, AddressSpaceMap space) => new(space, mapping => Load(pid, mapping));

    private Module? Load(int pid, Mapping mapping)
    {
        if (mapping.IsVdso)
            return
                TryReadMemory(pid, mapping.Start, (int)Math.Min(mapping.Length, 1 << 16), out byte[]? image)
                && ElfFile.TryOpen(new MemoryByteSource(image), out var vdso, out _)
                ? Module.From(mapping, vdso, UnwindTable.Build(vdso))
                : null;
        var elf = Open(pid, mapping);
        if (elf is null)
            return null;
        return Module.From(mapping, elf, tables.Of(elf));
    }

    public static unsafe bool TryReadMemory(int pid, ulong address, int length, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        try
        {
            using var memory = File.OpenHandle($"/proc/{pid}/mem");
            byte[] buffer = new byte[length];
            fixed (byte* at = buffer)
            {
                nint read = Libc.pread((int)memory.DangerousGetHandle(), at, (nuint)length, (long)address);
                if (read <= 0)
                    return false;
                bytes = buffer[..(int)read];
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
