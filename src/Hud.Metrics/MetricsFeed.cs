using Hud.Core.Stream;

namespace Hud.Metrics;

/// <summary>The bytes of an agent's messages, in any pieces, to the pages that serve them. What is no message is left out and counted.</summary>
public sealed class MetricsFeed(MetricsPages pages)
{
    private readonly StreamLines _lines = new();

    public long BadLines { get; private set; }

    public void Push(ReadOnlySpan<byte> bytes) => _lines.Push(bytes, Accept);

    /// <summary>Another writer begins: what the last one left of a line is none.</summary>
    public void BeginAnew() => _lines.Clear();

    private void Accept(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty)
            return;
        if (StreamLine.Read(line) is { } message)
        {
            pages.Accept(message);
            return;
        }

        BadLines++;
        pages.CountBadLine();
    }
}
