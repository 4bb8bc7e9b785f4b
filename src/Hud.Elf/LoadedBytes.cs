namespace Hud.Elf;

/// <summary>
/// What a program never writes to, code and constants, piece by piece. Linkers differ in where constants lie: in a segment of their
/// own, or in that of the code (<c>-z noseparate-code</c>, older linkers, lld's <c>--no-rosegment</c>).
/// </summary>
public static class LoadedBytes
{
    private const int Piece = 1 << 20;

    /// <param name="buffer">of <see cref="Buffer"/>; holds the piece until the next one</param>
    /// <param name="overlap">bytes that a piece has in common with the one before</param>
    /// <param name="most">bytes to read in all</param>
    /// <returns>ELF address and length of each piece</returns>
    public static IEnumerable<(ulong Address, int Count)> Pieces(
        ElfFile elf,
        byte[] buffer,
        int overlap,
        long most,
        bool codeOnly = false
    )
    {
        foreach (var segment in elf.LoadSegments.ToArray())
        {
            if (segment.Writable || (codeOnly && !segment.Executable))
                continue;
            for (ulong into = 0; into < segment.FileSize && most > 0; into += (ulong)(buffer.Length - overlap))
            {
                int count = elf.Source.Read(
                    (long)(segment.Offset + into),
                    buffer.AsSpan(0, (int)Math.Min((ulong)Math.Min(buffer.Length, most), segment.FileSize - into))
                );
                if (count <= 0)
                    break;
                most -= count;
                yield return (segment.Address + into, count);
            }
        }
    }

    public static byte[] Buffer() => new byte[Piece];

    /// <returns>ELF address of the first place where these words stand; null when there is none</returns>
    public static ulong? Find(ElfFile elf, ReadOnlySpan<byte> words, long most)
    {
        byte[] buffer = Buffer();
        foreach (var (address, count) in Pieces(elf, buffer, words.Length, most))
        {
            if (buffer.AsSpan(0, count).IndexOf(words) is >= 0 and int at)
                return address + (ulong)at;
        }

        return null;
    }
}
