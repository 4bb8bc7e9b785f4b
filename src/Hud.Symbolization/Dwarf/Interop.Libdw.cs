using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hud.Symbolization;

/// <summary>elfutils' libdw and libdwfl, ABI of 0.188 (sizes and signatures: elfutils/libdw.h, elfutils/libdwfl.h). Only the
/// helper process calls these: the library maps the target's files and reads what an attacker may have written.</summary>
internal static unsafe partial class Interop
{
    internal const string Libdw = "libdw.so.1";
    internal const string Libelf = "libelf.so.1";

    /// <summary>Dwarf_Die. <c>Address</c> points at the entry's bytes; with <c>Abbreviation</c> 0 the library looks it up.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Die
    {
        public byte* Address;
        public nint Unit;
        public nint Abbreviation;
        public long Padding;
    }

    /// <summary>Dwarf_Attribute</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Attribute
    {
        public uint Code;
        public uint Form;
        public nint Value;
        public nint Unit;
    }

    /// <summary>Dwfl_Callbacks</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Callbacks
    {
        public nint FindElf;
        public nint FindDebugInfo;
        public nint SectionAddress;
        public byte** DebugInfoPath;
    }

    internal const int TagClass = 0x02,
        TagEnumeration = 0x04,
        TagLexicalBlock = 0x0b,
        TagStructure = 0x13,
        TagUnion = 0x17,
        TagInlinedSubroutine = 0x1d,
        TagModule = 0x1e,
        TagSubprogram = 0x2e,
        TagNamespace = 0x39;

    internal const uint AtName = 0x03,
        AtStmtList = 0x10,
        AtCompDir = 0x1b,
        AtAbstractOrigin = 0x31,
        AtCallFile = 0x58,
        AtCallLine = 0x59,
        AtLinkageName = 0x6e,
        AtMipsLinkageName = 0x2007;

    [LibraryImport(Libdw)]
    internal static partial nint dwfl_begin(Callbacks* callbacks);

    [LibraryImport(Libdw)]
    internal static partial void dwfl_end(nint dwfl);

    [LibraryImport(Libdw, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint dwfl_report_offline(nint dwfl, string name, string fileName, int fd);

    [LibraryImport(Libdw)]
    internal static partial int dwfl_report_end(nint dwfl, nint removed, nint argument);

    [LibraryImport(Libdw)]
    internal static partial nint dwfl_module_getdwarf(nint module, ulong* bias);

    [LibraryImport(Libdw)]
    internal static partial nint dwfl_module_getelf(nint module, ulong* bias);

    [LibraryImport(Libdw)]
    internal static partial byte* dwfl_module_addrinfo(
        nint module,
        ulong address,
        ulong* offset,
        byte* symbol,
        uint* section,
        nint* elf,
        ulong* bias
    );

    [LibraryImport(Libdw)]
    internal static partial int dwfl_errno();

    [LibraryImport(Libdw)]
    private static partial byte* dwfl_errmsg(int error);

    [LibraryImport(Libdw)]
    internal static partial int dwarf_get_units(
        nint dwarf,
        nint unit,
        nint* next,
        ushort* version,
        byte* type,
        Die* unitDie,
        Die* subDie
    );

    [LibraryImport(Libdw)]
    internal static partial nint dwarf_ranges(Die* die, nint offset, ulong* baseAddress, ulong* start, ulong* end);

    [LibraryImport(Libdw), SuppressGCTransition]
    internal static partial int dwarf_tag(Die* die);

    [LibraryImport(Libdw), SuppressGCTransition]
    internal static partial int dwarf_child(Die* die, Die* child);

    [LibraryImport(Libdw)]
    internal static partial int dwarf_siblingof(Die* die, Die* sibling);

    [LibraryImport(Libdw)]
    internal static partial Attribute* dwarf_attr(Die* die, uint name, Attribute* attribute);

    [LibraryImport(Libdw)]
    internal static partial Attribute* dwarf_attr_integrate(Die* die, uint name, Attribute* attribute);

    [LibraryImport(Libdw)]
    internal static partial Die* dwarf_formref_die(Attribute* attribute, Die* die);

    [LibraryImport(Libdw)]
    internal static partial byte* dwarf_formstring(Attribute* attribute);

    [LibraryImport(Libdw)]
    internal static partial int dwarf_formudata(Attribute* attribute, ulong* value);

    [LibraryImport(Libdw)]
    internal static partial nint dwarf_getsrc_die(Die* unitDie, ulong address);

    [LibraryImport(Libdw)]
    internal static partial byte* dwarf_linesrc(nint line, nint modified, nint length);

    [LibraryImport(Libdw)]
    internal static partial int dwarf_lineno(nint line, int* number);

    [LibraryImport(Libdw)]
    internal static partial int dwarf_getsrcfiles(Die* unitDie, nint* files, nuint* count);

    [LibraryImport(Libdw)]
    internal static partial byte* dwarf_filesrc(nint files, nuint index, nint modified, nint length);

    [LibraryImport("libc")]
    internal static partial int malloc_trim(nuint keep);

    [LibraryImport("libc")]
    internal static partial int close(int descriptor);

    [LibraryImport("libc")]
    internal static partial int dup(Microsoft.Win32.SafeHandles.SafeFileHandle file);

    [LibraryImport(Libdw)]
    internal static partial nint dwarf_getelf(nint dwarf);

    /// <summary>Elf64_Shdr, as far as it is needed.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct SectionHeader
    {
        public uint Name;
        public uint Type;
    }

    /// <summary>Elf_Data</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Data
    {
        public nint Bytes;
        public int Type;
        public uint Version;
        public nuint Size;
        public long Offset;
        public nuint Alignment;
    }

    [LibraryImport(Libelf)]
    internal static partial int elf_getshdrstrndx(nint elf, nuint* index);

    [LibraryImport(Libelf)]
    internal static partial nint elf_nextscn(nint elf, nint section);

    [LibraryImport(Libelf)]
    internal static partial SectionHeader* elf64_getshdr(nint section);

    [LibraryImport(Libelf)]
    internal static partial byte* elf_strptr(nint elf, nuint section, nuint offset);

    [LibraryImport(Libelf)]
    internal static partial Data* elf_rawdata(nint section, Data* data);

    /// <summary>Where the whole file lies in memory; with what libdwfl opens, a mapping of it.</summary>
    [LibraryImport(Libelf)]
    internal static partial byte* elf_rawfile(nint elf, nuint* size);

    [LibraryImport("libc")]
    internal static partial int madvise(byte* address, nuint length, int advice);

    internal const int DontNeed = 4;

    /// <summary>The library's last error on this thread, in words.</summary>
    internal static string LastError() => Text(dwfl_errmsg(-1)) is { Length: > 0 } text ? text : "no reason given";

    /// <summary>A C string, at most as long as a symbol may be.</summary>
    internal static string Text(byte* text)
    {
        if (text is null)
        {
            return "";
        }

        var length = 0;
        while (length < DemangleLimits.MaxInput && text[length] != 0)
        {
            length++;
        }

        return System.Text.Encoding.UTF8.GetString(text, length);
    }

    internal static nint Export(string name) =>
        NativeLibrary.TryLoad(Libdw, out var library) && NativeLibrary.TryGetExport(library, name, out var address)
            ? address
            : 0;
}
