using Hud.Core.Profile;

namespace Hud.Reports.Flame;

/// <summary>One box: a function below its caller, with what went into it and everything below.</summary>
public sealed class FlameNode
{
    private readonly Dictionary<string, FlameNode> _byName = new(StringComparer.Ordinal);

    public required string Name { get; init; }
    public required FrameKind Kind { get; init; }
    public string Location { get; init; } = "";
    public long Value { get; private set; }
    public long Count { get; private set; }
    public IEnumerable<FlameNode> Children =>
        _byName.Values.OrderByDescending(c => c.Value).ThenBy(c => c.Name, StringComparer.Ordinal);

    internal void Add(long value, long count)
    {
        Value += value;
        Count += count;
    }

    internal FlameNode Child(string name, FrameKind kind, string location)
    {
        if (!_byName.TryGetValue(name, out var child))
            _byName[name] = child = new FlameNode
            {
                Name = name,
                Kind = kind,
                Location = location,
            };
        return child;
    }
}

/// <summary>Stacks joined from the root: all, then task, then frames outermost first. Boxes join by function, not by line.</summary>
public static class FlameTree
{
    /// <summary>A stack deeper than this is cut at its leaf end; the agent's own bound is lower.</summary>
    public const int MaxDepth = 512;

    public static FlameNode Build(ProfileDocument document, Func<StackWeight, long> value)
    {
        var root = new FlameNode { Name = "all workers", Kind = FrameKind.Runtime };
        foreach (var weight in StackWeights.Of(document))
        {
            long ns = value(weight);
            if (ns <= 0)
                continue;
            root.Add(ns, weight.Count);
            var node = root.Child(StackNames.Task(document, weight.Task), FrameKind.User, "");
            node.Add(ns, weight.Count);
            foreach (var frame in StackNames.Frames(document, weight.Stack).Reverse().Take(MaxDepth))
            {
                node = node.Child(StackNames.Frame(frame), frame.Kind, frame.Location);
                node.Add(ns, weight.Count);
            }
        }

        return root;
    }
}
