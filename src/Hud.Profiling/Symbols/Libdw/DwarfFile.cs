using System.Runtime.InteropServices;

namespace Hud.Profiling.Symbols.Libdw;

/// <summary>Address to functions and lines in one file's debug information. Three indexes, each built when first needed: units by
/// address, a unit's functions, a function's inlined calls. Not thread-safe.</summary>
internal sealed unsafe partial class DwarfFile : IDisposable
{
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Range(ulong Start, ulong End, int Index);

    /// <summary>Of one kind: where each lies, sorted, with an index into the entries they belong to.</summary>
    private sealed record Table(Range[] Ranges, Interop.Die[] Entries);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Inline(ulong Start, ulong End, int Entry);

    private sealed record Inlines(Inline[] Ranges, Interop.Die[] Entries);

    private readonly DwflSession session;
    private readonly Table units;
    private readonly Dictionary<int, Table> functions = [];
    private readonly Dictionary<nint, Inlines> inlines = [];
    private readonly Dictionary<nint, DwarfName> names = [];
    private int keptFunctions;
    private int keptInlines;

    private DwarfFile(DwflSession session)
    {
        this.session = session;
        units = session.Dwarf == 0 ? new Table([], []) : ReadUnits(session.Dwarf);
    }

    public int UnitCount => units.Entries.Length;

    public bool HasDebugInfo => session.Dwarf != 0;

    public static DwarfFile? Open(string path, string shownPath, string debugPath, out string error) =>
        DwflSession.Open(path, shownPath, debugPath, out error) is { } session ? new DwarfFile(session) : null;

    public RawLocation Find(ulong elfAddress, bool wantSymbol = true)
    {
        var symbol = wantSymbol ? session.SymbolAt(elfAddress) : "";
        var unit = Search(units.Ranges, elfAddress);
        return unit < 0 ? new RawLocation(symbol, "", "", []) : InUnit(unit, elfAddress, symbol);
    }

    public void Dispose() => session.Dispose();

    private static Table ReadUnits(nint dwarf)
    {
        var entries = new List<Interop.Die>();
        var ranges = new List<Range>();
        nint unit = 0, next;
        Interop.Die die = default, sub = default;
        while (entries.Count < DwarfLimits.MaxUnits && Interop.dwarf_get_units(dwarf, unit, &next, null, null, &die, &sub) == 0)
        {
            unit = next;

            // with split debug information the skeleton has the addresses and the sub-entry, when found, the functions
            var content = sub.Address is null ? die : sub;
            AddRanges(&die, entries.Count, ranges, DwarfLimits.MaxUnitRanges);
            entries.Add(content);
        }

        return Sorted(ranges, entries);
    }

    private static Table Sorted(List<Range> ranges, List<Interop.Die> entries)
    {
        var array = ranges.ToArray();
        Array.Sort(array, static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : b.End.CompareTo(a.End));
        return new Table(array, [.. entries]);
    }

    /// <summary>Appends every non-empty range of an entry; address 0 marks code that the linker threw away.</summary>
    private static void AddRanges(Interop.Die* die, int index, List<Range> into, int limit)
    {
        ulong start, end, baseAddress;
        nint offset = 0;
        while (into.Count < limit && (offset = Interop.dwarf_ranges(die, offset, &baseAddress, &start, &end)) > 0)
        {
            if (start != 0 && start < end)
            {
                into.Add(new Range(start, end, index));
            }
        }
    }

    /// <summary>The entry whose range holds the address: the last that starts at or before it, or one of those just before
    /// (ranges may overlap when the linker folded functions). -1 when none does.</summary>
    private static int Search(Range[] ranges, ulong address)
    {
        int low = 0, high = ranges.Length;
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
                return ranges[i].Index;
            }
        }

        return -1;
    }

    private Table FunctionsOf(int unit)
    {
        if (functions.TryGetValue(unit, out var table))
        {
            return table;
        }

        var entries = new List<Interop.Die>();
        var ranges = new List<Range>();
        var walk = new DieWalk(units.Entries[unit]);
        for (var more = walk.Down(); more && ranges.Count < DwarfLimits.MaxFunctionsOfUnit;)
        {
            var die = walk.Current;
            var tag = Interop.dwarf_tag(&die);
            if (tag == Interop.TagSubprogram)
            {
                var before = ranges.Count;
                AddRanges(&die, entries.Count, ranges, DwarfLimits.MaxFunctionsOfUnit);
                if (ranges.Count > before)
                {
                    entries.Add(die);
                }
            }

            more = (HoldsFunctions(tag) && walk.Down()) || walk.Next();
        }

        table = Sorted(ranges, entries);
        keptFunctions += table.Ranges.Length + 64;
        if (keptFunctions > DwarfLimits.MaxKeptFunctions)
        {
            functions.Clear();
            keptFunctions = table.Ranges.Length + 64;
        }

        functions[unit] = table;
        return table;
    }

    private static bool HoldsFunctions(int tag) => tag is Interop.TagNamespace or Interop.TagStructure or Interop.TagClass
        or Interop.TagUnion or Interop.TagEnumeration or Interop.TagModule;

    /// <summary>A function's inlined calls in the order of the tree: outer before inner.</summary>
    private Inlines InlinesOf(Interop.Die function)
    {
        if (inlines.TryGetValue((nint)function.Address, out var found))
        {
            return found;
        }

        var entries = new List<Interop.Die>();
        var ranges = new List<Inline>();
        var scratch = new List<Range>();
        var walk = new DieWalk(function);
        for (var more = walk.Down(); more && ranges.Count < DwarfLimits.MaxInlinesOfFunction;)
        {
            var die = walk.Current;
            var tag = Interop.dwarf_tag(&die);
            if (tag == Interop.TagInlinedSubroutine)
            {
                scratch.Clear();
                AddRanges(&die, entries.Count, scratch, DwarfLimits.MaxInlinesOfFunction);
                foreach (var range in scratch)
                {
                    ranges.Add(new Inline(range.Start, range.End, range.Index));
                }

                entries.Add(die);
            }

            more = (tag is Interop.TagInlinedSubroutine or Interop.TagLexicalBlock && walk.Down()) || walk.Next();
        }

        found = new Inlines([.. ranges], [.. entries]);
        keptInlines += found.Ranges.Length + 16;
        if (keptInlines > DwarfLimits.MaxKeptInlines)
        {
            inlines.Clear();
            keptInlines = found.Ranges.Length + 16;
        }

        inlines[(nint)function.Address] = found;
        return found;
    }
}
