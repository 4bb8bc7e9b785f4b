using Hud.Analysis;
using Hud.Elf;
using Hud.Frames;
using Hud.Unwinding;

namespace Hud.NodeAgent.Run;

/// <summary>
/// Which task type a stack polls, where no probe says so: the one whose poll function is on it. By address, as identical code gives
/// several types one name; by name where the program does not say where its functions begin.
/// </summary>
internal sealed class TaskTypeResolver(StackStore stacks, IReadOnlyList<TargetProcess> targets)
{
    // by stack, and by how many files of the target were known: a library that came later may know the stack
    private readonly Dictionary<(StackId Stack, int Files), TaskTypeId> _known = [];
    private readonly Dictionary<(StackId Stack, int Files), (TaskTypeId Type, int Frame)> _polls = [];

    /// <returns>None when none is found.</returns>
    public TaskTypeId Find(TargetId target, StackId stack, IReadOnlyList<Frame> frames)
    {
        if (stack.IsNone)
            return TaskTypeId.None;
        var key = (stack, targets[target.Index].TokioFiles.Count);
        if (!_known.TryGetValue(key, out var type))
            _known[key] = type = FindPoll(target, stack) is { Type.IsNone: false } poll
                ? poll.Type
                : ByName(targets[target.Index], frames);
        return type;
    }

    /// <summary>The poll function that is on a stack, by its address: its type, and which address of the stack it is.</summary>
    /// <returns>None and -1 when there is none.</returns>
    public (TaskTypeId Type, int Frame) FindPoll(TargetId target, StackId stack)
    {
        if (stack.IsNone)
            return (TaskTypeId.None, -1);
        var key = (stack, targets[target.Index].TokioFiles.Count);
        if (!_polls.TryGetValue(key, out var poll))
            _polls[key] = poll = ByAddress(targets[target.Index], stacks[stack].Addresses);
        return poll;
    }

    /// <summary>Forgets what it knew of stacks that are kept no longer.</summary>
    public void ForgetGone()
    {
        foreach (var key in _known.Keys.Where(k => !stacks.Contains(k.Stack)).ToList())
            _known.Remove(key);
        foreach (var key in _polls.Keys.Where(k => !stacks.Contains(k.Stack)).ToList())
            _polls.Remove(key);
    }

    /// <summary>What a poll of no known type is counted under.</summary>
    public TaskTypeId OrFirst(TargetId target, TaskTypeId type) =>
        type.IsNone ? targets[target.Index].Numbers.First : type;

    private static (TaskTypeId Type, int Frame) ByAddress(TargetProcess target, ulong[] addresses)
    {
        // from the root: a task that polls another inline is the outer one's
        for (int frame = addresses.Length - 1; frame >= 0; frame--)
        {
            ulong address = addresses[frame];
            if (
                target.Code?.Find(address, out var module) != AddressKind.Module
                || module is not { Elf: { } elf }
                || FileOf(target, elf.ContentKey) is not (>= 0 and var file)
                || FunctionBounds.Enclosing(elf, module.ToElfAddress(address)) is not { } function
            )
                continue;
            for (int i = 0; i < target.Tokio.Types.Count; i++)
            {
                if (
                    target.Tokio.Types[i].File == file
                    && target.Tokio.Types[i].Body - function.Start < function.End - function.Start
                )
                    return (target.Numbers.NumberOf(i), frame);
            }
        }

        return (TaskTypeId.None, -1);
    }

    private static int FileOf(TargetProcess target, string key)
    {
        for (int i = 0; i < target.TokioFiles.Count; i++)
        {
            if (target.TokioFiles[i].Key == key)
                return i;
        }

        return -1;
    }

    private static TaskTypeId ByName(TargetProcess target, IReadOnlyList<Frame> frames)
    {
        for (int i = frames.Count - 1; i >= 0; i--)
        {
            string name = StackClassifier.UserName(frames[i]);
            for (int type = 0; type < target.Tokio.Types.Count; type++)
            {
                if (target.Tokio.Types[type].Name == name)
                    return target.Numbers.NumberOf(type);
            }
        }

        return TaskTypeId.None;
    }
}
