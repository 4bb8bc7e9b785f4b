using System.Buffers.Binary;
using Hud.Elf;

namespace Hud.Symbolization;

/// <summary>
/// Compressed debug sections: the library unpacks all of them into memory when it opens a file, however much that is. What they say
/// of their unpacked size is also what is reserved for them, so it can be refused before.
/// </summary>
internal static class PackedDebugInfo
{
    /// <summary>A sentence when the file's debug sections would take more memory than there is for them; "" when not.</summary>
    public static string Refuse(IByteSource? source)
    {
        var size = source is not null && ElfFile.TryOpen(source, out var elf, out _) ? UnpackedSize(elf) : 0;
        return size <= DwarfLimits.MaxUnpackedDebugInfo
            ? ""
            : $"its compressed debug sections unpack to {size / 1_000_000} MB, more than the {DwarfLimits.MaxUnpackedDebugInfo / 1_000_000} MB there is memory for; objcopy --decompress-debug-sections makes them readable in place";
    }

    /// <summary>Bytes that the compressed debug sections claim to hold, together.</summary>
    internal static ulong UnpackedSize(ElfFile elf)
    {
        ulong sum = 0;
        Span<byte> head = stackalloc byte[16];
        foreach (var section in elf.Sections)
        {
            // Elf64_Chdr: u32 type, u32 reserved, u64 size. The older form: "ZLIB", u64 size, most significant byte first.
            var old = section.Name.StartsWith(".zdebug", StringComparison.Ordinal);
            if (
                (section.Compressed || old)
                && section.HasBytes
                && elf.Source.TryReadExactly((long)section.Offset, head)
            )
            {
                var size = section.Compressed
                    ? BinaryPrimitives.ReadUInt64LittleEndian(head[8..])
                    : BinaryPrimitives.ReadUInt64BigEndian(head[4..]);
                sum = size > ulong.MaxValue - sum ? ulong.MaxValue : sum + size;
            }
        }

        return sum;
    }
}
