using Hud.Frames;

namespace Hud.Unwinding;

/// <summary>Counters of unwinding, one per reason for stopping and one per quality. Thread-safe.</summary>
public sealed class UnwindStatistics
{
    private readonly long[] _reasons = new long[Enum.GetValues<StopReason>().Length];
    private long _stacks;
    private long _frames;
    private long _debugFrame;
    private long _framePointer;
    private long _scan;
    private long _cut;

    public long Stacks => Interlocked.Read(ref _stacks);

    public long Frames => Interlocked.Read(ref _frames);

    /// <summary>Stacks in which .debug_frame was needed.</summary>
    public long UsedDebugFrame => Interlocked.Read(ref _debugFrame);

    /// <summary>Stacks in which frame pointers were needed.</summary>
    public long UsedFramePointer => Interlocked.Read(ref _framePointer);

    /// <summary>Stacks in which a conservative scan was needed; their frames may be wrong.</summary>
    public long UsedScan => Interlocked.Read(ref _scan);

    /// <summary>Stacks that did not reach their intended end.</summary>
    public long Truncated =>
        Stacks - this[StopReason.ReachedPoll] - this[StopReason.EndOfStack] + Interlocked.Read(ref _cut);

    public long this[StopReason reason] => Interlocked.Read(ref _reasons[(int)reason]);

    /// <param name="cut">The poll was to be on it and is not among the captured bytes, whatever end the walk came to.</param>
    public void Count(UnwoundStack stack, bool cut = false)
    {
        ArgumentNullException.ThrowIfNull(stack);
        Interlocked.Increment(ref _stacks);
        Interlocked.Add(ref _frames, stack.Frames.Length);
        Interlocked.Increment(ref _reasons[(int)stack.Reason]);
        CountIf(ref _debugFrame, stack.Quality, UnwindQuality.DebugFrame);
        CountIf(ref _framePointer, stack.Quality, UnwindQuality.FramePointer);
        CountIf(ref _scan, stack.Quality, UnwindQuality.Scan);
        if (cut && stack.Complete)
            Interlocked.Increment(ref _cut);
    }

    private static void CountIf(ref long counter, UnwindQuality quality, UnwindQuality bit)
    {
        if ((quality & bit) != UnwindQuality.None)
        {
            Interlocked.Increment(ref counter);
        }
    }
}
