namespace Hud.Symbolization;

/// <summary>Bounds of the helper that reads debug information, and of what the agent accepts from it.</summary>
public static class DwarfLimits
{
    /// <summary>Compilation units of one file; a browser has about 40,000.</summary>
    public const int MaxUnits = 200_000;

    /// <summary>Address ranges of all units of one file, 24 bytes each.</summary>
    public const int MaxUnitRanges = 1_000_000;

    /// <summary>Functions of one unit; also the rows of its lines that are kept.</summary>
    public const int MaxFunctionsOfUnit = 400_000;

    /// <summary>Functions of all units that are kept at a time, 40 bytes each; then the tables start over.</summary>
    public const int MaxKeptFunctions = 500_000;

    /// <summary>Inlined ranges of one function.</summary>
    public const int MaxInlinesOfFunction = 200_000;

    /// <summary>Inlined ranges of all functions that are kept at a time, 40 bytes each and as much again for those
    /// that were asked about.</summary>
    public const int MaxKeptInlines = 400_000;

    /// <summary>Folders, and files, of one unit.</summary>
    public const int MaxFilesOfUnit = 50_000;

    /// <summary>Nested namespaces, blocks and inlined functions.</summary>
    public const int MaxDepth = 256;

    /// <summary>Frames at one address.</summary>
    public const int MaxFramesPerAddress = 128;

    /// <summary>Names, and paths, kept at a time.</summary>
    public const int MaxKeptNames = 100_000;

    /// <summary>Files open at a time; the one not used for longest is closed.</summary>
    public const int MaxOpenFiles = 6;

    /// <summary>Bytes of the helper's own resident memory above which it forgets what it has read; about 30 MiB are the runtime's.</summary>
    public const long MaxOwnMemory = 110L * 1024 * 1024;

    /// <summary>Bytes of mapped files in the helper's resident memory above which it lets them go.</summary>
    public const long MaxFilePages = 72L * 1024 * 1024;

    /// <summary>Bytes of the helper's own resident memory at which the agent ends it. A file can unpack into any amount of memory in more ways
    /// than can be looked at before: compressed symbols, a debug file that is compressed as a whole.</summary>
    public const long MaxHelperMemory = 224L * 1024 * 1024;

    /// <summary>How often the agent looks at the helper's memory while it waits for an answer.</summary>
    public static readonly TimeSpan MemoryCheck = TimeSpan.FromMilliseconds(50);

    /// <summary>Bytes that compressed debug sections of one file may take unpacked.</summary>
    public const ulong MaxUnpackedDebugInfo = 96UL << 20;

    /// <summary>Addresses of one request.</summary>
    public const int MaxAddressesPerRequest = 1024;

    /// <summary>Characters of all texts of one answer.</summary>
    public const int MaxAnswerText = 4 * 1024 * 1024;

    /// <summary>Texts of one answer.</summary>
    public const int MaxAnswerTexts = 200_000;

    /// <summary>Bytes of one message in either direction.</summary>
    public const int MaxMessage = 16 * 1024 * 1024;

    /// <summary>Time for one debug file from a debuginfod server.</summary>
    public static readonly TimeSpan MaxDownload = TimeSpan.FromSeconds(90);

    /// <summary>Bytes of one debug file from a debuginfod server.</summary>
    public const long MaxDownloadBytes = 4L << 30;

    /// <summary>Characters of a path.</summary>
    public const int MaxPath = 4096;
}
