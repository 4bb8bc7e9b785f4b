using Hud.Analysis;
using Hud.Elf;
using Hud.Frames;
using Hud.Unwinding;

namespace Hud.NodeAgent.Run;

/// <summary>
/// Which task type a stack polls, where no probe says so: the one whose poll function is on it. By address, as identical code gives
/// several types one name; by name where the program does not tell where its functions begin.
/// </summary>
internal sealed class TaskTypeResolver(StackStore stacks, IReadOnlyList<TargetProcess> targets)
{
    // by stack, and by how many files of the target were known: a library that came later may know the stack
    private readonly Dictionary<(StackId Stack, int Files), int> _known = [];
    private readonly Dictionary<(StackId Stack, int Files), (int Type, int Frame)> _polls = [];

    /// <returns>-1 when none is found.</returns>
    public int Find(int target, StackId stack, IReadOnlyList<Frame> frames)
    {
        if (stack.IsNone)
            return -1;
        var key = (stack, targets[target].TokioFiles.Count);
        if (!_known.TryGetValue(key, out int type))
            _known[key] = type = FindPoll(target, stack) is { Type: >= 0 } poll
                ? poll.Type
                : ByName(targets[target], frames);
        return type;
    }

    /// <summary>The poll function that is on a stack, by its address: its type, and which address of the stack it is.</summary>
    /// <returns>-1 and -1 when there is none.</returns>
    public (int Type, int Frame) FindPoll(int target, StackId stack)
    {
        if (stack.IsNone)
            return (-1, -1);
        var key = (stack, targets[target].TokioFiles.Count);
        if (!_polls.TryGetValue(key, out var poll))
            _polls[key] = poll = ByAddress(targets[target], stacks[stack].Addresses);
        return poll;
    }

    /// <summary>What a poll of no known type is counted under.</summary>
    public int OrFirst(int target, int type) => type >= 0 ? type : targets[target].Numbers.First;

    private static (int Type, int Frame) ByAddress(TargetProcess target, ulong[] addresses)
    {
        // from the root: a task that polls another inline is the outer one's
        for (int frame = addresses.Length - 1; frame >= 0; frame--)
        {
            ulong address = addresses[frame];
            if (
                target.Modules?.Find(address, out var module) != AddressKind.Module
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

        return (-1, -1);
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

    private static int ByName(TargetProcess target, IReadOnlyList<Frame> frames)
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

        return -1;
    }
}
