using System.Runtime.InteropServices;

namespace Hud.Symbolization;

/// <summary>Where an entry of a table lies: <c>[Start, End)</c> in ELF addresses.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DieRange(ulong Start, ulong End, int Index)
{
    /// <summary>By start; of two with the same start the larger first.</summary>
    public static DieRange[] Sorted(List<DieRange> ranges)
    {
        var array = ranges.ToArray();
        Array.Sort(array, static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : b.End.CompareTo(a.End));
        return array;
    }

    /// <summary>The index of the range that holds the address: the last that starts at or before it, or one of those just before
    /// (ranges may overlap when the linker folded functions). -1 when none does.</summary>
    public static int Search(DieRange[] ranges, ulong address, out ulong start)
    {
        int low = 0,
            high = ranges.Length;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (ranges[middle].Start <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        for (var i = low - 1; i >= 0 && i >= low - 8; i--)
        {
            if (address < ranges[i].End)
            {
                start = ranges[i].Start;
                return ranges[i].Index;
            }
        }

        start = 0;
        return -1;
    }
}

/// <summary>Entries of one kind, each the place of its bytes in the file, and the ranges they cover.</summary>
/// <param name="Entries">16 bytes each: the bytes' place and the library's handle of the unit</param>
internal sealed record DieTable(DieRange[] Ranges, (nint Address, nint Unit)[] Entries)
{
    public unsafe Interop.Die Die(int index) =>
        new() { Address = (byte*)Entries[index].Address, Unit = Entries[index].Unit };
}

/// <summary>A unit's functions, sorted by address, and what it says of itself.</summary>
internal sealed record UnitTable(DieTable Functions, ILines Lines, string Directory, string Name);

/// <summary>Inlined calls of one function in the order of the tree: outer before inner. What a call is named and where it is written is
/// read when first asked for.</summary>
internal sealed class InlineTable(DieTable calls)
{
    internal sealed record Call(DwarfName Name, string File, int Line);

    private readonly Call?[] known = new Call?[calls.Entries.Length];

    public DieRange[] Ranges => calls.Ranges;

    public Interop.Die Die(int index) => calls.Die(index);

    public Call? this[int index]
    {
        get => known[index];
        set => known[index] = value;
    }
}
