using System.Text.Json;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Flame;

namespace Hud.Reports.Formats;

/// <summary>
/// Chrome trace events for Perfetto: a B/E pair per slow poll on its worker's track, an instant per stall. Names and
/// arguments that tools already read (<c>cat: execution</c>, <c>worker_id</c>, <c>task_id</c>, <c>detection_method</c>,
/// <c>file</c>, <c>line</c>) keep their meaning, so counting and grouping B events by name still works.
/// </summary>
public sealed class ChromeTraceFormat : IReportFormat
{
    /// <summary>1 was a scheduler switch, 2 a threshold on scheduling latency; 3 is a poll timed from start to end.</summary>
    private const int PollTimed = 3;

    public OutputFormat Format => OutputFormat.ChromeTrace;
    public string FileExtension => ".trace.json";
    public string Key => "trace.json";
    public bool IsBinary => false;

    public byte[] Render(ProfileDocument document, int maxBytes, out bool truncated) =>
        SizeFit.Render(document, maxBytes, out truncated, Write);

    private static byte[] Write(ProfileDocument document)
    {
        var tracks = new TraceTracks(document);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("displayTimeUnit", "ms");
            json.WriteStartObject("otherData");
            json.WriteString("verdict", document.Verdict);
            json.WriteString("losses", LossText.Sentence(document));
            json.WriteString("startedAt", document.Summary.StartedAt);
            json.WriteString("generator", "hud " + document.Agent.Version);
            json.WriteEndObject();
            json.WriteStartArray("traceEvents");
            WriteNames(json, document, tracks);
            foreach (var track in document.SlowPolls.GroupBy(p => p.Worker).OrderBy(g => g.Key))
                WriteTrack(json, document, tracks, [.. track.OrderBy(p => p.StartNs).ThenByDescending(p => p.WallNs)]);
            foreach (var stall in document.Stalls)
                WriteStall(json, tracks, stall);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
        return buffer.ToArray();
    }

    private static void WriteNames(Utf8JsonWriter json, ProfileDocument document, TraceTracks tracks)
    {
        void Name(string kind, long pid, long tid, string name)
        {
            json.WriteStartObject();
            json.WriteString("name", kind);
            json.WriteString("ph", "M");
            json.WriteNumber("ts", 0);
            json.WriteNumber("pid", pid);
            json.WriteNumber("tid", tid);
            json.WriteStartObject("args");
            json.WriteString("name", name);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        for (int i = 0; i < document.Targets.Count; i++)
        {
            var target = document.Targets[i];
            Name(
                "process_name",
                tracks.Pid(i),
                0,
                target.Pod is { Length: > 0 } pod ? $"{pod} ({target.Process})" : target.Process
            );
        }

        for (int i = 0; i < document.Workers.Count; i++)
            Name(
                "thread_name",
                tracks.Pid(document.Workers[i].Target),
                document.Workers[i].Tid,
                $"{document.Workers[i].Name} {tracks.Number(i)}"
            );
    }

    /// <summary>
    /// Begin and end events of one thread must nest. Polls do (a LocalSet polls within a poll); where rounding or a
    /// damaged document says otherwise, the inner one ends with the outer one.
    /// </summary>
    private static void WriteTrack(
        Utf8JsonWriter json,
        ProfileDocument document,
        TraceTracks tracks,
        List<SlowPoll> polls
    )
    {
        var open = new Stack<(SlowPoll Poll, string Name, long End)>();
        foreach (var poll in polls)
        {
            long start = Math.Max(0, poll.StartNs);
            while (open.TryPeek(out var top) && top.End <= start)
                WriteEnd(json, tracks, open.Pop());
            long end = start + Math.Max(0, poll.WallNs);
            if (open.TryPeek(out var outer))
                end = Math.Min(end, outer.End);
            string name = WriteBegin(json, document, tracks, poll, start);
            open.Push((poll, name, end));
        }

        while (open.Count > 0)
            WriteEnd(json, tracks, open.Pop());
    }

    private static string WriteBegin(
        Utf8JsonWriter json,
        ProfileDocument document,
        TraceTracks tracks,
        SlowPoll poll,
        long start
    )
    {
        var frame = TraceTracks.Blamed(StackNames.Frames(document, poll.Stack));
        string name = StackNames.Frame(frame);
        Head(json, name, "B", start, tracks, poll.Target, poll.Worker);
        json.WriteStartObject("args");
        json.WriteNumber("worker_id", tracks.Number(poll.Worker));
        json.WriteNumber("task_id", poll.TaskId);
        json.WriteNumber("detection_method", PollTimed);
        var (file, line) = StackNames.Location(frame.Location);
        if (file.Length > 0)
            json.WriteString("file", file);
        if (line > 0)
            json.WriteNumber("line", line);
        json.WriteString("task", StackNames.Task(document, poll.Task));
        json.WriteString("cause", poll.Cause.ToString());
        json.WriteString("function", StackNames.Frame(StackNames.Frames(document, poll.Stack)[0]));
        json.WriteNumber("on_cpu_us", Micros(poll.OnCpuNs));
        json.WriteNumber("blocked_us", Micros(poll.BlockedNs));
        json.WriteNumber("run_queue_us", Micros(poll.RunQueueNs));
        if (poll.Open)
            json.WriteBoolean("still_running", true);
        json.WriteEndObject();
        json.WriteEndObject();
        return name;
    }

    private static void WriteEnd(Utf8JsonWriter json, TraceTracks tracks, (SlowPoll Poll, string Name, long End) open)
    {
        Head(json, open.Name, "E", open.End, tracks, open.Poll.Target, open.Poll.Worker);
        json.WriteEndObject();
    }

    private static void WriteStall(Utf8JsonWriter json, TraceTracks tracks, Stall stall)
    {
        Head(
            json,
            $"stall {HumanText.Duration(stall.DurationNs)}: no worker of runtime {stall.Runtime} could run anything",
            "i",
            Math.Max(0, stall.StartNs),
            tracks,
            stall.Target,
            -1
        );
        json.WriteString("s", "p");
        json.WriteStartObject("args");
        json.WriteNumber("duration_us", Micros(stall.DurationNs));
        json.WriteNumber("runtime", stall.Runtime);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Head(
        Utf8JsonWriter json,
        string name,
        string phase,
        long ns,
        TraceTracks tracks,
        int target,
        int worker
    )
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("cat", phase == "i" ? "stall" : "execution");
        json.WriteString("ph", phase);
        json.WriteNumber("ts", Micros(ns));
        json.WriteNumber("pid", tracks.Pid(target));
        json.WriteNumber("tid", tracks.Tid(worker));
    }

    private static decimal Micros(long ns) => ns / 1000m;
}
