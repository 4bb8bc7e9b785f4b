using Hud.Core.Profile;
using Hud.Frames;

namespace Hud.Analysis;

/// <summary>What a stack means for a cause: who is blamed, of which category, with which advice.</summary>
/// <param name="Path">Equal for stacks with the same frames from the poll to the user's code; empty when no code is blamed.</param>
public sealed record Attribution(
    HotspotIdentity Identity,
    string Category,
    string Advice,
    string DocsSlug,
    string Function,
    string UserFrame,
    string Location,
    int Blamed,
    string Path
);

/// <summary>Names and attributes stacks, once each.</summary>
public sealed class StackAttributor(StackStore stacks, IFrameSource names)
{
    private const int MaxAttributions = 20_000;
    private readonly Dictionary<(StackId Stack, bool Exact), IReadOnlyList<Frame>> _frames = [];

    /// <summary>The live view attributes the same stacks every second, and an attribution compares each frame with a long table.</summary>
    private readonly Dictionary<
        (StackId Stack, HotspotCause Cause, string Syscall, string Task, bool Exact),
        Attribution
    > _attributions = [];

    public IReadOnlyList<Frame> Frames(StackId stack, bool exact)
    {
        if (stack.IsNone)
            return [];
        if (!_frames.TryGetValue((stack, exact), out var frames))
        {
            var stored = stacks[stack];
            frames = names.Resolve(stored.Target, stored.Addresses, exact);
            _frames[(stack, exact)] = frames;
        }

        return frames;
    }

    /// <summary>Forgets what it knew of stacks that are kept no longer.</summary>
    public void ForgetGone()
    {
        foreach (var key in _frames.Keys.Where(k => !stacks.Contains(k.Stack)).ToList())
            _frames.Remove(key);
        foreach (var key in _attributions.Keys.Where(k => !k.Stack.IsNone && !stacks.Contains(k.Stack)).ToList())
            _attributions.Remove(key);
    }

    /// <summary>Whether the exact names of a stack are known already.</summary>
    public bool IsNamed(StackId stack) => _frames.ContainsKey((stack, true));

    /// <summary>A poll during which the worker handed its queue to another thread blocks no worker.</summary>
    public bool InBlockInPlace(StackId stack) =>
        !stack.IsNone && StackClassifier.InBlockInPlace(Frames(stack, exact: false));

    /// <summary>From the blamed frame to the poll, both included: what lies beyond the poll is the same for every task.</summary>
    public static IReadOnlyList<Frame> PathToPoll(IReadOnlyList<Frame> frames, int blamed)
    {
        ArgumentNullException.ThrowIfNull(frames);
        int poll = StackClassifier.PollIndex(frames),
            from = Math.Max(0, blamed);
        return [.. poll >= from ? frames.Take(poll + 1).Skip(from) : frames.Skip(from)];
    }

    /// <summary>
    /// <paramref name="cause"/> as the scheduler saw it; a sleep in a futex is a wait for another thread. The system call decides
    /// that, and not the names: the same program has the same causes stripped, inlined or with all its symbols.
    /// </summary>
    public Attribution Attribute(StackId stack, HotspotCause cause, string syscall, string taskName, bool exact)
    {
        var key = (stack, cause, syscall, taskName, exact);
        if (!_attributions.TryGetValue(key, out var attribution))
        {
            if (_attributions.Count >= MaxAttributions)
                _attributions.Clear();
            _attributions[key] = attribution = AttributeAnew(stack, cause, syscall, taskName, exact);
        }

        return attribution;
    }

    private Attribution AttributeAnew(StackId stack, HotspotCause cause, string syscall, string taskName, bool exact)
    {
        var frames = Frames(stack, exact);
        if (cause == HotspotCause.BlockingCall && SyscallGroups.Of(syscall) == SyscallGroup.Futex)
            cause = HotspotCause.LockWait;

        var row = Advisor.For(frames, cause, syscall);
        int blamed = StackClassifier.FirstUserFrame(frames);
        string user = blamed >= 0 ? StackClassifier.UserName(frames[blamed]) : taskName;
        int named = Advisor.NamedFrame(frames, row);
        string function = named >= 0 ? StackClassifier.UserName(frames[named]) : user;
        // leaves differ from sample to sample; the path from the poll to the user's code is what a person can change
        string path = blamed < 0 || cause.IsCpuPressure() ? "" : Fingerprint.Of(PathToPoll(frames, blamed));
        // one place in the code, whether or not one of its sleeps was long enough for the kernel's frames
        string kind = Advisor.IsPageFault(frames, cause, syscall) ? nameof(SyscallGroup.PageFault) : row.Category;
        string fingerprint =
            cause.IsCpuPressure() ? Fingerprint.Of("task", taskName) // where it was preempted is chance
            : path.Length == 0 ? Fingerprint.Of("task", taskName, syscall)
            : Fingerprint.Of("path", path, kind, syscall);
        return new Attribution(
            new HotspotIdentity(cause, fingerprint),
            row.Category,
            row.Sentence,
            row.Docs,
            function,
            user,
            blamed >= 0 ? frames[blamed].Location : "",
            blamed,
            path
        );
    }
}
