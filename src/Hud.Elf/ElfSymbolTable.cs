using System.Buffers.Binary;
using System.Text;

namespace Hud.Elf;

/// <summary>One function: its ELF address and size in bytes (0 when unknown). <c>NameRef</c> is for
/// <see cref="ElfSymbolTable.NameOf"/>.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
public readonly record struct ElfFunction(ulong Address, uint Size, uint NameRef);

/// <summary>
/// The functions of .symtab and .dynsym, sorted by address, one entry per address and name. 16 bytes an entry; names
/// are read from the file when asked for.
/// </summary>
public sealed class ElfSymbolTable
{
    private const int EntrySize = 24;
    private const uint DynamicNames = 0x8000_0000;

    private readonly IByteSource _source;
    private readonly ElfFunction[] _functions;
    private readonly (long Start, long Size) _names;
    private readonly (long Start, long Size) _dynamicNames;

    private ElfSymbolTable(
        IByteSource source,
        ElfFunction[] functions,
        (long, long) names,
        (long, long) dynamicNames,
        bool truncated
    )
    {
        _source = source;
        _functions = functions;
        _names = names;
        _dynamicNames = dynamicNames;
        Truncated = truncated;
    }

    public int Count => _functions.Length;

    /// <summary>True when the file has more symbols than <see cref="ElfLimits"/> allows and some were left out.</summary>
    public bool Truncated { get; }

    /// <summary>True when there is a .symtab (not only the exported functions).</summary>
    public bool HasFullTable => _names.Size > 0;

    public ReadOnlySpan<ElfFunction> Functions => _functions;

    public ElfFunction this[int index] => _functions[index];

