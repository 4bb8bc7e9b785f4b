namespace Hud.Core.Stream;

/// <summary>
/// Splits bytes that arrive in any pieces into lines, with a bound: of a longer line only the beginning is handed on, so
/// that <see cref="AgentStreamReader"/> counts it as one bad line instead of memory growing with it.
/// </summary>
public sealed class StreamLines
{
    // one byte over the bound is enough for the reader to refuse the line
    private readonly byte[] _line = new byte[StreamLimits.MaxLineBytes + 1];
    private int _length;

    public delegate void LineHandler(ReadOnlySpan<byte> line);

    public void Push(ReadOnlySpan<byte> bytes, LineHandler onLine)
    {
        while (!bytes.IsEmpty)
        {
            int end = bytes.IndexOf((byte)'\n');
            Append(end < 0 ? bytes : bytes[..end]);
            if (end < 0)
                return;
            Emit(onLine);
            bytes = bytes[(end + 1)..];
        }
    }

    /// <summary>Hands on what came after the last line break: a line that was cut off.</summary>
    public void End(LineHandler onLine)
    {
        if (_length > 0)
            Emit(onLine);
    }

    /// <summary>Forgets what came after the last line break.</summary>
    public void Clear() => _length = 0;

    private void Append(ReadOnlySpan<byte> piece)
    {
        int room = Math.Min(piece.Length, _line.Length - _length);
        piece[..room].CopyTo(_line.AsSpan(_length));
        _length += room;
    }

    private void Emit(LineHandler onLine)
    {
        onLine(_line.AsSpan(0, _length));
        _length = 0;
    }
}
