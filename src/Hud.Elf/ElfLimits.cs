namespace Hud.Elf;

/// <summary>
/// Every bound on what an ELF file may make us read or keep. The files belong to profiled processes and are not
/// trusted; the bounds are several times what the largest known binaries (browsers, rustc, LLVM) need.
/// </summary>
public static class ElfLimits
{
    /// <summary>Program headers; real files have 9 to 15.</summary>
    public const int MaxProgramHeaders = 128;

    /// <summary>Section headers; linked files have 25 to 60, objects made with -ffunction-sections many more.</summary>
    public const int MaxSections = 8192;

    /// <summary>Bytes of the section name table.</summary>
    public const int MaxSectionNames = 1 << 20;

    /// <summary>Bytes of one section's name.</summary>
    public const int MaxSectionName = 256;

    /// <summary>Entries of the dynamic table; real files have 20 to 40.</summary>
    public const int MaxDynamicEntries = 1024;

    /// <summary>Bytes of notes read in search of a build id.</summary>
    public const int MaxNoteBytes = 64 * 1024;

    /// <summary>Bytes of a build id; sha1 has 20.</summary>
    public const int MaxBuildId = 64;

    /// <summary>Bytes hashed for <see cref="ElfFile.ContentKey"/>; a 50 MB text segment has 10 to 30 MB of unwind tables and symbols.</summary>
    public const long MaxKeyBytes = 64L << 20;

    /// <summary>Bytes of the interpreter's path.</summary>
    public const int MaxInterpreter = 4096;

    /// <summary>Function symbols kept, 16 bytes each; rustc's driver library has about 300 thousand.</summary>
    public const int MaxFunctionSymbols = 2_000_000;

    /// <summary>Symbol table entries looked at in search of functions.</summary>
    public const int MaxSymbolEntries = 16_000_000;

    /// <summary>Bytes of one symbol's name; legacy Rust names with deep generics reach a few thousand.</summary>
    public const int MaxSymbolName = 16 * 1024;

    /// <summary>Relocations yielded from one file; a browser has about 2 million.</summary>
    public const int MaxRelocations = 8_000_000;

    /// <summary>Bytes read, 4 KiB at a time, of what relocations refer to in any order.</summary>
    public const long MaxScatteredBytes = 256L << 20;
}
