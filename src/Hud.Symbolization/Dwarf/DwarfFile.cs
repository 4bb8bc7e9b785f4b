namespace Hud.Symbolization;

/// <summary>Address to functions and lines in one file's debug information. Three indexes, each built when first needed: units by
/// address, a unit's functions, a function's inlined calls. Not thread-safe.</summary>
internal sealed unsafe partial class DwarfFile : IDisposable
{
    private readonly DwflSession session;
    private readonly DieTable units;
    private readonly HashSet<int> split = [];
    private readonly LineSections? lines;
    private readonly Dictionary<int, UnitTable> functions = [];
    private readonly Dictionary<nint, InlineTable> inlines = [];
    private readonly Dictionary<nint, DwarfName> names = [];
    private int keptFunctions;
    private int keptInlines;

    private DwarfFile(DwflSession session)
    {
        this.session = session;
        units = session.Dwarf == 0 ? new DieTable([], []) : ReadUnits(session.Dwarf);
        lines = session.Dwarf == 0 ? null : new LineSections(Interop.dwarf_getelf(session.Dwarf));
    }

    public int UnitCount => units.Entries.Length;

    public bool HasDebugInfo => session.Dwarf != 0;

    public static DwarfFile? Open(SymbolizerRequest request, bool mayDownload, out string error) =>
        DwflSession.Open(request, mayDownload, out error) is { } session ? new DwarfFile(session) : null;

    public RawLocation Find(ulong elfAddress, bool wantSymbol = true)
    {
        var symbol = wantSymbol ? session.SymbolAt(elfAddress) : "";
        var unit = DieRange.Search(units.Ranges, elfAddress, out _);
        return unit < 0 ? new RawLocation(symbol, "", "", []) : InUnit(unit, elfAddress, symbol);
    }

    public void LetPagesGo() => session.LetPagesGo();

    public void Dispose() => session.Dispose();

    private DieTable ReadUnits(nint dwarf)
    {
        var entries = new List<(nint, nint)>();
        var ranges = new List<DieRange>();
        nint unit = 0,
            next;
        Interop.Die die = default,
            sub = default;
        while (
            entries.Count < DwarfLimits.MaxUnits
            && Interop.dwarf_get_units(dwarf, unit, &next, null, null, &die, &sub) == 0
        )
        {
            unit = next;

            // with split debug information the skeleton has the addresses and the sub-entry, when found, the functions
            var content = sub.Address is null ? die : sub;
            if (sub.Address is not null)
            {
                split.Add(entries.Count);
            }

            AddRanges(&die, entries.Count, ranges, DwarfLimits.MaxUnitRanges);
            entries.Add(((nint)content.Address, content.Unit));
        }

        return new DieTable(DieRange.Sorted(ranges), [.. entries]);
    }

    /// <summary>Appends every non-empty range of an entry; address 0 marks code that the linker threw away.</summary>
    private static void AddRanges(Interop.Die* die, int index, List<DieRange> into, int limit)
    {
        ulong start,
            end,
            baseAddress;
        nint offset = 0;
        while (into.Count < limit && (offset = Interop.dwarf_ranges(die, offset, &baseAddress, &start, &end)) > 0)
        {
            if (start != 0 && start < end)
            {
                into.Add(new DieRange(start, end, index));
            }
        }
    }

    private UnitTable FunctionsOf(int unit)
    {
        if (functions.TryGetValue(unit, out var table))
        {
            return table;
        }

        var entries = new List<(nint, nint)>();
        var ranges = new List<DieRange>();
        var head = units.Die(unit);
        var walk = new DieWalk(head);
        var steps = 0;
        for (var more = walk.Down(); more && ranges.Count < DwarfLimits.MaxFunctionsOfUnit; )
        {
            // a program of one unit is read whole
            if ((++steps & 0xffff) == 0 && OwnMemory.Now.Files > DwarfLimits.MaxFilePages)
            {
                LetPagesGo();
            }

            var die = walk.Current;
            var tag = Interop.dwarf_tag(&die);
            if (tag == Interop.TagSubprogram)
            {
                var before = ranges.Count;
                AddRanges(&die, entries.Count, ranges, DwarfLimits.MaxFunctionsOfUnit);
                if (ranges.Count > before)
                {
                    entries.Add(((nint)die.Address, die.Unit));
                }
            }

            more = (HoldsFunctions(tag) && walk.Down()) || walk.Next();
        }

        table = new UnitTable(
            new DieTable(DieRange.Sorted(ranges), [.. entries]),
            LinesOf(unit, head),
            Attribute(&head, Interop.AtCompDir),
            Attribute(&head, Interop.AtName)
        );
        var kept = ranges.Count + 64 + ((table.Lines as LineTable)?.Count ?? 0);
        keptFunctions += kept;
        if (keptFunctions > DwarfLimits.MaxKeptFunctions)
        {
            functions.Clear();
            keptFunctions = kept;
        }

        functions[unit] = table;
        return table;
    }

    private ILines LinesOf(int unit, Interop.Die head)
    {
        Interop.Attribute attribute;
        ulong offset;
        return split.Contains(unit) ? new LibraryLines(head)
            : lines is not null
            && Interop.dwarf_attr(&head, Interop.AtStmtList, &attribute) is not null
            && Interop.dwarf_formudata(&attribute, &offset) == 0
                ? LineTable.Read(lines, offset)
            : NoLines.Instance;
    }

    private static bool HoldsFunctions(int tag) =>
        tag
            is Interop.TagNamespace
                or Interop.TagStructure
                or Interop.TagClass
                or Interop.TagUnion
                or Interop.TagEnumeration
                or Interop.TagModule;

    private InlineTable InlinesOf(Interop.Die function)
    {
        if (inlines.TryGetValue((nint)function.Address, out var found))
        {
            return found;
        }

        var entries = new List<(nint, nint)>();
        var ranges = new List<DieRange>();
        var walk = new DieWalk(function);
        for (var more = walk.Down(); more && ranges.Count < DwarfLimits.MaxInlinesOfFunction; )
        {
            var die = walk.Current;
            var tag = Interop.dwarf_tag(&die);
            if (tag == Interop.TagInlinedSubroutine)
            {
                AddRanges(&die, entries.Count, ranges, DwarfLimits.MaxInlinesOfFunction);
                entries.Add(((nint)die.Address, die.Unit));
            }

            more = (tag is Interop.TagInlinedSubroutine or Interop.TagLexicalBlock && walk.Down()) || walk.Next();
        }

        found = new InlineTable(new DieTable([.. ranges], [.. entries]));
        keptInlines += ranges.Count + 16;
        if (keptInlines > DwarfLimits.MaxKeptInlines)
        {
            inlines.Clear();
            keptInlines = ranges.Count + 16;
        }

        inlines[(nint)function.Address] = found;
        return found;
    }
}
