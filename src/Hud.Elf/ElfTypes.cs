namespace Hud.Elf;

/// <summary>Why a file was refused.</summary>
public enum ElfProblem
{
    None,
    NotElf,
    Truncated,
    ThirtyTwoBit,
    BigEndian,
    ForeignMachine,
    ForeignType,
    Malformed,
}

/// <summary>e_machine of the two processors Hud unwinds on.</summary>
public enum ElfMachine
{
    X64 = 62,
    AArch64 = 183,
}

/// <summary>e_type. PIE programs and shared libraries are both <see cref="Dynamic"/>.</summary>
public enum ElfType
{
    Relocatable = 1,
    Executable = 2,
    Dynamic = 3,
}

public enum ElfSegmentType : uint
{
    Null = 0,
    Load = 1,
    Dynamic = 2,
    Interpreter = 3,
    Note = 4,
    ProgramHeaders = 6,
    Tls = 7,
    GnuEhFrame = 0x6474e550,
    GnuStack = 0x6474e551,
    GnuRelro = 0x6474e552,
}

/// <summary>One program header. <c>FileSize</c> bytes at <c>Offset</c> appear at <c>Address</c>; the rest up to
/// <c>MemorySize</c> is zero.</summary>
public readonly record struct ElfSegment(
    ElfSegmentType Type,
    bool Readable,
    bool Writable,
    bool Executable,
    ulong Offset,
    ulong Address,
    ulong FileSize,
    ulong MemorySize
)
{
    public bool ContainsAddress(ulong address) => address - Address < MemorySize;

    public bool ContainsOffset(ulong offset) => offset - Offset < FileSize;
}

/// <summary>One section header. <c>Type</c> and <c>Flags</c> are the raw sh_type and sh_flags.</summary>
public sealed record ElfSection(
    string Name,
    uint Type,
    ulong Flags,
    ulong Address,
    ulong Offset,
    ulong Size,
    uint Link,
    uint Info,
    ulong EntrySize
)
{
    public const uint TypeSymbols = 2;
    public const uint TypeRela = 4;
    public const uint TypeNote = 7;
    public const uint TypeNoBits = 8;
    public const uint TypeDynamicSymbols = 11;

    public bool HasBytes => Type != TypeNoBits;

    public bool Compressed => (Flags & 0x800) != 0;

    public bool Executable => (Flags & 4) != 0;
}

/// <summary>What opening gave: the file, or the problem and a sentence about it.</summary>
public readonly record struct ElfOpenResult(ElfFile? File, ElfProblem Problem, string Text);
