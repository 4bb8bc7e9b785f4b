using System.Runtime.InteropServices;

namespace Hud.Elf;

/// <summary>Which file it is and whether it was written to since: two of them that are equal speak of the same bytes, unless somebody
/// with the right to it set the clock back.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct FileFacts(ulong Device, ulong Inode, long Size, long ModifiedNs)
{
    public bool IsRegular { get; init; }

    public bool IsLink { get; init; }
}
