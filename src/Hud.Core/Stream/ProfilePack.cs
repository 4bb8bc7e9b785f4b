using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using Hud.Core.Profile;

namespace Hud.Core.Stream;

/// <summary>A compressed profile, opened within the bounds of <see cref="StreamLimits"/>, whoever packed it. Pure.</summary>
public static class ProfilePack
{
    /// <param name="weight">See <see cref="ProfileWeight"/>.</param>
    /// <param name="error">One sentence when the answer is null, empty otherwise.</param>
    public static ProfileDocument? Open(byte[] compressed, out long weight, out string error)
    {
        // a power of two: with one byte more the pool would give twice as much
        byte[] plain = ArrayPool<byte>.Shared.Rent(StreamLimits.MaxProfileBytes);
        weight = 0;
        error = "";
        try
        {
            using var gzip = new GZipStream(new MemoryStream(compressed), CompressionMode.Decompress);
            int length = gzip.ReadAtLeast(
                plain.AsSpan(0, StreamLimits.MaxProfileBytes),
                StreamLimits.MaxProfileBytes,
                throwOnEndOfStream: false
            );
            if (length == StreamLimits.MaxProfileBytes && gzip.ReadByte() >= 0)
            {
                error = $"the profile is larger than its bound of {StreamLimits.MaxProfileBytes >> 20} MiB";
                return null;
            }

            // weighed first: what would be too much is not made
            weight = ProfileWeight.Of(plain.AsSpan(0, length));
            if (weight > StreamLimits.MaxProfileHeapBytes)
            {
                error = $"the profile would take {weight >> 20} MiB of memory, more than its bound";
                return null;
            }

            if (
                JsonSerializer.Deserialize(plain.AsSpan(0, length), HudJson.Default.ProfileDocument) is not { } document
            )
                error = "the profile is null";
            else
                return document;
        }
        catch (Exception e)
            when (e
                    is InvalidDataException
                        or JsonException
                        or NotSupportedException
                        or FormatException
                        or OverflowException
                        or ArgumentException
                        or InvalidOperationException
            )
        {
            error = "the profile cannot be read: " + e.Message;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(plain);
        }

        return null;
    }
}
