namespace Hud.Unwinding;

/// <summary>Every bound on unwinding and on the tables it is done with.</summary>
public static class StackLimits
{
    /// <summary>Frames of one stack.</summary>
    public const int MaxFrames = 256;

    /// <summary>Bytes of one .eh_frame or .debug_frame section that are read; libLLVM has 6 MB, rustc's driver 14 MB.</summary>
    public const long MaxFrameSectionBytes = 256L << 20;

    /// <summary>Bytes of one record (CIE or FDE); a longer one is skipped and counted.</summary>
    public const int MaxRecordBytes = 256 * 1024;

    /// <summary>Rows of one table, 6 bytes each; a 50 MB text segment has about 1 million.</summary>
    public const int MaxRows = 6_000_000;

    /// <summary>Functions (FDEs) of one table.</summary>
    public const int MaxFunctions = 2_000_000;

    /// <summary>Different rules of one table; row entries are 16 bits wide.</summary>
    public const int MaxRules = ushort.MaxValue;

    /// <summary>Parsed CIEs kept while a section is read; real sections have 1 to 200.</summary>
    public const int MaxCommonRecords = 4096;

    /// <summary>Depth of remember_state; compilers use 1.</summary>
    public const int MaxRememberedStates = 8;

    /// <summary>Different DWARF expressions of one table; real tables have 1 to 40.</summary>
    public const int MaxExpressions = 4096;

    /// <summary>Bytes of one DWARF expression.</summary>
    public const int MaxExpressionBytes = 256;

    /// <summary>Operations executed for one DWARF expression.</summary>
    public const int MaxExpressionSteps = 256;

    /// <summary>Words looked at by one conservative scan.</summary>
    public const int MaxScanWords = 8192;

    /// <summary>Bytes of a compressed .debug_frame after decompression.</summary>
    public const int MaxDecompressedBytes = 64 << 20;
}
