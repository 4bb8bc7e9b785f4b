using System.Buffers.Binary;
using Hud.Elf;

namespace Hud.Tokio;

/// <summary>
/// Finds task vtables by their shape: seven pointers into text, then three small words that aren't pointers
/// (trailer, scheduler and id offset; tokio 1.23 and later). Needs no symbols. Position-independent programs name
/// their pointers in relocations (RELA or RELR); in a program linked to a fixed address they stand in place.
/// </summary>
public static class VtableScanner
{
    /// <summary>A large service has a few thousand; a hostile file shall not have more.</summary>
    public const int MaxVtables = 16_384;

    private const int Slots = 7;
    private const int Words = 3;

    public static IReadOnlyList<TaskVtable> Scan(ElfFile elf)
    {
        var relocated = ReadPointers(elf);
        return relocated.Length > 0 ? FromRelocations(elf, relocated)
            : elf.Type == ElfType.Executable ? FromMemory(elf)
            : [];
    }

    private static (ulong Where, ulong Value)[] ReadPointers(ElfFile elf)
    {
        var found = new List<(ulong Where, ulong Value)>();
        foreach (var pair in elf.RelativeRelocations())
        {
            if (elf.IsExecutableAddress(pair.Value))
                found.Add(pair);
        }

        var pointers = found.ToArray();
        Array.Sort(pointers, static (a, b) => a.Where.CompareTo(b.Where));
        return pointers;
    }

    private static List<TaskVtable> FromRelocations(ElfFile elf, (ulong Where, ulong Value)[] pointers)
    {
        var found = new List<TaskVtable>();
        Span<byte> words = stackalloc byte[Words * 8];
        for (int i = 0; i + Slots <= pointers.Length && found.Count < MaxVtables; i++)
        {
            ulong at = pointers[i].Where;
            if (pointers[i + Slots - 1].Where != at + (Slots - 1) * 8 || !elf.TryReadAt(at + Slots * 8, words))
                continue;
            // a relocated word right behind means that these seven are the tail or the middle of a longer table
            ulong end = at + (Slots + Words) * 8;
            if (i + Slots < pointers.Length && pointers[i + Slots].Where < end)
                continue;
            if (
                TryShape(
                    at,
                    pointers[i].Value,
                    pointers[i + 1].Value,
                    pointers[i + 2].Value,
                    pointers[i + 6].Value,
                    words,
                    out var vtable
                )
            )
                found.Add(vtable);
        }

        return found;
    }

    private static List<TaskVtable> FromMemory(ElfFile elf)
    {
        const int chunk = 1 << 16;
        var found = new List<TaskVtable>();
        byte[] buffer = new byte[chunk + (Slots + Words) * 8];
        long left = TokioVersions.MaxScan;
        foreach (var segment in elf.LoadSegments)
        {
            if (segment.Executable)
                continue;
            for (ulong offset = 0; offset < segment.FileSize && found.Count < MaxVtables && left > 0; offset += chunk)
            {
                ulong at = (segment.Address + offset + 7) & ~7UL;
                int length = (int)
                    Math.Min(
                        (ulong)buffer.Length,
                        segment.Address + segment.FileSize - Math.Min(at, segment.Address + segment.FileSize)
                    );
                if (length < (Slots + Words) * 8 || !elf.TryReadAt(at, buffer.AsSpan(0, length)))
                    break;
                left -= length;
                ScanWords(elf, at, buffer.AsSpan(0, length), found);
            }
        }

        return found;
    }

    private static void ScanWords(ElfFile elf, ulong address, ReadOnlySpan<byte> bytes, List<TaskVtable> found)
    {
        int run = 0;
        for (int at = 0; at + (1 + Words) * 8 <= bytes.Length; at += 8)
        {
            run = elf.IsExecutableAddress(Word(bytes, at)) ? run + 1 : 0;
            if (run != Slots || found.Count >= MaxVtables)
                continue;
            int start = at - (Slots - 1) * 8;
            if (
                TryShape(
                    address + (ulong)start,
                    Word(bytes, start),
                    Word(bytes, start + 8),
                    Word(bytes, start + 16),
                    Word(bytes, start + 48),
                    bytes.Slice(at + 8, Words * 8),
                    out var vtable
                ) && (found.Count == 0 || found[^1].Address != vtable.Address)
            )
            {
                found.Add(vtable);
            }

            run = Slots - 1;
        }
    }

    private static ulong Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    private static bool TryShape(
        ulong at,
        ulong poll,
        ulong schedule,
        ulong dealloc,
        ulong shutdown,
        ReadOnlySpan<byte> words,
        out TaskVtable vtable
    )
    {
        ulong trailer = Word(words, 0),
            scheduler = Word(words, 8),
            id = Word(words, 16);
        bool fits =
            scheduler is >= 0x18 and <= 0x200
            && id >= scheduler
            && id - scheduler is 0 or 8 or 16 or 32
            && id < trailer
            && trailer < 1 << 24
            && ((trailer | scheduler | id) & 7) == 0;
        vtable = fits
            ? new TaskVtable(at, poll, schedule, dealloc, shutdown, (uint)trailer, (uint)scheduler, (uint)id)
            : default;
        return fits;
    }
}
