using System.Globalization;
using System.Text;

namespace Hud.Symbolization;

/// <summary>
/// Kernel functions by address, from /proc/kallsyms. Lines look like
/// <code>
/// ffffffff810f3d50 T __futex_wait
/// ffffffffc0401000 t nf_hook [nf_tables]
/// </code>
/// Addresses are zero for a reader without CAP_SYSLOG (kptr_restrict): then there are no names.
/// </summary>
public sealed class KernelSymbols
{
    /// <summary>Functions kept; a distribution's kernel has about 150,000.</summary>
    public const int MaxSymbols = 1_000_000;

    /// <summary>Bytes read of the file; it has about 12 MB.</summary>
    public const int MaxBytes = 128 * 1024 * 1024;

    /// <summary>Characters of a name; the kernel's own bound is 512.</summary>
    public const int MaxName = 512;

    /// <summary>The lowest address that can be the kernel's, on both processors.</summary>
    public const ulong FirstAddress = 0xffff_0000_0000_0000;

    private readonly ulong[] addresses;
    private readonly string[] names;

    private KernelSymbols(ulong[] addresses, string[] names)
    {
        this.addresses = addresses;
        this.names = names;
    }

    public static KernelSymbols None { get; } = new([], []);

    public int Count => addresses.Length;

    /// <summary>From the running kernel; <see cref="None"/> where it hides them.</summary>
    public static KernelSymbols Load(string path = "/proc/kallsyms")
    {
        try
        {
            using var file = File.OpenRead(path);
            return Parse(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return None;
        }
    }

    public static KernelSymbols Parse(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var found = new List<(ulong Address, string Name)>();
        using var reader = new StreamReader(
            stream,
            Encoding.UTF8,
            detectEncodingFromByteOrderMarks: false,
            64 * 1024,
            leaveOpen: true
        );
        var line = new char[MaxName * 2];
        long read = 0;
        while (found.Count < MaxSymbols && read < MaxBytes && TryReadLine(reader, line, out var length))
        {
            read += length + 1;
            if (TryParse(line.AsSpan(0, length), out var address, out var name) && address >= FirstAddress)
            {
                found.Add((address, name));
            }
        }

        found.Sort(static (a, b) => a.Address.CompareTo(b.Address));
        return new KernelSymbols([.. found.Select(f => f.Address)], [.. found.Select(f => f.Name)]);
    }

    /// <summary>The function at or before an address.</summary>
    public bool TryFind(ulong address, out string name)
    {
        var index = Array.BinarySearch(addresses, address);
        index = index < 0 ? ~index - 1 : index;
        name = index >= 0 && address >= FirstAddress ? names[index] : "";
        return name.Length > 0;
    }

    private static bool TryParse(ReadOnlySpan<char> line, out ulong address, out string name)
    {
        name = "";
        address = 0;
        var space = line.IndexOf(' ');
        if (
            space <= 0
            || space + 3 >= line.Length
            || line[space + 2] != ' '
            || !ulong.TryParse(line[..space], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out address)
            || line[space + 1] is not ('t' or 'T' or 'w' or 'W')
        )
        {
            return false;
        }

        var rest = line[(space + 3)..];
        var end = rest.IndexOfAny('\t', ' ');
        name = (end < 0 ? rest : rest[..end]).ToString();
        return name.Length is > 0 and <= MaxName;
    }

    /// <summary>Like ReadLine, but a line longer than the buffer is cut instead of kept.</summary>
    private static bool TryReadLine(StreamReader reader, char[] buffer, out int length)
    {
        length = 0;
        int c;
        while ((c = reader.Read()) >= 0 && c != '\n')
        {
            if (length < buffer.Length)
            {
                buffer[length++] = (char)c;
            }
        }

        return c >= 0 || length > 0;
    }
}
