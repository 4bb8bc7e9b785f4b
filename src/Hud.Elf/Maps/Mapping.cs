namespace Hud.Elf;

[Flags]
public enum MappingPermissions
{
    None = 0,
    Read = 1,
    Write = 2,
    Execute = 4,
    Shared = 8,
}

/// <summary>
/// One line of /proc/PID/maps: addresses <c>[Start, End)</c> show the file's bytes from <c>FileOffset</c>.
/// <c>Path</c> is as the target's mount namespace names it, empty for anonymous memory, or a label in brackets;
/// <c>Deleted</c> when the kernel says the file is gone from its directory.
/// </summary>
public sealed record Mapping(
    ulong Start,
    ulong End,
    MappingPermissions Permissions,
    ulong FileOffset,
    uint DevMajor,
    uint DevMinor,
    ulong Inode,
    string Path,
    bool Deleted
)
{
    public ulong Length => End - Start;

    public bool Executable => (Permissions & MappingPermissions.Execute) != MappingPermissions.None;

    /// <summary>True for mapped files (not anonymous memory, [heap], [stack], [vdso], [uprobes], ...).</summary>
    public bool IsFile => Inode != 0;

    public bool IsVdso => Path == "[vdso]";

    /// <summary>The page where the kernel keeps out-of-line instructions and the return probe's trampoline.</summary>
    public bool IsUprobes => Path == "[uprobes]";

    /// <summary>The name of this mapping's link below /proc/PID/map_files.</summary>
    public string MapFilesName => $"{Start:x}-{End:x}";

    public bool Contains(ulong address) => address - Start < Length;
}
