using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>What a stack means. Frames are leaf first everywhere.</summary>
public static class StackClassifier
{
    /// <summary>Index of the code to change: the first user frame from the leaf, up to the task's poll. Without one (a task
    /// made of library code only, or work that a framework does before it calls the user) the outermost frame of a dependency:
    /// what was asked for, so that one piece of work is one place, whatever it was doing when it was met. -1 when nothing below
    /// the poll has a name.</summary>
    public static int FirstUserFrame(IReadOnlyList<Frame> frames)
    {
        ArgumentNullException.ThrowIfNull(frames);
        var end = PollIndex(frames);
        end = end < 0 ? Find(frames, EntryPoints.IsWorkerLoop) : end;
        end = end < 0 ? frames.Count : end;
        return FirstOf(frames, end, FrameKind.User) is >= 0 and var user ? user : OutermostLibrary(frames, end);
    }

    private static int OutermostLibrary(IReadOnlyList<Frame> frames, int end)
    {
        int wrapper = -1;
        for (int i = end - 1; i >= 0; i--)
        {
            if (frames[i].Kind != FrameKind.ThirdParty)
                continue;
            if (!IsWrapper(RustPath.Bare(frames[i].Function)))
                return i;
            wrapper = wrapper < 0 ? i : wrapper;
        }

        return wrapper;
    }

    /// <summary>Around every task and every request, whatever these do.</summary>
    private static bool IsWrapper(string bare) =>
        bare.StartsWith("tracing", StringComparison.Ordinal)
        || bare.StartsWith("opentelemetry", StringComparison.Ordinal)
        || bare.StartsWith("sentry", StringComparison.Ordinal)
        || bare.StartsWith("metrics", StringComparison.Ordinal);

    /// <summary>Index of the frame where the innermost task poll starts; -1 when the stack ended before it (the usual case:
    /// stacks are cut there). A worker's main loop also runs inside a poll, of a blocking task: that one does not count.</summary>
    public static int PollIndex(IReadOnlyList<Frame> frames)
    {
        var poll = Find(frames, EntryPoints.IsTaskPoll);
        return poll >= 0 && Find(frames, EntryPoints.IsWorkerLoop) is var loop && (loop < 0 || loop > poll) ? poll : -1;
    }

    /// <summary>True when the thread handed its worker over before it blocked.</summary>
    public static bool InBlockInPlace(IReadOnlyList<Frame> frames) => Find(frames, EntryPoints.IsBlockInPlace) >= 0;

    /// <summary>True for a stack of a thread that waits for work: parked, with no task's poll and no user code below the
    /// park. (<c>block_on</c> parks with the same frames; inside a task's poll that is a blocked worker.)</summary>
    public static bool IsIdleWorker(IReadOnlyList<Frame> frames)
    {
        var park = Find(frames, EntryPoints.IsPark);
        return park >= 0 && PollIndex(frames) < 0 && FirstOf(frames, park, FrameKind.User) < 0;
    }

    /// <summary>True when the stack belongs to a blocking-pool thread at work, and not to a worker's main loop.</summary>
    public static bool OnBlockingPool(IReadOnlyList<Frame> frames) =>
        Find(frames, EntryPoints.IsBlockingPool) >= 0 && Find(frames, EntryPoints.IsWorkerLoop) < 0;

    /// <summary>The function as people wrote it.</summary>
    public static string UserName(Frame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return RustPath.Display(frame.Function);
    }

    private static int FirstOf(IReadOnlyList<Frame> frames, int end, FrameKind kind)
    {
        for (var i = 0; i < end; i++)
        {
            if (frames[i].Kind == kind)
            {
                return i;
            }
        }

        return -1;
    }

    private static int Find(IReadOnlyList<Frame> frames, Func<string, bool> matches)
    {
        ArgumentNullException.ThrowIfNull(frames);
        for (var i = 0; i < frames.Count; i++)
        {
            if (matches(RustPath.Bare(frames[i].Function)))
            {
                return i;
            }
        }

        return -1;
    }
}
