namespace Hud.Profiling.Symbols.Libdw;

/// <summary><c>Linkage</c>: a symbol name, still mangled, which says the whole path; else the name alone.</summary>
internal readonly record struct DwarfName(string Text, bool Linkage);

internal sealed unsafe partial class DwarfFile
{
    private RawLocation InUnit(int unit, ulong address, string symbol)
    {
        var die = units.Entries[unit];
        var table = FunctionsOf(unit);
        var directory = Attribute(&die, Interop.AtCompDir);
        var (file, line) = LineAt(&die, address, directory);
        var unitName = Attribute(&die, Interop.AtName);
        var function = Search(table.Ranges, address);
        if (function < 0)
        {
            RawFrame[] only = file.Length > 0 ? [new RawFrame("", false, file, line, false)] : [];
            return new RawLocation(symbol, directory, unitName, only);
        }

        var outer = table.Entries[function];
        var calls = InlinesOf(outer);
        var chain = new List<int>();
        foreach (var call in calls.Ranges)
        {
            if (address - call.Start < call.End - call.Start && chain.Count < DwarfLimits.MaxFramesPerAddress - 1)
            {
                chain.Add(call.Entry);
            }
        }

        // innermost first: each call's place lies in the frame around it
        var frames = new RawFrame[chain.Count + 1];
        for (var i = 0; i < chain.Count; i++)
        {
            var entry = calls.Entries[chain[^(i + 1)]];
            var name = NameOf(&entry);
            frames[i] = new RawFrame(name.Text, name.Linkage, file, line, Inlined: true);
            (file, line) = CallOf(&die, &entry, directory);
        }

        var own = NameOf(&outer);
        frames[^1] = new RawFrame(own.Text, own.Linkage, file, line, Inlined: false);
        return new RawLocation(symbol, directory, unitName, frames);
    }

    private static (string File, int Line) LineAt(Interop.Die* unit, ulong address, string directory)
    {
        var line = Interop.dwarf_getsrc_die(unit, address);
        int number = 0;
        return line == 0 || Interop.dwarf_lineno(line, &number) != 0 || number < 0
            ? ("", 0)
            : (Absolute(Path(Interop.dwarf_linesrc(line, 0, 0)), directory), number);
    }

    private static (string File, int Line) CallOf(Interop.Die* unit, Interop.Die* call, string directory)
    {
        var line = Number(call, Interop.AtCallLine);
        var index = Number(call, Interop.AtCallFile);
        nint files;
        nuint count;
        if (Interop.dwarf_getsrcfiles(unit, &files, &count) != 0 || index >= count)
        {
            return ("", 0);
        }

        return (Absolute(Path(Interop.dwarf_filesrc(files, (nuint)index, 0, 0)), directory), (int)Math.Min(line, int.MaxValue));
    }

    private static ulong Number(Interop.Die* die, uint name)
    {
        Interop.Attribute attribute;
        ulong value;
        return Interop.dwarf_attr(die, name, &attribute) is not null && Interop.dwarf_formudata(&attribute, &value) == 0 ? value : 0;
    }

    private static string Attribute(Interop.Die* die, uint name)
    {
        Interop.Attribute attribute;
        return Interop.dwarf_attr(die, name, &attribute) is null ? "" : Path(Interop.dwarf_formstring(&attribute));
    }

    /// <summary>libdw joins file and folder, but the folder may itself be relative to where the compiler ran.</summary>
    private static string Absolute(string path, string directory) =>
        path.Length == 0 || path[0] == '/' || directory.Length == 0 ? path : $"{directory.TrimEnd('/')}/{path}";

    private static string Path(byte* text)
    {
        var path = Interop.Text(text);
        return path.Length > DwarfLimits.MaxPath ? path[..DwarfLimits.MaxPath] : path;
    }

    private DwarfName NameOf(Interop.Die* die)
    {
        if (names.TryGetValue((nint)die->Address, out var name))
        {
            return name;
        }

        name = Integrated(die, Interop.AtLinkageName) is { Length: > 0 } linkage ? new DwarfName(linkage, true)
            : Integrated(die, Interop.AtMipsLinkageName) is { Length: > 0 } old ? new DwarfName(old, true)
            : new DwarfName(Integrated(die, Interop.AtName), false);
        if (names.Count >= DwarfLimits.MaxKeptNames)
        {
            names.Clear();
        }

        names[(nint)die->Address] = name;
        return name;
    }

    /// <summary>Follows DW_AT_abstract_origin and DW_AT_specification.</summary>
    private static string Integrated(Interop.Die* die, uint name)
    {
        Interop.Attribute attribute;
        return Interop.dwarf_attr_integrate(die, name, &attribute) is null ? "" : Interop.Text(Interop.dwarf_formstring(&attribute));
    }
}
