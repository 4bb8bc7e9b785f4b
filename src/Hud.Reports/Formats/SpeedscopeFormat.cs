using System.Text.Json;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Flame;

namespace Hud.Reports.Formats;

/// <summary>speedscope's own file format: sampled profiles of worker time lost, on-CPU, blocked and run-queue.</summary>
public sealed class SpeedscopeFormat : IReportFormat
{
    private static readonly (string Name, Func<StackWeight, long> Value)[] Views =
    [
        ("worker time lost", w => w.LostNs),
        ("on-CPU", w => w.OnCpuNs),
        ("blocked", w => w.BlockedNs),
        ("run queue", w => w.RunQueueNs),
    ];

    public OutputFormat Format => OutputFormat.Speedscope;
    public string FileExtension => ".speedscope.json";
    public string Key => "stacks.speedscope.json";
    public bool IsBinary => false;

    public byte[] Render(ProfileDocument document, int maxBytes, out bool truncated) =>
        SizeFit.Render(document, maxBytes, out truncated, Write);

    private static byte[] Write(ProfileDocument document)
    {
        var frames = new Dictionary<(string Name, string Location), int>();
        var samples = Samples(document, frames);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("$schema", "https://www.speedscope.app/file-format-schema.json");
            json.WriteString("exporter", "hud " + document.Agent.Version);
            json.WriteString("name", $"{document.Verdict} {LossText.Sentence(document)}".Trim());
            json.WriteNumber("activeProfileIndex", 0);
            WriteFrames(json, frames);
            json.WriteStartArray("profiles");
            foreach (var (name, value) in Views)
                WriteProfile(
                    json,
                    name,
                    [.. samples.Select(s => (s.Stack, Value: value(s.Weight))).Where(s => s.Value > 0)]
                );
            json.WriteEndArray();
            json.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
        return buffer.ToArray();
    }

    private static List<(int[] Stack, StackWeight Weight)> Samples(
        ProfileDocument document,
        Dictionary<(string, string), int> frames
    )
    {
        int Id(string name, string location)
        {
            if (!frames.TryGetValue((name, location), out int id))
                frames[(name, location)] = id = frames.Count;
            return id;
        }

        var stacks = new Dictionary<(int, int), int[]>();
        var samples = new List<(int[], StackWeight)>();
        foreach (var weight in StackWeights.Of(document))
        {
            if (!stacks.TryGetValue((weight.Task, weight.Stack), out int[]? stack))
            {
                stacks[(weight.Task, weight.Stack)] = stack = [
                    Id(StackNames.Task(document, weight.Task), ""),
                    .. StackNames
                        .Frames(document, weight.Stack)
                        .Reverse()
                        .Select(f => Id(StackNames.Frame(f), f.Location)),
                ];
            }

            samples.Add((stack, weight));
        }

        return samples;
    }

    private static void WriteFrames(Utf8JsonWriter json, Dictionary<(string Name, string Location), int> frames)
    {
        json.WriteStartObject("shared");
        json.WriteStartArray("frames");
        foreach (var ((name, location), _) in frames.OrderBy(f => f.Value))
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            if (location.Length > 0)
            {
                var (file, line) = StackNames.Location(location);
                json.WriteString("file", file);
                if (line > 0)
                    json.WriteNumber("line", line);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteProfile(Utf8JsonWriter json, string name, List<(int[] Stack, long Value)> samples)
    {
        json.WriteStartObject();
        json.WriteString("type", "sampled");
        json.WriteString("name", name);
        json.WriteString("unit", "nanoseconds");
        json.WriteNumber("startValue", 0);
        json.WriteNumber("endValue", samples.Sum(s => s.Value));
        json.WriteStartArray("samples");
        foreach (var (stack, _) in samples)
        {
            json.WriteStartArray();
            foreach (int frame in stack)
                json.WriteNumberValue(frame);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteStartArray("weights");
        foreach (var (_, value) in samples)
            json.WriteNumberValue(value);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
