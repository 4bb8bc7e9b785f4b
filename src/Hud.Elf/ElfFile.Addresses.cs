namespace Hud.Elf;

public sealed partial class ElfFile
{
    /// <summary>The lowest and highest address of executable PT_LOADs; (0, 0) when there are none.</summary>
    public (ulong Start, ulong End) ExecutableRange
    {
        get
        {
            ulong start = ulong.MaxValue,
                end = 0;
            foreach (var load in _loads)
            {
                if (load.Executable)
                {
                    start = Math.Min(start, load.Address);
                    end = Math.Max(end, load.Address + load.MemorySize);
                }
            }

            return start < end ? (start, end) : (0, 0);
        }
    }

    public bool TryFileOffsetToAddress(ulong offset, out ulong address)
    {
        foreach (var load in _loads)
        {
            if (load.ContainsOffset(offset))
            {
                address = offset - load.Offset + load.Address;
                return true;
            }
        }

        address = 0;
        return false;
    }

    /// <summary>
    /// Like <see cref="TryFileOffsetToAddress(ulong, out ulong)"/>, for the offset of an executable mapping: prefers
    /// executable segments, because the linker lets two segments share the file page on their border.
    /// </summary>
    public bool TryTextOffsetToAddress(ulong offset, out ulong address)
    {
        foreach (var load in _loads)
        {
            if (load.Executable && load.ContainsOffset(offset))
            {
                address = offset - load.Offset + load.Address;
                return true;
            }
        }

        return TryFileOffsetToAddress(offset, out address);
    }

    public bool TryAddressToFileOffset(ulong address, out ulong offset)
    {
        foreach (var load in _loads)
        {
            if (address - load.Address < load.FileSize)
            {
                offset = address - load.Address + load.Offset;
                return true;
            }
        }

        offset = 0;
        return false;
    }

    /// <summary>
    /// Run-time address minus ELF address of a mapping of this file: <paramref name="mappingStart"/> and
    /// <paramref name="mappingFileOffset"/> as in /proc/PID/maps. False when no PT_LOAD covers that part of the file.
    /// </summary>
    public bool TryLoadBias(
        ulong mappingStart,
        ulong mappingFileOffset,
        ulong mappingLength,
        bool executable,
        out ulong bias
    )
    {
        // A mapping begins at the page that holds the segment's first byte and ends at that of its last, so it may show parts
        // of its neighbours: the segment that it shows most of is the one it was made for.
        ulong best = 0;
        bias = 0;
        foreach (var load in _loads)
        {
            var start = Math.Max(load.Offset, mappingFileOffset);
            var end = Math.Min(load.Offset + load.FileSize, unchecked(mappingFileOffset + mappingLength));
            if (start < end && end - start > best && (!executable || load.Executable))
            {
                best = end - start;
                bias = unchecked(mappingStart - mappingFileOffset + load.Offset - load.Address);
            }
        }

        return best > 0;
    }

    /// <summary>Reads memory as the loader would lay it out before relocation; zero-filled parts included.</summary>
    public bool TryReadAt(ulong address, Span<byte> destination)
    {
        foreach (var load in _loads)
        {
            var into = address - load.Address;
            if (into >= load.MemorySize || (ulong)destination.Length > load.MemorySize - into)
            {
                continue;
            }

            var fromFile = into >= load.FileSize ? 0 : (int)Math.Min((ulong)destination.Length, load.FileSize - into);
            if (fromFile > 0 && !Source.TryReadExactly((long)(load.Offset + into), destination[..fromFile]))
            {
                return false;
            }

            destination[fromFile..].Clear();
            return true;
        }

        return false;
    }

    /// <summary>True when an executable PT_LOAD holds the address.</summary>
    public bool IsExecutableAddress(ulong address)
    {
        foreach (var load in _loads)
        {
            if (load.Executable && load.ContainsAddress(address))
            {
                return true;
            }
        }

        return false;
    }
}
