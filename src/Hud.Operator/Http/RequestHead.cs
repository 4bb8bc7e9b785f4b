using System.Buffers;
using System.Text;

namespace Hud.Operator.Http;

/// <summary>The bytes of a request up to its empty line, within a bound, and those that came with them.</summary>
internal sealed class RequestHead : IDisposable
{
    public const int MaxBytes = 8 << 10;

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(MaxBytes);
    private int _length;
    private int _end;

    /// <summary>Whether the empty line is among them; else there was no place for more.</summary>
    public bool IsWhole => _end > 0;

    /// <summary>With the empty line, where there is one.</summary>
    public string Text => Encoding.ASCII.GetString(_buffer, 0, IsWhole ? _end : _length);

    /// <summary>What came after the empty line: the beginning of the body.</summary>
    public ReadOnlyMemory<byte> Rest => IsWhole ? _buffer.AsMemory(_end, _length - _end) : default;

    /// <returns>False when the other side left before.</returns>
    public async Task<bool> ReadAsync(Stream stream, CancellationToken cancel)
    {
        while (_length < MaxBytes && _end == 0)
        {
            var read = await stream
                .ReadAsync(_buffer.AsMemory(_length, MaxBytes - _length), cancel)
                .ConfigureAwait(false);
            if (read == 0)
                return false;
            _length += read;
            if (_buffer.AsSpan(0, _length).IndexOf("\r\n\r\n"u8) is var at and >= 0)
                _end = at + 4;
        }
        return true;
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
}
