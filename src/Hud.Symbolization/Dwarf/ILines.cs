namespace Hud.Symbolization;

/// <summary>Where code of a unit was written.</summary>
internal interface ILines
{
    /// <summary>The place in the source of an ELF address; ("", 0) when unknown. Paths may be relative to the unit's folder.</summary>
    (string Path, int Line) At(ulong address);

    /// <summary>The path of a file by the number that debug information calls it; "" when there is none.</summary>
    string PathOf(ulong file);
}

/// <summary>A unit without lines.</summary>
internal sealed class NoLines : ILines
{
    public static readonly NoLines Instance = new();

    public (string Path, int Line) At(ulong address) => ("", 0);

    public string PathOf(ulong file) => "";
}

/// <summary>By the library: for units whose debug information is in a file of its own (.dwo), where it is not simple to say which line table
/// is meant.</summary>
internal sealed unsafe class LibraryLines(Interop.Die unit) : ILines
{
    public (string Path, int Line) At(ulong address)
    {
        var die = unit;
        var line = Interop.dwarf_getsrc_die(&die, address);
        int number = 0;
        return line == 0 || Interop.dwarf_lineno(line, &number) != 0 || number < 0
            ? ("", 0)
            : (Interop.Text(Interop.dwarf_linesrc(line, 0, 0)), number);
    }

    public string PathOf(ulong file)
    {
        var die = unit;
        nint files;
        nuint count;
        return Interop.dwarf_getsrcfiles(&die, &files, &count) != 0 || file >= count
            ? ""
            : Interop.Text(Interop.dwarf_filesrc(files, (nuint)file, 0, 0));
    }
}
