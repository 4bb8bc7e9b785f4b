namespace Hud.Elf;

/// <summary>
/// What reading the files of one process may cost: bytes and time. Its files say how much there is to be read, and files can be
/// sparse, on a slow disk or made to be read forever. What is over the budget reads as nothing, so every loop over a file ends. Thread-safe.
/// </summary>
public sealed class ReadBudget(long bytes, TimeSpan time, CancellationToken stop = default, TimeProvider? clock = null)
{
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private long _start = (clock ?? TimeProvider.System).GetTimestamp();
    private long _left = bytes;
    private TimeSpan _time = time;
    private CancellationToken _stop = stop;

    /// <summary>True when something was left unread because of it.</summary>
    public bool IsExceeded { get; private set; }

    /// <summary>Asks for so many bytes; false when they may not be read.</summary>
    public bool TryTake(int count)
    {
        if (
            !IsExceeded
            && Interlocked.Add(ref _left, -count) >= 0
            && (_time == Timeout.InfiniteTimeSpan || _clock.GetElapsedTime(_start) <= _time)
            && !_stop.IsCancellationRequested
        )
            return true;
        IsExceeded = true;
        return false;
    }

    /// <summary>For what is read from now on, also of files that are open already; a request to stop no longer ends a read.</summary>
    public void Renew(long bytes, TimeSpan time)
    {
        (_start, _time, _stop) = (_clock.GetTimestamp(), time, CancellationToken.None);
        Interlocked.Exchange(ref _left, bytes);
        IsExceeded = false;
    }
}
