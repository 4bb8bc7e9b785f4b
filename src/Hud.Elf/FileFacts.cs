using System.Runtime.InteropServices;

namespace Hud.Elf;

/// <summary>Which file it is and whether it was written to since: equal ones mean the same bytes, unless the clock was set back.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct FileFacts(ulong Device, ulong Inode, long Size, long ModifiedNs)
{
    public bool IsRegular { get; init; }

    public bool IsLink { get; init; }
}
