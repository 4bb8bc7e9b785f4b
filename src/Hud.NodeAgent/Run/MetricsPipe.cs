using Hud.Core.Stream;
using Hud.NodeAgent.Interop;
using Microsoft.Win32.SafeHandles;

namespace Hud.NodeAgent.Run;

/// <summary>
/// A FIFO that takes the metrics as whole lines, for who may read it without being trusted. A thread of its own waits for the reader, and the run for
/// neither: of a target there is one message that waits, the newest. What nobody took is counted. While nobody reads nothing is kept in the FIFO
/// either, so that one who comes later begins with what is new.
/// </summary>
internal sealed class MetricsPipe : IDisposable
{
    /// <summary>For everybody to read: it says what is served.</summary>
    private const uint Mode = 0x1a4; // 0644

    /// <summary>More than the kernel lets a pipe hold that nobody with special rights has enlarged.</summary>
    private const int MaxLeft = 1 << 20;

    private static readonly TimeSpan PatienceAtEnd = TimeSpan.FromSeconds(1);
    private readonly SafeFileHandle _end;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly OrderedDictionary<int, StreamMessage> _waiting = [];
    private readonly Thread _thread;
    private long _dropped;
    private long _lines;
    private bool _mayHold;
    private bool _sending;
    private volatile bool _ending;
    private long _endsAtNs = long.MaxValue;

    private MetricsPipe(SafeFileHandle end)
    {
        _end = end;
        _thread = new Thread(Run) { IsBackground = true, Name = "hud-metrics" };
    }

    /// <summary>Messages that were not written as a whole.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Messages that wait for the reader, the one included that is being written.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
                return _waiting.Count + (_sending ? 1 : 0);
        }
    }

    /// <summary>
    /// Opens it for writing, which the agent can't any more once it is confined, and makes it where there is nothing. What else may write to the
    /// folder can have put something else in its place: that is neither followed nor opened.
    /// </summary>
    /// <param name="problem">Why it can't be had; then the answer is null.</param>
    public static MetricsPipe? Open(string path, out string problem)
    {
        problem = "";
        int made = Libc.MakeFifo(path, Mode);
        if (made is not (0 or -Libc.FileExists))
        {
            problem = $"{path} can't be made: {System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(-made)}";
            return null;
        }

        using var named = new SafeFileHandle(Libc.OpenPath(path), ownsHandle: true);
        if (named.IsInvalid || !Libc.IsFifo((int)named.DangerousGetHandle()))
        {
            problem = $"{path} is there and is no FIFO";
            return null;
        }

        // the writing end alone, so that the kernel says when there is no reader; it can be had while there is one, so be that for a moment
        using var reading = Libc.Reopen(named, forWriting: false);
        var end = Libc.Reopen(named, forWriting: true);
        if (!end.IsInvalid)
            return new MetricsPipe(end) { _mayHold = true };
        problem = $"{path} can't be opened for writing";
        return null;
    }

    /// <summary>From now on, once the signals of the process are the runtime's to handle: a reader that goes raises SIGPIPE.</summary>
    public void Start() => _thread.Start();

    /// <summary>Never waits.</summary>
    public void Write(MetricsMessage message) => Add(message.Index, message);

    /// <summary>The last of the run: a moment is left for what waits.</summary>
    public void End(EndMessage message)
    {
        Add(int.MaxValue, message);
        Volatile.Write(ref _endsAtNs, AgentClock.NowNs + PatienceAtEnd.Ticks * TimeSpan.NanosecondsPerTick);
        _ending = true;
        _work.Release();
        if (_thread.IsAlive)
            _thread.Join(2 * PatienceAtEnd);
    }

    public void Dispose()
    {
        if (!_ending)
            End(new EndMessage());
        _end.Dispose();
        _work.Dispose();
    }

    private void Add(int key, StreamMessage message)
    {
        lock (_gate)
        {
            if (!_waiting.TryAdd(key, message))
            {
                _waiting[key] = message;
                Interlocked.Increment(ref _dropped);
            }
        }

        _work.Release();
    }

    private void Run()
    {
        while (true)
        {
            if (!TryNext(out int key, out var message))
            {
                if (_ending)
                    return;
                _work.Wait();
            }
            else if (!Send(key, message))
                Interlocked.Increment(ref _dropped);
        }
    }

    private bool TryNext(out int key, out StreamMessage message)
    {
        lock (_gate)
        {
            (key, message) = _waiting.Count > 0 ? _waiting.GetAt(0) : default;
            return _sending = _waiting.Count > 0 && _waiting.Remove(key);
        }
    }

    /// <returns>False when it was not written, or not as a whole.</returns>
    private bool Send(int key, StreamMessage message)
    {
        if (StreamLine.Of(message with { Seq = _lines + 1 }) is not { } line)
            return false;
        line = [.. line, (byte)'\n'];
        int done = 0;
        while (done < line.Length)
        {
            int written = Libc.Write(_end, line.AsSpan(done));
            if (written > 0)
            {
                _mayHold = true;
                done += written;
            }
            else if (written != -Libc.TryAgain)
            {
                if (written == -Libc.NoReader)
                    Empty();
                return false;
            }
            // a line that was begun is finished, for as long as there is somebody to read it
            else if ((done == 0 && IsOld(key)) || AgentClock.NowNs > Volatile.Read(ref _endsAtNs))
                return false;
            else
                Libc.Wait(_end, forWriting: true, milliseconds: 250);
        }

        _lines++;
        return true;
    }

    private bool IsOld(int key)
    {
        lock (_gate)
            return _waiting.ContainsKey(key);
    }

    /// <summary>What the last reader left, half a line perhaps, is not for the next.</summary>
    private void Empty()
    {
        if (!_mayHold)
            return;
        _mayHold = false;
        using var reading = Libc.Reopen(_end, forWriting: false);
        byte[] left = new byte[16 * 1024];
        int all = 0,
            read;
        // who has put it there may write to it as well: not for ever
        while (!reading.IsInvalid && all < MaxLeft && (read = Libc.Read(reading, left)) > 0)
            all += read;
    }
}
