using System.Buffers;

namespace Hud.Kubernetes;

/// <summary>A line was longer than its bound: the stream cannot be trusted past this point.</summary>
public sealed class LineTooLongException(int limit) : IOException($"a line is longer than {limit} bytes");

/// <summary>
/// Cuts a byte stream into lines of a bounded length. A last line without its newline is handed out with
/// <see cref="LastLineCut"/> set: whoever reads decides whether half a line is worth something.
/// </summary>
public sealed class LineReader(Stream stream, int maxLineBytes) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(16 << 10);
    private int _start;
    private int _scanned;
    private int _end;
    private bool _ended;

    /// <summary>The last line that was handed out ended with the stream, not with a newline.</summary>
    public bool LastLineCut { get; private set; }

    /// <returns>The next line without its newline, valid until the next call; null at the end.</returns>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancel)
    {
        while (true)
        {
            var newline = _buffer.AsSpan(_scanned, _end - _scanned).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                var line = new ReadOnlyMemory<byte>(_buffer, _start, _scanned + newline - _start);
                _start = _scanned = _scanned + newline + 1;
                if (line.Length > maxLineBytes)
                    throw new LineTooLongException(maxLineBytes);
                return line;
            }
            _scanned = _end;
            if (_end - _start > maxLineBytes)
                throw new LineTooLongException(maxLineBytes);
            if (_ended)
            {
                if (_end == _start)
                    return null;
                var rest = new ReadOnlyMemory<byte>(_buffer, _start, _end - _start);
                _start = _end;
                LastLineCut = true;
                return rest;
            }
            MakeRoom();
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancel).ConfigureAwait(false);
            _ended = read == 0;
            _end += read;
        }
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _scanned -= _start;
            _start = 0;
        }
        if (_end < _buffer.Length)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, _end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _end = _start = _scanned = 0;
        _ended = true;
    }
}
