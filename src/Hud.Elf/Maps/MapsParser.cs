using System.Buffers.Text;
using System.Text;

namespace Hud.Elf;

/// <summary>Bounds on /proc/PID/maps.</summary>
public static class MapsLimits
{
    /// <summary>Lines; the kernel's own default bound (vm.max_map_count) is 65,530.</summary>
    public const int MaxMappings = 262_144;

    /// <summary>Bytes of text to read.</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>Bytes of one path; PATH_MAX is 4096 and each odd byte may be escaped as four.</summary>
    public const int MaxPath = 16 * 1024;
}

/// <summary>The mappings in address order; how many lines were not understood; whether lines were left out.</summary>
public sealed record MapsText(IReadOnlyList<Mapping> Mappings, int MalformedLines, bool Truncated);

/// <summary>
/// Parses /proc/PID/maps, whose lines look so:
/// <code>55d0a6a2f000-55d0a6a31000 r-xp 0002f000 fe:01 1311   /app/demo (deleted)</code>
/// </summary>
public static class MapsParser
{
    private static readonly byte[] DeletedMark = " (deleted)"u8.ToArray();

    public static MapsText Parse(string text) => Parse(Encoding.UTF8.GetBytes(text));

    public static MapsText Parse(ReadOnlySpan<byte> text)
    {
        var mappings = new List<Mapping>();
        var malformed = 0;
        while (!text.IsEmpty)
        {
            if (mappings.Count >= MapsLimits.MaxMappings)
            {
                return new MapsText(mappings, malformed, true);
            }

            var end = text.IndexOf((byte)'\n');
            var line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (line.IsEmpty)
            {
                continue;
            }

            if (ParseLine(line) is { } mapping)
            {
                mappings.Add(mapping);
            }
            else
            {
                malformed++;
            }
        }

        return new MapsText(mappings, malformed, false);
    }

    internal static Mapping? ParseLine(ReadOnlySpan<byte> line)
    {
        if (
            !Hex(ref line, (byte)'-', out var start)
            || !Hex(ref line, (byte)' ', out var end)
            || end <= start
            || line.Length < 5
            || line[4] != (byte)' '
        )
        {
            return null;
        }

        var permissions = Permissions(line[..4]);
        line = line[5..];
        if (
            permissions is null
            || !Hex(ref line, (byte)' ', out var offset)
            || !Hex(ref line, (byte)':', out var major)
            || !Hex(ref line, (byte)' ', out var minor)
            || !Utf8Parser.TryParse(line, out ulong inode, out var used)
        )
        {
            return null;
        }

        var path = line[used..].TrimStart((byte)' ');
        var deleted = inode != 0 && path.EndsWith(DeletedMark);
        if (deleted)
        {
            path = path[..^DeletedMark.Length];
        }

        return path.Length > MapsLimits.MaxPath
            ? null
            : new Mapping(
                start,
                end,
                permissions.Value,
                offset,
                (uint)major,
                (uint)minor,
                inode,
                Unescape(path),
                deleted
            );
    }

    private static bool Hex(ref ReadOnlySpan<byte> line, byte terminator, out ulong value)
    {
        if (!Utf8Parser.TryParse(line, out value, out var used, 'x') || used >= line.Length || line[used] != terminator)
        {
            return false;
        }

        line = line[(used + 1)..];
        return true;
    }

    private static MappingPermissions? Permissions(ReadOnlySpan<byte> text)
    {
        if (
            text[0] is not ((byte)'r' or (byte)'-')
            || text[1] is not ((byte)'w' or (byte)'-')
            || text[2] is not ((byte)'x' or (byte)'-')
            || text[3] is not ((byte)'p' or (byte)'s')
        )
        {
            return null;
        }

        return (text[0] == 'r' ? MappingPermissions.Read : MappingPermissions.None)
            | (text[1] == 'w' ? MappingPermissions.Write : MappingPermissions.None)
            | (text[2] == 'x' ? MappingPermissions.Execute : MappingPermissions.None)
            | (text[3] == 's' ? MappingPermissions.Shared : MappingPermissions.None);
    }

    // The kernel writes a newline in a path as \012, and nothing else (seq_path with "\n").
    private static string Unescape(ReadOnlySpan<byte> path) =>
        Encoding.UTF8.GetString(path).Replace("\\012", "\n", StringComparison.Ordinal);
}
