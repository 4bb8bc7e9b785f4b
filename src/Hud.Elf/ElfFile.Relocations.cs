using System.Buffers.Binary;
using System.Numerics;

namespace Hud.Elf;

public sealed partial class ElfFile
{
    private const uint X64Absolute = 1;
    private const uint X64Relative = 8;
    private const uint ArmAbsolute = 257;
    private const uint ArmRelative = 1027;
    private const int RelaEntry = 24;
    private const int SymbolEntry = 24;

    /// <summary>
    /// Words which the loader turns into pointers into this file: where (ELF address) and the value (ELF address),
    /// from the RELA table and then the RELR table, in file order. Pointers to symbols of other files are left out.
    /// A program linked to a fixed address has none: its pointers are in place.
    /// </summary>
    public IEnumerable<(ulong Where, ulong Value)> RelativeRelocations()
    {
        var given = 0;
        foreach (var pair in RelaRelocations().Concat(RelrRelocations()))
        {
            if (++given > ElfLimits.MaxRelocations)
            {
                yield break;
            }

            yield return pair;
        }
    }

    private IEnumerable<(ulong Where, ulong Value)> RelaRelocations()
    {
        if (!FindTable(DtRela, DtRelaSize, ".rela.dyn", out var start, out var size))
        {
            yield break;
        }

        var window = new SourceWindow(Source);
        var symbols = new SourceWindow(Source, 4096, ElfLimits.MaxScatteredBytes);
        var symbolsAt =
            TryGetDynamic(DtSymbolTable, out var at) && TryAddressToFileOffset(at, out var symbolsOffset)
                ? (long)symbolsOffset
                : -1;
        var relative = Machine == ElfMachine.X64 ? X64Relative : ArmRelative;
        var absolute = Machine == ElfMachine.X64 ? X64Absolute : ArmAbsolute;
        var count = Math.Min(size / RelaEntry, ElfLimits.MaxRelocations);
        for (ulong i = 0; i < count; i++)
        {
            if (!TryReadRela(window, (long)(start + (i * RelaEntry)), out var where, out var info, out var addend))
            {
                yield break;
            }

            var type = (uint)info;
            if (type == relative)
            {
                yield return (where, addend);
            }
            else if (
                type == absolute
                && symbolsAt >= 0
                && TryReadDefined(symbols, symbolsAt, info >> 32, out var value)
            )
            {
                yield return (where, unchecked(value + addend));
            }
        }
    }

    // https://groups.google.com/g/generic-abi/c/bX460iggiKg: an even word names one pointer, an odd word is a bitmap of
    // the 63 words after the last one named. The pointer's value stays in place.
    private IEnumerable<(ulong Where, ulong Value)> RelrRelocations()
    {
        if (!FindTable(DtRelr, DtRelrSize, ".relr.dyn", out var start, out var size))
        {
            yield break;
        }

        var window = new SourceWindow(Source);
        var places = new SourceWindow(Source, 4096, ElfLimits.MaxScatteredBytes);
        ulong next = 0;
        var tried = 0; // a place that cannot be read costs time as well
        for (ulong i = 0; i < size / 8 && tried < ElfLimits.MaxRelocations; i++)
        {
            if (!window.TryReadUInt64((long)(start + (i * 8)), out var entry))
            {
                yield break;
            }

            tried++;
            if ((entry & 1) == 0)
            {
                if (TryReadPlace(places, entry, out var value))
                {
                    yield return (entry, value);
                }

                next = unchecked(entry + 8);
                continue;
            }

            for (var bits = entry >> 1; bits != 0; bits &= bits - 1)
            {
                tried++;
                var where = unchecked(next + (8 * (ulong)BitOperations.TrailingZeroCount(bits)));
                if (TryReadPlace(places, where, out var value))
                {
                    yield return (where, value);
                }
            }

            next = unchecked(next + (63 * 8));
        }
    }

    private bool FindTable(long addressTag, long sizeTag, string section, out ulong offset, out ulong size)
    {
        offset = 0;
        if (
            TryGetDynamic(addressTag, out var address)
            && TryGetDynamic(sizeTag, out size)
            && TryAddressToFileOffset(address, out offset)
        )
        {
            return true;
        }

        size = 0;
        if (FindSection(section) is not { HasBytes: true } found)
        {
            return false;
        }

        (offset, size) = (found.Offset, found.Size);
        return true;
    }

    private bool TryReadPlace(SourceWindow places, ulong address, out ulong value)
    {
        value = 0;
        return TryAddressToFileOffset(address, out var offset) && places.TryReadUInt64((long)offset, out value);
    }

    private static bool TryReadRela(SourceWindow window, long at, out ulong where, out ulong info, out ulong addend)
    {
        var bytes = window.Get(at, RelaEntry);
        if (bytes.IsEmpty)
        {
            (where, info, addend) = (0, 0, 0);
            return false;
        }

        where = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        info = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        addend = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        return true;
    }

    private static bool TryReadDefined(SourceWindow symbols, long tableAt, ulong index, out ulong value)
    {
        value = 0;
        var bytes = symbols.Get(tableAt + (long)(index * SymbolEntry), SymbolEntry);
        if (bytes.IsEmpty || BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]) == 0)
        {
            return false;
        }

        value = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        return true;
    }
}
