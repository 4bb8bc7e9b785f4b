using System.Globalization;
using System.Runtime.InteropServices;
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

    /// <summary>Of a list that need not grow on most kernels: what it grew out of would be memory that stays for long.</summary>
    private const int Expected = 1 << 17;

    /// <summary>Below what the runtime keeps apart from its small objects.</summary>
    private const int PieceBytes = 64 * 1024;

    private readonly List<ulong> addresses;

    /// <summary>Number of the piece, times the length of one, and where in it the name is.</summary>
    private readonly List<int> places;

    private readonly List<byte[]> pieces;

    /// <summary>
    /// Names as bytes, each with a NUL at its end: as objects they would take three times the memory, and of more than a hundred thousand some
    /// ten are asked for.
    /// </summary>
    private KernelSymbols(List<ulong> addresses, List<int> places, List<byte[]> pieces) =>
        (this.addresses, this.places, this.pieces) = (addresses, places, pieces);

    public static KernelSymbols None { get; } = new([], [], []);

    public int Count => addresses.Count;

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
        var (addresses, places, pieces) = (new List<ulong>(Expected), new List<int>(Expected), new List<byte[]>());
        var used = PieceBytes;
        var lines = new LineBytes(stream, MaxName * 2);
        while (addresses.Count < MaxSymbols && lines.Read < MaxBytes && lines.TryNext(out var line))
        {
            if (!TryParse(line, out var address, out var name) || address < FirstAddress)
            {
                continue;
            }

            if (used + name.Length >= PieceBytes)
            {
                pieces.Add(new byte[PieceBytes]);
                used = 0;
            }

            addresses.Add(address);
            places.Add(((pieces.Count - 1) * PieceBytes) + used);
            name.CopyTo(pieces[^1].AsSpan(used));
            used += name.Length + 1;
        }

        CollectionsMarshal.AsSpan(addresses).Sort(CollectionsMarshal.AsSpan(places));
        return new KernelSymbols(addresses, places, pieces);
    }

    /// <summary>The function at or before an address.</summary>
    public bool TryFind(ulong address, out string name)
    {
        var index = addresses.BinarySearch(address);
        index = index < 0 ? ~index - 1 : index;
        name = "";
        if (index < 0 || address < FirstAddress)
        {
            return false;
        }

        var bytes = pieces[places[index] / PieceBytes].AsSpan(places[index] % PieceBytes);
        name = Encoding.UTF8.GetString(bytes[..bytes.IndexOf((byte)0)]);
        return true;
    }

    private static bool TryParse(ReadOnlySpan<byte> line, out ulong address, out ReadOnlySpan<byte> name)
    {
        name = default;
        address = 0;
        var space = line.IndexOf((byte)' ');
        if (
            space <= 0
            || space + 3 >= line.Length
            || line[space + 2] != ' '
            || !ulong.TryParse(line[..space], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out address)
            || line[space + 1] is not ((byte)'t' or (byte)'T' or (byte)'w' or (byte)'W')
        )
        {
            return false;
        }

        var rest = line[(space + 3)..];
        var end = rest.IndexOfAny((byte)'\t', (byte)' ');
        name = end < 0 ? rest : rest[..end];
        return name.Length is > 0 and <= MaxName && !name.Contains((byte)0);
    }

    /// <summary>The lines of a stream, without their ends; what is longer than the most is cut instead of kept.</summary>
    private sealed class LineBytes(Stream stream, int most)
    {
        private readonly byte[] buffer = new byte[64 * 1024];
        private readonly byte[] line = new byte[most];
        private int at;
        private int filled;

        /// <summary>Bytes that were read of the stream.</summary>
        public long Read { get; private set; }

        public bool TryNext(out ReadOnlySpan<byte> next)
        {
            var length = 0;
            var any = false;
            while (at < filled || Fill())
            {
                any = true;
                var rest = buffer.AsSpan(at, filled - at);
                var end = rest.IndexOf((byte)'\n');
                var part = end < 0 ? rest : rest[..end];
                var kept = Math.Min(part.Length, most - length);
                part[..kept].CopyTo(line.AsSpan(length));
                length += kept;
                at += end < 0 ? rest.Length : end + 1;
                if (end >= 0)
                {
                    break;
                }
            }

            next = line.AsSpan(0, length);
            return any;
        }

        private bool Fill()
        {
            at = 0;
            filled = stream.Read(buffer);
            Read += filled;
            return filled > 0;
        }
    }
}
