using System.IO.Compression;
using System.Text.Json;
using Hud.Core.Profile;
using Hud.Reports.Flame;

namespace Hud.Reports.Page;

/// <summary>
/// What the charts draw, in columns (a few bytes a poll instead of a few hundred), gzipped, base64: nothing in it can
/// end a script element. Times are microseconds; starts are differences to the poll before.
/// </summary>
internal static class PageData
{
    /// <param name="timeline">False leaves the single polls out: the flame graph needs their sums only.</param>
    public static RawHtml Pack(ProfileDocument document, bool timeline = true)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.SmallestSize, leaveOpen: true))
        using (var json = new Utf8JsonWriter(gzip))
            Write(json, document, timeline);
        return new RawHtml(Convert.ToBase64String(buffer.GetBuffer(), 0, (int)buffer.Length));
    }

    internal static void Write(Utf8JsonWriter json, ProfileDocument document, bool timeline = true)
    {
        var names = new Names();
        json.WriteStartObject();
        json.WriteNumber("observed", Micros(Observed(document)));
        WriteStacks(json, document, names);
        WriteWeights(json, document);
        WritePolls(json, timeline ? [.. document.SlowPolls.OrderBy(p => p.StartNs)] : []);
        Rows(
            json,
            "stalls",
            document.Stalls.Select(s => new[] { s.Target, s.Runtime, Micros(s.StartNs), Micros(s.DurationNs) })
        );
        Rows(json, "workers", document.Workers.Select(w => new[] { w.Target, w.Runtime, w.Tid, names.Add(w.Name) }));
        Rows(json, "tasks", document.Tasks.Select(t => new[] { t.Target, names.Add(t.Name) }));
        Rows(json, "targets", document.Targets.Select(t => new[] { names.Add(t.Pod ?? t.Process), (long)t.Pid }));
        Rows(
            json,
            "hotspots",
            document.Hotspots.Select(h =>
                new[]
                {
                    (long)h.Cause,
                    h.StackIndex,
                    names.Add(h.Function),
                    names.Add(h.UserFrame),
                    names.Add(h.Location),
                }
            )
        );
        json.WriteStartArray("names");
        foreach (string name in names.All)
            json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The run, or as far as the last poll reaches: nothing may lie outside the axis.</summary>
    private static long Observed(ProfileDocument document) =>
        Math.Max(
            document.Summary.ObservedNs,
            document.SlowPolls.Count == 0 ? 0 : document.SlowPolls.Max(p => p.StartNs + p.WallNs)
        );

    /// <summary>
    /// Stacks share most of their outer frames, so they are written as the leaves of one tree: a node is the distance to
    /// its caller's node (0 at the root) and a frame; a stack is its leaf's node.
    /// </summary>
    private static void WriteStacks(Utf8JsonWriter json, ProfileDocument document, Names names)
    {
        var frameIds = new Dictionary<(long Name, long Location, FrameKind Kind, bool Inlined), int>();
        var nodeIds = new Dictionary<(int Parent, int Frame), int>();
        var nodes = new List<(int Parent, int Frame)>();
        var leaves = new List<long>();
        for (int i = 0; i < document.StackTable.Count; i++)
        {
            int node = -1;
            foreach (var frame in StackNames.Frames(document, i).Reverse().Take(FlameTree.MaxDepth))
            {
                int id = Id(
                    frameIds,
                    (names.Add(StackNames.Frame(frame)), names.Add(frame.Location), frame.Kind, frame.Inlined)
                );
                int parent = node;
                node = Id(nodeIds, (parent, id));
                if (node == nodes.Count)
                    nodes.Add((parent, id));
            }

            leaves.Add(node);
        }

        var frames = frameIds.OrderBy(p => p.Value).Select(p => p.Key).ToList();
        json.WriteStartObject("frames");
        Column(json, "name", Differences(frames.Select(f => f.Name)));
        Column(json, "location", Differences(frames.Select(f => f.Location)));
        Column(json, "kind", frames.Select(f => (long)f.Kind));
        Column(json, "inlined", frames.Select(f => f.Inlined ? 1L : 0));
        json.WriteEndObject();
        json.WriteStartObject("stacks");
        Column(json, "up", nodes.Select((n, i) => n.Parent < 0 ? 0L : i - n.Parent));
        Column(json, "frame", Differences(nodes.Select(n => (long)n.Frame)));
        Column(json, "leaf", Differences(leaves));
        json.WriteEndObject();
    }

    private static int Id<T>(Dictionary<T, int> ids, T key)
        where T : notnull
    {
        if (!ids.TryGetValue(key, out int id))
            ids[key] = id = ids.Count;
        return id;
    }

    private static IEnumerable<long> Differences(IEnumerable<long> values)
    {
        long last = 0;
        foreach (long value in values)
        {
            yield return value - last;
            last = value;
        }
    }

    /// <summary>One row a (task, stack): microseconds on-CPU, blocked; polls.</summary>
    private static void WriteWeights(Utf8JsonWriter json, ProfileDocument document) =>
        Rows(
            json,
            "weights",
            StackWeights
                .Of(document)
                .GroupBy(w => (w.Task, w.Stack))
                .Select(g =>
                    new[]
                    {
                        g.Key.Task,
                        g.Key.Stack,
                        Micros(g.Sum(w => w.OnCpuNs)),
                        Micros(g.Sum(w => w.BlockedNs)),
                        g.Sum(w => w.Count),
                    }
                )
        );

    private static void WritePolls(Utf8JsonWriter json, List<SlowPoll> polls)
    {
        json.WriteStartObject("polls");
        Column(json, "start", Differences(polls.Select(p => Micros(p.StartNs))));
        Column(json, "wall", polls.Select(p => Digits(Micros(p.WallNs), 10_000)));
        Column(json, "blocked", polls.Select(p => Digits(Micros(p.BlockedNs), 1_000)));
        Column(json, "queued", polls.Select(p => Digits(Micros(p.RunQueueNs), 1_000)));
        Column(json, "worker", polls.Select(p => (long)p.Worker));
        Column(json, "task", polls.Select(p => (long)p.Task));
        Column(json, "cause", polls.Select(p => (long)p.Cause));
        Column(json, "stack", polls.Select(p => (long)p.Stack));
        Column(json, "hotspot", polls.Select(p => (long)p.Hotspot));
        json.WriteEndObject();
    }

    private static void Column(Utf8JsonWriter json, string name, IEnumerable<long> values)
    {
        json.WriteStartArray(name);
        foreach (long value in values)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    private static void Rows(Utf8JsonWriter json, string name, IEnumerable<long[]> rows)
    {
        json.WriteStartArray(name);
        foreach (long[] row in rows)
        {
            json.WriteStartArray();
            foreach (long value in row)
                json.WriteNumberValue(value);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    /// <summary>Rounded below <paramref name="limit"/> times a power of ten: the page shows three digits, and every further one is paid for in bytes.</summary>
    private static long Digits(long value, long limit)
    {
        long unit = 1;
        while (value / unit >= limit)
            unit *= 10;
        return (value + unit / 2) / unit * unit;
    }

    private static long Micros(long ns) => ns / 1000;

    private sealed class Names
    {
        private readonly Dictionary<string, long> _ids = new(StringComparer.Ordinal);

        public IEnumerable<string> All => _ids.OrderBy(p => p.Value).Select(p => p.Key);

        public long Add(string text)
        {
            string clean = PageText.Clean(text);
            if (!_ids.TryGetValue(clean, out long id))
                _ids[clean] = id = _ids.Count;
            return id;
        }
    }
}
