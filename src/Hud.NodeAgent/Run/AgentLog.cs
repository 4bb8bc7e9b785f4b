using System.Text;
using System.Text.Json;

namespace Hud.NodeAgent.Run;

/// <summary>The agent's log: JSON lines on stderr, as stdout is the stream; of a long text the end. <c>hud --verbose</c> and the pod's log show it.</summary>
internal static class AgentLog
{
    public static void Write(string message, IReadOnlyList<string> lines)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("time", DateTimeOffset.UtcNow);
            json.WriteString("message", message);
            json.WriteStartArray("log");
            foreach (string line in lines.TakeLast(60))
                json.WriteStringValue(line);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        Console.Error.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }
}
