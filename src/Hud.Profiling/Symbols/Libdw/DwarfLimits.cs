namespace Hud.Profiling.Symbols.Libdw;

/// <summary>Bounds of the helper that reads debug information, and of what the agent accepts from it.</summary>
public static class DwarfLimits
{
    /// <summary>Compilation units of one file; a browser has about 40,000.</summary>
    public const int MaxUnits = 200_000;

    /// <summary>Address ranges of all units of one file, 24 bytes each.</summary>
    public const int MaxUnitRanges = 4_000_000;

    /// <summary>Functions of one unit.</summary>
    public const int MaxFunctionsOfUnit = 1_000_000;

    /// <summary>Functions of all units that are kept at a time, 24 bytes each; then the tables start anew.</summary>
    public const int MaxKeptFunctions = 2_000_000;

    /// <summary>Inlined ranges of one function.</summary>
    public const int MaxInlinesOfFunction = 200_000;

    /// <summary>Inlined ranges of all functions that are kept at a time, 32 bytes each.</summary>
    public const int MaxKeptInlines = 1_000_000;

    /// <summary>Nested namespaces, blocks and inlined functions.</summary>
    public const int MaxDepth = 256;

    /// <summary>Frames at one address.</summary>
    public const int MaxFramesPerAddress = 128;

    /// <summary>Names kept at a time.</summary>
    public const int MaxKeptNames = 100_000;

    /// <summary>Files open at a time; the one not used for longest is closed.</summary>
    public const int MaxOpenFiles = 6;

    /// <summary>Bytes of the helper's resident memory above which it forgets what it has read.</summary>
    public const long MaxWorkingSet = 180L * 1024 * 1024;

    /// <summary>Addresses of one request.</summary>
    public const int MaxAddressesPerRequest = 1024;

    /// <summary>Bytes of one message in either direction.</summary>
    public const int MaxMessage = 16 * 1024 * 1024;

    /// <summary>Characters of a path.</summary>
    public const int MaxPath = 4096;
}
