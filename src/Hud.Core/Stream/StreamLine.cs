using System.Text.Json;
using Hud.Core.Profile;

namespace Hud.Core.Stream;

/// <summary>One line of a stream, without its end. Pure.</summary>
public static class StreamLine
{
    /// <summary>
    /// A message as a line. One over <see cref="StreamLimits.MaxLineBytes"/> is made smaller, see <see cref="LineFitter"/>; null when it is too large
    /// however much of it is cut.
    /// </summary>
    public static byte[]? Of(StreamMessage message)
    {
        byte[] line = Serialize(message);
        if (line.Length <= StreamLimits.MaxLineBytes)
            return line;
        for (
            StreamMessage? smaller = LineFitter.Cut(message);
            smaller is not null;
            smaller = LineFitter.Smaller(smaller)
        )
        {
            line = Serialize(smaller);
            if (line.Length <= StreamLimits.MaxLineBytes)
                return line;
        }

        return null;
    }

    /// <summary>Null for what is no message: a line cut by log rotation, a newer agent's kind, or no text that an agent writes.</summary>
    public static StreamMessage? Read(ReadOnlySpan<byte> line)
    {
        if (line.Length > StreamLimits.MaxLineBytes)
            return null;
        try
        {
            _ = ProfileWeight.Of(line); // what the deserializer lets pass and no reader of the message expects
            return JsonSerializer.Deserialize(line, HudJson.Default.StreamMessage);
        }
        catch (Exception e)
            when (e is JsonException or NotSupportedException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static byte[] Serialize(StreamMessage message) =>
        JsonSerializer.SerializeToUtf8Bytes(message, HudJson.Default.StreamMessage);
}
