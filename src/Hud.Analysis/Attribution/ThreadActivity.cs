using Hud.Frames;

namespace Hud.Analysis;

/// <summary>What a thread of a process with Tokio was doing, by its stack.</summary>
public enum ThreadActivity
{
    /// <summary>Not known: the stack could not be read or walked to its end.</summary>
    Unknown,

    /// <summary>A worker that waits for work.</summary>
    Parked,

    /// <summary>A task's poll is on the stack.</summary>
    InPoll,

    /// <summary>A worker in code that no task's poll surrounds: the future of <c>block_on</c>, a hook, a callback.</summary>
    OutsidePolls,

    /// <summary>A worker in the scheduler's own code.</summary>
    BetweenPolls,

    /// <summary>No worker: of the blocking pool, or of no runtime at all.</summary>
    Elsewhere,
}

/// <summary>Classifies what a thread was doing. "No data" and "no problem" are distinguished by this, so what is not certain is Unknown.</summary>
public static class ThreadActivities
{
    /// <param name="frames">Leaf first, as far down the stack as could be walked.</param>
    /// <param name="taskPoll">The poll function of an async task is on the stack, by its address.</param>
    /// <param name="syscall">In which it sleeps; empty for one that runs.</param>
    /// <param name="whole">The walk reached the thread's outermost frame.</param>
    /// <param name="polls">The thread is known to poll tasks, so a <c>block_on</c> on its stack drives a runtime.</param>
    public static ThreadActivity Of(
        IReadOnlyList<Frame> frames,
        bool taskPoll,
        string syscall,
        bool whole,
        bool polls = false
    )
    {
        ArgumentNullException.ThrowIfNull(frames);
        ArgumentNullException.ThrowIfNull(syscall);
        if (taskPoll)
            return ThreadActivity.InPoll;
        if (StackClassifier.PollIndex(frames) >= 0)
            return OfNamedPoll(frames, whole, polls);
        int loop = frames.TakeWhile(f => !IsLoop(f, polls)).Count();
        if (loop == frames.Count)
        {
            return whole || StackClassifier.OnBlockingPool(frames) ? ThreadActivity.Elsewhere : ThreadActivity.Unknown;
        }

        // epoll_wait is the driver's wait, whatever else is on the stack
        if (syscall.StartsWith("epoll", StringComparison.Ordinal))
            return ThreadActivity.Parked;
        var above = frames.Take(loop).ToList();
        if (above.Exists(f => f.Kind is Core.Profile.FrameKind.User))
            return ThreadActivity.OutsidePolls;
        if (syscall.Length == 0)
            return ThreadActivity.BetweenPolls;
        // a futex is where idle workers wait; without names a lock of the user's looks the same
        return syscall.StartsWith("futex", StringComparison.Ordinal)
            ? ThreadActivity.Parked
            : ThreadActivity.OutsidePolls;
    }

    /// <summary>
    /// A poll known only by its name: the blocking pool runs its closures by functions of the same names, so what is below decides.
    /// </summary>
    private static ThreadActivity OfNamedPoll(IReadOnlyList<Frame> frames, bool whole, bool polls)
    {
        if (StackClassifier.OnBlockingPool(frames))
            return ThreadActivity.Elsewhere;
        if (polls || whole || frames.Any(f => EntryPoints.IsWorkerLoop(RustPath.Bare(f.Function))))
            return ThreadActivity.InPoll;
        return ThreadActivity.Unknown;
    }

    /// <summary>The thread drives a runtime alone: current_thread.</summary>
    public static bool IsAlone(IReadOnlyList<Frame> frames)
    {
        ArgumentNullException.ThrowIfNull(frames);
        return frames.Any(f => EntryPoints.IsCurrentThread(RustPath.Bare(f.Function)));
    }

    private static bool IsLoop(Frame frame, bool polls)
    {
        string bare = RustPath.Bare(frame.Function);
        return EntryPoints.IsWorkerLoop(bare) || (polls && EntryPoints.IsBlockOn(bare));
    }
}
