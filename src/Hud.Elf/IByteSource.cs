namespace Hud.Elf;

/// <summary>
/// Random access to the bytes of a file or memory image. Never a mapping of the file: its owner may truncate it at
/// any time, and a read past the end of a mapping kills the reader (SIGBUS).
/// </summary>
public interface IByteSource
{
    /// <summary>Bytes available when the source was made.</summary>
    long Length { get; }

    /// <summary>Reads at most <c>destination.Length</c> bytes at <paramref name="offset"/>; returns how many, 0 at or
    /// past the end or on an error of the device. Does not throw for any offset.</summary>
    int Read(long offset, Span<byte> destination);
}

public static class ByteSourceExtensions
{
    /// <summary>Fills <paramref name="destination"/> wholly, or returns false.</summary>
    public static bool TryReadExactly(this IByteSource source, long offset, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (offset < 0 || offset > source.Length || destination.Length > source.Length - offset)
        {
            return false;
        }

        while (destination.Length > 0)
        {
            var read = source.Read(offset, destination);
            if (read <= 0)
            {
                return false;
            }

            offset += read;
            destination = destination[read..];
        }

        return true;
    }
}
