using Hud.Core.Profile;
using Hud.Frames;

namespace Hud.Analysis;

/// <summary>Chooses the row of <see cref="AdviceTable"/> for a stack.</summary>
public static class Advisor
{
    /// <summary>All rows, the most specific first.</summary>
    public static IReadOnlyList<AdviceRow> Rows => AdviceTable.Rows;

    /// <summary>What any code does now and then, so that a sample of a more specific kind may meet it by chance.</summary>
    public static bool IsCommonplace(string category) => category is "Cpu" or "Memory" or "Drop";

    /// <param name="frames">leaf first</param>
    /// <param name="syscall">name of the call the thread slept in, "" or null when there was none</param>
    public static AdviceRow For(IReadOnlyList<Frame> frames, HotspotCause cause, string? syscall)
    {
        ArgumentNullException.ThrowIfNull(frames);
        var poll = StackClassifier.PollIndex(frames);
        var end = poll < 0 ? frames.Count : poll;
        var user = StackClassifier.FirstUserFrame(frames);
        var names = BareNames(frames, end);
        var near = user < 0 || user >= end ? end : user + 1;
        var group = IsPageFault(frames, cause, syscall) ? SyscallGroup.PageFault : SyscallGroups.Of(syscall);

        foreach (var row in AdviceTable.Rows)
        {
            if (!row.Covers(cause))
            {
                continue;
            }

            if (Answers(row, frames, names, row.Wide ? end : near, group) && IsBelow(row, names, end))
            {
                return row;
            }
        }

        return AdviceTable.Rows[^1];
    }

    /// <summary>
    /// Asleep, and in no system call. Where in the kernel is known only when one of the sleeps was long: thousands of pages that are read
    /// one after the other are not.
    /// </summary>
    public static bool IsPageFault(IReadOnlyList<Frame> frames, HotspotCause cause, string? syscall) =>
        cause == HotspotCause.BlockingCall && string.IsNullOrEmpty(syscall) && frames.Count > 0;

    /// <summary>Index of the frame that the row is about, from the leaf: the one nearest to the user's code, which is the
    /// name people know (<c>std::fs::read</c>, not <c>__read</c>). -1 when the system call decided.</summary>
    public static int NamedFrame(IReadOnlyList<Frame> frames, AdviceRow row)
    {
        ArgumentNullException.ThrowIfNull(frames);
        ArgumentNullException.ThrowIfNull(row);
        var user = StackClassifier.FirstUserFrame(frames);
        for (var i = (user < 0 ? frames.Count : user) - 1; i >= 0; i--)
        {
            if (frames[i].Kind != FrameKind.User && Matches(row, NamesOf(frames[i])))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool Answers(
        AdviceRow row,
        IReadOnlyList<Frame> frames,
        List<(string Bare, string? Trait)> names,
        int end,
        SyscallGroup group
    )
    {
        if (row.Frames.Count == 0 && row.Groups.Count == 0)
        {
            return true;
        }

        var called = group != SyscallGroup.None && row.Groups.Contains(group);
        if (row.Both ? !called : called)
        {
            return called;
        }

        for (var i = 0; i < end && i < names.Count; i++)
        {
            if (Matches(row, names[i]) && (row.Inside.Count == 0 || row.Inside.Any(frames[i].Function.Contains)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsBelow(AdviceRow row, List<(string Bare, string? Trait)> names, int end) =>
        row.Below.Count == 0 || names.Take(end).Any(name => row.Below.Any(pattern => Matches(pattern, name.Bare)));

    private static bool Matches(AdviceRow row, (string Bare, string? Trait) name)
    {
        foreach (var pattern in row.Frames)
        {
            if (Matches(pattern, name.Bare) || (name.Trait is not null && Matches(pattern, name.Trait)))
            {
                return true;
            }
        }

        return false;
    }

    internal static bool Matches(string pattern, string bare)
    {
        var wildFront = pattern[0] == '*';
        var wildBack = pattern[^1] == '*';
        var core = pattern.AsSpan()[(wildFront ? 1 : 0)..^(wildBack ? 1 : 0)];
        return (wildFront, wildBack) switch
        {
            (true, true) => bare.AsSpan().IndexOf(core) >= 0,
            (true, false) => bare.AsSpan().EndsWith(core),
            (false, true) => bare.AsSpan().StartsWith(core),
            _ => bare.AsSpan().SequenceEqual(core),
        };
    }

    private static List<(string Bare, string? Trait)> BareNames(IReadOnlyList<Frame> frames, int end)
    {
        var names = new List<(string, string?)>(end);
        for (var i = 0; i < end; i++)
        {
            names.Add(NamesOf(frames[i]));
        }

        return names;
    }

    private static (string Bare, string? Trait) NamesOf(Frame frame)
    {
        // C symbols carry versions: read@@GLIBC_2.2.5
        var function = frame.Function;
        var version = frame.Kind == FrameKind.Native ? function.IndexOf('@') : -1;
        function = version > 0 ? function[..version] : function;
        return (RustPath.Bare(function), RustPath.BareTrait(function));
    }
}
