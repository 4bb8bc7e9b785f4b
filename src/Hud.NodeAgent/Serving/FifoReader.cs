using Hud.Metrics;
using Hud.NodeAgent.Interop;
using Microsoft.Win32.SafeHandles;

namespace Hud.NodeAgent.Serving;

/// <summary>
/// Reads what one writer after the other puts into a FIFO. It need not be there, may have no writer, and may be replaced by another one: it is opened
/// anew whenever a writer has gone. What lies in it at the start is what an earlier reader left, and is not taken.
/// </summary>
internal sealed class FifoReader(string path, MetricsFeed feed) : IDisposable
{
    /// <summary>How often a FIFO is looked for where there is none, or none with a writer.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>What a pipe holds at most.</summary>
    private const int MaxLeft = 1 << 20;

    private readonly byte[] _buffer = new byte[64 * 1024];
    private SafeFileHandle? _fifo;
    private bool _started;

    /// <summary>What is there, or comes within a time.</summary>
    public void Read(TimeSpan patience)
    {
        if (_fifo is null)
        {
            _fifo = Open();
            if (!_started && _fifo is not null)
                Leave(_fifo);
            _started = true;
            if (_fifo is null)
            {
                Thread.Sleep(LookEvery);
                return;
            }
        }

        int read = Libc.Read(_fifo, _buffer);
        if (read > 0)
            feed.Push(_buffer.AsSpan(0, read));
        else if (read == -Libc.TryAgain)
            Libc.Wait(_fifo, forWriting: false, (int)patience.TotalMilliseconds);
        else
            Reopen();
    }

    public void Dispose() => _fifo?.Dispose();

    /// <summary>Nobody has the other end.</summary>
    private void Reopen()
    {
        feed.BeginAnew();
        Thread.Sleep(LookEvery);
        // the next before the last is closed: the same FIFO has a reader all the time then
        var next = Open();
        _fifo?.Dispose();
        _fifo = next;
    }

    private SafeFileHandle? Open()
    {
        // not through /proc/self/fd, which a process that was root may not open any more
        var opened = Libc.OpenFifo(path);
        return opened.IsInvalid ? null : opened;
    }

    private void Leave(SafeFileHandle fifo)
    {
        int all = 0,
            read;
        while (all < MaxLeft && (read = Libc.Read(fifo, _buffer)) > 0)
            all += read;
    }
}
