using Hud.Core.Profile;

namespace Hud.Core.Stream;

/// <summary>
/// A profiled program may have names of any length and of any characters (the JSON of <c>&lt;</c> is six bytes), and a line is
/// bounded. Pure: a message in, a smaller one out.
/// </summary>
public static class LineFitter
{
    /// <summary>Characters of a name or a place.</summary>
    public const int MaxText = 300;

    /// <summary>Characters of a sentence.</summary>
    public const int MaxSentence = 4000;

    public const int MaxStackLines = 40;

    private const int MaxHolderLines = 10;

    /// <summary>The message with every text within its bound; lists keep their length, stacks are cut.</summary>
    public static StreamMessage Cut(StreamMessage message) =>
        message switch
        {
            ProgressMessage progress => Cut(progress),
            WarningMessage warning => warning with
            {
                Text = Cut(warning.Text, MaxSentence),
                NextStep = Cut(warning.NextStep, MaxSentence),
            },
            TargetMessage target => target with { Target = Cut(target.Target) },
            MetricsMessage metrics => metrics with { Target = Cut(metrics.Target) },
            _ => message,
        };

    public static ProgressMessage Cut(ProgressMessage message) =>
        message with
        {
            Verdict = Cut(message.Verdict, MaxSentence),
            Hotspots = [.. message.Hotspots.Select(h => Cut(h))],
            Workers = [.. message.Workers.Select(w => w with { Name = Name(w.Name), Task = Name(w.Task) })],
            Tasks = [.. message.Tasks.Select(Cut)],
        };

    /// <summary>The same for the whole document: for those whose names alone are beyond its bound.</summary>
    public static ProfileDocument Cut(ProfileDocument document) =>
        document with
        {
            Verdict = Cut(document.Verdict, MaxSentence),
            Targets = [.. document.Targets.Select(t => Cut(t))],
            Hotspots = [.. document.Hotspots.Select(h => Cut(h))],
            Tasks = [.. document.Tasks.Select(Cut)],
            Workers =
            [
                .. document.Workers.Select(w =>
                    w with
                    {
                        Name = Name(w.Name),
                        LatencyByStack = [.. w.LatencyByStack.Select(g => g with { Function = Name(g.Function) })],
                    }
                ),
            ],
            StackTable =
            [
                .. document.StackTable.Select(s =>
                    s with
                    {
                        Frames =
                        [
                            .. s.Frames.Select(f =>
                                f with
                                {
                                    Function = Name(f.Function),
                                    Location = Name(f.Location),
                                    Module = Name(f.Module),
                                }
                            ),
                        ],
                    }
                ),
            ],
            Warnings =
            [
                .. document.Warnings.Select(w =>
                    w with
                    {
                        Message = Cut(w.Message, MaxSentence),
                        NextStep = Cut(w.NextStep, MaxSentence),
                    }
                ),
            ],
            Truncated = true,
        };

    /// <summary>Characters in the names of a document; their JSON has as many bytes or more.</summary>
    public static long Letters(ProfileDocument document) =>
        document.StackTable.Sum(s => s.Frames.Sum(f => (long)f.Function.Length + f.Location.Length + f.Module.Length))
        + document.Hotspots.Sum(h =>
            h.Stack.Concat(h.HolderStack).Sum(line => (long)line.Length)
            + h.Function.Length
            + h.UserFrame.Length
            + h.Task.Length
        )
        + document.Tasks.Sum(t => t.Name.Length + (t.Waits?.Behind.Sum(b => (long)b.Function.Length) ?? 0));

    /// <summary>The next smaller message; null when nothing is left to leave out. The most expensive of each list stay longest.</summary>
    public static StreamMessage? Smaller(StreamMessage message) =>
        message switch
        {
            ProgressMessage progress => Smaller(progress),
            MetricsMessage metrics => Smaller(metrics.Target) is { } target ? metrics with { Target = target } : null,
            _ => null,
        };

    /// <summary>
    /// A series that is left out stays at its last value for the reader, so it still never falls. Names that become the same are one series
    /// there, with the sum.
    /// </summary>
    private static TargetMetrics? Smaller(TargetMetrics target)
    {
        if (target.Tasks.Any(t => t.Exemplars.Count > 0))
            return target with { Tasks = [.. target.Tasks.Select(t => t with { Exemplars = [] })] };
        if (target.Tasks.Any(t => t.Name.Length > StreamLimits.MetricsShortName))
            return target with
            {
                Tasks = [.. target.Tasks.Select(t => t with { Name = Cut(t.Name, StreamLimits.MetricsShortName) })],
            };
        return target.Tasks.Count == 0 ? null : target with { Tasks = Half(target.Tasks) };
    }

    private static ProgressMessage? Smaller(ProgressMessage message)
    {
        if (message.Hotspots.Count + message.SlowPolls.Count + message.Tasks.Count + message.Workers.Count == 0)
            return null;
        return message with
        {
            Hotspots = Half(message.Hotspots),
            SlowPolls = Half(message.SlowPolls),
            Tasks = Half(message.Tasks),
            Workers = Half(message.Workers),
        };
    }

    private static List<T> Half<T>(IReadOnlyList<T> items) => [.. items.Take(items.Count / 2)];

    private static TaskProfile Cut(TaskProfile task) =>
        task with
        {
            Name = Name(task.Name),
            Waits = task.Waits is null
                ? null
                : task.Waits with
                {
                    Behind = [.. task.Waits.Behind.Select(b => b with { Function = Name(b.Function) })],
                },
        };

    private static Hotspot Cut(Hotspot hotspot) =>
        hotspot with
        {
            Stack = [.. hotspot.Stack.Take(MaxStackLines).Select(Name)],
            HolderStack = [.. hotspot.HolderStack.Take(MaxHolderLines).Select(Name)],
            Function = Name(hotspot.Function),
            UserFrame = Name(hotspot.UserFrame),
            Task = Name(hotspot.Task),
            Location = Name(hotspot.Location),
        };

    private static TargetProfile Cut(TargetProfile target) =>
        target with
        {
            Process = Name(target.Process),
            Executable = Cut(target.Executable, MaxSentence),
            BuildId = Name(target.BuildId),
            TokioVersion = Name(target.TokioVersion),
            Message = Cut(target.Message, MaxSentence),
            WakesNotTimed = Cut(target.WakesNotTimed, MaxSentence),
        };

    private static TargetMetrics Cut(TargetMetrics target) =>
        target with
        {
            Namespace = target.Namespace is null ? null : Name(target.Namespace),
            Pod = target.Pod is null ? null : Name(target.Pod),
            Container = target.Container is null ? null : Name(target.Container),
            Process = Name(target.Process),
            Tasks = [.. target.Tasks.Select(t => t with { Name = Name(t.Name) })],
        };

    /// <summary>A name within <see cref="MaxText"/> characters.</summary>
    public static string Name(string text) => Cut(text, MaxText);

    /// <summary>A text within so many characters.</summary>
    public static string Cut(string text, int max)
    {
        if (text.Length <= max)
            return text;
        // half of a surrogate pair is not a character
        int end = char.IsHighSurrogate(text[max - 2]) ? max - 2 : max - 1;
        return text[..end] + "…";
    }
}