    /// <summary>
    /// The function which holds the address: the last one starting at or before it whose size covers it, or whose
    /// size is unknown. False when the address lies in a gap.
    /// </summary>
    public bool TryFind(ulong address, out ElfFunction function)
    {
        int low = 0,
            high = _functions.Length;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (_functions[middle].Address <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        // Aliases and zero-sized labels share addresses: look back over a few entries for one that covers.
        for (var i = low - 1; i >= 0 && i >= low - 8; i--)
        {
            if (address - _functions[i].Address < _functions[i].Size)
            {
                function = _functions[i];
                return true;
            }
        }

        function = low > 0 ? _functions[low - 1] : default;
        return low > 0 && function.Size == 0;
    }

    /// <summary>All functions that start where this one does: a linker that merges identical functions leaves every name.</summary>
    public ReadOnlySpan<ElfFunction> At(ElfFunction function)
    {
        int first = Array.BinarySearch(
            _functions,
            function,
            Comparer<ElfFunction>.Create(static (a, b) => a.Address.CompareTo(b.Address))
        );
        if (first < 0)
        {
            return [];
        }

        int last = first;
        while (first > 0 && _functions[first - 1].Address == function.Address)
        {
            first--;
        }

        while (last + 1 < _functions.Length && _functions[last + 1].Address == function.Address)
        {
            last++;
        }

        return _functions.AsSpan(first, last - first + 1);
    }

    /// <summary>The symbol's raw (mangled) name; empty when it cannot be read or is longer than the bound.</summary>
    public string NameOf(ElfFunction function)
    {
        var (start, size) = (function.NameRef & DynamicNames) != 0 ? _dynamicNames : _names;
        long at = function.NameRef & ~DynamicNames;
        Span<byte> buffer = stackalloc byte[512];
        if (at >= size)
        {
            return "";
        }

        var text = ReadString(start + at, size - at, buffer);
        if (text is null && size - at > buffer.Length)
        {
            text = ReadString(start + at, size - at, new byte[Math.Min(size - at, ElfLimits.MaxSymbolName)]);
        }

        return text ?? "";
    }

    internal static ElfSymbolTable Read(ElfFile elf)
    {
        var list = new List<ElfFunction>();
        var truncated = false;
        var names = ReadTable(elf, ElfSection.TypeSymbols, 0, list, ref truncated);
        var dynamicNames = ReadTable(elf, ElfSection.TypeDynamicSymbols, DynamicNames, list, ref truncated);
        if (elf.Sections.Count == 0)
        {
            dynamicNames = ReadDynamicTable(elf, list, ref truncated);
        }

        var functions = list.ToArray();
        Array.Sort(
            functions,
            static (a, b) =>
                a.Address != b.Address ? a.Address.CompareTo(b.Address)
                : a.Size != b.Size ? a.Size.CompareTo(b.Size)
                : b.NameRef.CompareTo(a.NameRef)
        );
        return new ElfSymbolTable(elf.Source, functions, names, dynamicNames, truncated);
    }

    private static (long, long) ReadTable(ElfFile elf, uint type, uint mark, List<ElfFunction> into, ref bool truncated)
    {
        foreach (var section in elf.Sections)
        {
            if (section.Type == type && section.HasBytes && section.Link < elf.Sections.Count)
            {
                var strings = elf.Sections[(int)section.Link];
                ReadEntries(elf.Source, (long)section.Offset, section.Size / EntrySize, mark, into, ref truncated);
                return ((long)strings.Offset, (long)strings.Size);
            }
        }

        return (0, 0);
    }

    // Without section headers the loader's own view remains. It does not say how many symbols there are; by convention
    // the string table follows the symbol table.
    private static (long, long) ReadDynamicTable(ElfFile elf, List<ElfFunction> into, ref bool truncated)
    {
        if (
            !elf.TryGetDynamic(ElfFile.DtSymbolTable, out var symbols)
            || !elf.TryGetDynamic(ElfFile.DtStringTable, out var strings)
            || !elf.TryGetDynamic(ElfFile.DtStringSize, out var size)
            || size > long.MaxValue
            || strings <= symbols
            || !elf.TryAddressToFileOffset(symbols, out var symbolsAt)
            || !elf.TryAddressToFileOffset(strings, out var stringsAt)
        )
        {
            return (0, 0);
        }

        ReadEntries(elf.Source, (long)symbolsAt, (strings - symbols) / EntrySize, DynamicNames, into, ref truncated);
        return ((long)stringsAt, (long)size);
    }

    private static void ReadEntries(
        IByteSource source,
        long offset,
        ulong count,
        uint mark,
        List<ElfFunction> into,
        ref bool truncated
    )
    {
        var window = new SourceWindow(source);
        truncated |= count > ElfLimits.MaxSymbolEntries;
        count = Math.Min(count, ElfLimits.MaxSymbolEntries);
        for (ulong i = 0; i < count; i++)
        {
            var entry = window.Get(offset + (long)(i * EntrySize), EntrySize);
            if (entry.IsEmpty)
            {
                return;
            }

            // STT_FUNC = 2, STT_GNU_IFUNC = 10; section index 0 = defined elsewhere
            var isFunction = (entry[4] & 15) is 2 or 10 && BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]) != 0;
            var name = BinaryPrimitives.ReadUInt32LittleEndian(entry);
            if (!isFunction || name >= DynamicNames)
            {
                continue;
            }

            if (into.Count >= ElfLimits.MaxFunctionSymbols)
            {
                truncated = true;
                return;
            }

            var size = BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]);
            into.Add(
                new ElfFunction(
                    BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
                    (uint)Math.Min(size, uint.MaxValue),
                    name | mark
                )
            );
        }
    }

    private string? ReadString(long at, long available, Span<byte> buffer)
    {
        var want = (int)Math.Min(Math.Min(available, buffer.Length), Math.Max(0, _source.Length - at));
        var bytes = buffer[..want];
        if (want == 0 || !_source.TryReadExactly(at, bytes))
        {
            return "";
        }

        var end = bytes.IndexOf((byte)0);
        return end < 0 ? null : Encoding.UTF8.GetString(bytes[..end]);
    }
}
