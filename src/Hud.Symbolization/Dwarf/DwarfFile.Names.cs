namespace Hud.Symbolization;

/// <summary><c>Linkage</c>: a symbol name, still mangled, which says the whole path; else the name alone.</summary>
internal readonly record struct DwarfName(string Text, bool Linkage);

internal sealed unsafe partial class DwarfFile
{
    private RawLocation InUnit(int unit, ulong address, string symbol)
    {
        var table = FunctionsOf(unit);
        var (path, line) = table.Lines.At(address);
        var file = Absolute(path, table.Directory);
        var function = DieRange.Search(table.Functions.Ranges, address, out _);
        if (function < 0)
        {
            RawFrame[] only = file.Length > 0 ? [new RawFrame("", false, file, line, false)] : [];
            return new RawLocation(symbol, table.Directory, table.Name, only);
        }

        var outer = table.Functions.Die(function);
        var calls = InlinesOf(outer);
        var chain = new List<int>();
        foreach (var call in calls.Ranges)
        {
            if (address - call.Start < call.End - call.Start && chain.Count < DwarfLimits.MaxFramesPerAddress - 1)
            {
                chain.Add(call.Index);
            }
        }

        // innermost first: each call's place lies in the frame around it
        var frames = new RawFrame[chain.Count + 1];
        for (var i = 0; i < chain.Count; i++)
        {
            var call = calls[chain[^(i + 1)]] ??= ReadCall(table, calls.Die(chain[^(i + 1)]));
            frames[i] = new RawFrame(call.Name.Text, call.Name.Linkage, file, line, Inlined: true);
            (file, line) = (call.File, call.Line);
        }

        var own = NameOf(&outer);
        frames[^1] = new RawFrame(own.Text, own.Linkage, file, line, Inlined: false);
        return new RawLocation(symbol, table.Directory, table.Name, frames);
    }

    private InlineTable.Call ReadCall(UnitTable unit, Interop.Die call) =>
        new(
            NameOf(&call),
            Absolute(unit.Lines.PathOf(Number(&call, Interop.AtCallFile)), unit.Directory),
            (int)Math.Min(Number(&call, Interop.AtCallLine), int.MaxValue)
        );

    private static ulong Number(Interop.Die* die, uint name)
    {
        Interop.Attribute attribute;
        ulong value;
        return Interop.dwarf_attr(die, name, &attribute) is not null && Interop.dwarf_formudata(&attribute, &value) == 0
            ? value
            : 0;
    }

    private static string Attribute(Interop.Die* die, uint name)
    {
        Interop.Attribute attribute;
        return Interop.dwarf_attr(die, name, &attribute) is null
            ? ""
            : Cut(Interop.Text(Interop.dwarf_formstring(&attribute)));
    }

    /// <summary>The folder of a file may itself be relative to where the compiler ran.</summary>
    private static string Absolute(string path, string directory) =>
        path.Length == 0 || path[0] == '/' || directory.Length == 0 ? path : $"{directory.TrimEnd('/')}/{path}";

    private static string Cut(string path) => path.Length > DwarfLimits.MaxPath ? path[..DwarfLimits.MaxPath] : path;

    /// <summary>An inlined function is called in many places, and its name is at its origin.</summary>
    private DwarfName NameOf(Interop.Die* die)
    {
        Interop.Attribute attribute;
        Interop.Die origin;
        if (
            Interop.dwarf_attr(die, Interop.AtAbstractOrigin, &attribute) is not null
            && Interop.dwarf_formref_die(&attribute, &origin) is not null
        )
        {
            die = &origin;
        }

        return names.TryGetValue((nint)die->Address, out var name)
            ? name
            : Keep(names, (nint)die->Address, ReadName(die));
    }

    private static DwarfName ReadName(Interop.Die* die) =>
        Integrated(die, Interop.AtLinkageName) is { Length: > 0 } linkage ? new DwarfName(linkage, true)
        : Integrated(die, Interop.AtMipsLinkageName) is { Length: > 0 } old ? new DwarfName(old, true)
        : new DwarfName(Integrated(die, Interop.AtName), false);

    /// <summary>Follows DW_AT_abstract_origin and DW_AT_specification.</summary>
    private static string Integrated(Interop.Die* die, uint name)
    {
        Interop.Attribute attribute;
        return Interop.dwarf_attr_integrate(die, name, &attribute) is null
            ? ""
            : Interop.Text(Interop.dwarf_formstring(&attribute));
    }

    private static T Keep<T>(Dictionary<nint, T> kept, nint key, T value)
    {
        if (kept.Count >= DwarfLimits.MaxKeptNames)
        {
            kept.Clear();
        }

        return kept[key] = value;
    }
}
