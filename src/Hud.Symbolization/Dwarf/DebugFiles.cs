using System.Buffers.Binary;
using System.Text;
using Hud.Elf;

namespace Hud.Symbolization;

/// <summary>The files with a module's debug information besides the module itself, open. "" for no name.</summary>
internal sealed record DebugFileSet(FileByteSource? Debug, FileByteSource? Alternative, string AlternativeName)
    : IDisposable
{
    public static readonly DebugFileSet None = new(null, null, "");

    public void Dispose()
    {
        Debug?.Dispose();
        Alternative?.Dispose();
    }
}

/// <summary>
/// Finds separate debug files as gdb and libdw do: by build id, and by debug link beside the file, in .debug beside it and below the
/// debug folders. Below the target's root first, which is walked so that nothing leads out of it; then in the machine's folders. What is
/// found must be a regular file and carry the build id, or the checksum, that was asked for: all names are the target's to choose.
/// </summary>
internal sealed class DebugFiles(IReadOnlyList<string> folders)
{
    private const string System = "/usr/lib/debug";
    private const int MaxLink = 1024;

    /// <summary>Bytes of a debug file that are read for its checksum.</summary>
    private const long MaxChecksum = 1L << 30;

    /// <param name="path">the module's, below <paramref name="root"/></param>
    /// <param name="root">null for this machine's own</param>
    public DebugFileSet Find(ElfFile module, string path, string? root)
    {
        using var target = RootedFolder.TryOpen(root ?? "/");
        var own = root is null ? null : RootedFolder.TryOpen("/");
        using (own)
        {
            var places = new List<(RootedFolder Root, IReadOnlyList<string> Folders)>();
            if (own is null)
            {
                Add(target, [.. folders, System]);
            }
            else
            {
                Add(own, folders);
                Add(target, [System]);
                Add(own, [System]);
            }

            var debug = ByBuildId(module.BuildId, places) ?? ByLink(module, path, target, places);
            var (name, id) = AlternativeOf(module);
            if (debug is not null && name.Length == 0 && ElfFile.TryOpen(debug, out var elf, out _))
            {
                (name, id) = AlternativeOf(elf);
            }

            return new DebugFileSet(debug, name.Length == 0 ? null : Alternative(name, id, path, target, places), name);

            void Add(RootedFolder? where, IReadOnlyList<string> what)
            {
                if (where is not null && what.Count > 0)
                {
                    places.Add((where, what));
                }
            }
        }
    }

    private static FileByteSource? ByBuildId(
        string? id,
        List<(RootedFolder Root, IReadOnlyList<string> Folders)> places
    )
    {
        if (id is not { Length: > 2 })
        {
            return null;
        }

        foreach (var (root, folders) in places)
        {
            foreach (var folder in folders)
            {
                if (Open(root, $"{folder}/.build-id/{id[..2]}/{id[2..]}.debug", f => BuildIdOf(f) == id) is { } found)
                {
                    return found;
                }
            }
        }

        return null;
    }

    private static FileByteSource? ByLink(
        ElfFile module,
        string path,
        RootedFolder? target,
        List<(RootedFolder Root, IReadOnlyList<string> Folders)> places
    )
    {
        // a file name, zero bytes up to a multiple of four, CRC-32
        if (
            module.FindSection(".gnu_debuglink") is not { } section
            || !module.TryReadSection(section, MaxLink, out var link)
            || link.AsSpan().IndexOf((byte)0) is not (> 0 and var end)
        )
        {
            return null;
        }

        var name = Encoding.UTF8.GetString(link, 0, end);
        var at = (end + 4) & ~3;
        if (name.Contains('/', StringComparison.Ordinal) || name is "." or ".." || at + 4 > link.Length)
        {
            return null;
        }

        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(link.AsSpan(at));
        var folder = path[..(path.LastIndexOf('/') + 1)];
        var beside = target is null
            ? null
            : Open(target, folder + name, IsWanted) ?? Open(target, $"{folder}.debug/{name}", IsWanted);
        if (beside is not null)
        {
            return beside;
        }

        foreach (var (root, debugFolders) in places)
        {
            foreach (var debugFolder in debugFolders)
            {
                if (
                    (
                        Open(root, $"{debugFolder}/{folder}{name}", IsWanted)
                        ?? Open(root, $"{debugFolder}/{name}", IsWanted)
                    ) is
                    { } found
                )
                {
                    return found;
                }
            }
        }

        return null;

        bool IsWanted(FileByteSource file) =>
            module.BuildId is { } id ? BuildIdOf(file) == id : file.Length <= MaxChecksum && Checksum(file) == checksum;
    }

    private static (string Name, string Id) AlternativeOf(ElfFile elf)
    {
        if (
            elf.FindSection(".gnu_debugaltlink") is not { } section
            || !elf.TryReadSection(section, MaxLink, out var link)
            || link.AsSpan().IndexOf((byte)0) is not (> 0 and var end)
        )
        {
            return ("", "");
        }

        return (Encoding.UTF8.GetString(link, 0, end), Convert.ToHexStringLower(link.AsSpan(end + 1)));
    }

    private static FileByteSource? Alternative(
        string name,
        string id,
        string path,
        RootedFolder? target,
        List<(RootedFolder Root, IReadOnlyList<string> Folders)> places
    )
    {
        if (ByBuildId(id, places) is { } found)
        {
            return found;
        }

        var folder = path[..(path.LastIndexOf('/') + 1)];
        return target is null
            ? null
            : Open(target, name.StartsWith('/') ? name : folder + name, f => BuildIdOf(f) == id);
    }

    private static FileByteSource? Open(RootedFolder root, string path, Func<FileByteSource, bool> isWanted)
    {
        if (!root.TryOpen(path, out var file, out _))
        {
            return null;
        }

        if (isWanted(file))
        {
            return file;
        }

        file.Dispose();
        return null;
    }

    private static string? BuildIdOf(FileByteSource file) =>
        ElfFile.TryOpen(file, out var elf, out _) ? elf.BuildId : null;

    /// <summary>CRC-32 of ISO 3309, as .gnu_debuglink has it.</summary>
    internal static uint Checksum(IByteSource file)
    {
        var buffer = new byte[1 << 16];
        var crc = ~0u;
        int read;
        for (long at = 0; (read = file.Read(at, buffer)) > 0; at += read)
        {
            foreach (var value in buffer.AsSpan(0, read))
            {
                crc = Table[(byte)(crc ^ value)] ^ (crc >> 8);
            }
        }

        return ~crc;
    }

    private static readonly uint[] Table = MakeTable();

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? 0xedb88320 ^ (value >> 1) : value >> 1;
            }

            table[i] = value;
        }

        return table;
    }
}
