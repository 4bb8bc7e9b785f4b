using System.IO.Compression;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Flame;

namespace Hud.Reports.Formats.Pprof;

/// <summary>
/// pprof's <c>profile.proto</c>, gzipped: <c>go tool pprof</c>, Pyroscope, Parca and speedscope read it. Four values a
/// sample (slow polls, on-CPU, blocked, run-queue), labels for task, worker, pod and cause. The verdict and what was lost are comments.
/// </summary>
public sealed class PprofFormat : IReportFormat
{
    private static readonly (string Type, string Unit)[] SampleTypes =
    [
        ("slow_polls", "count"),
        ("on_cpu", "nanoseconds"),
        ("blocked", "nanoseconds"),
        ("run_queue", "nanoseconds"),
    ];

    public OutputFormat Format => OutputFormat.Pprof;
    public string FileExtension => ".pprof.pb.gz";
    public string Key => "profile.pb.gz";
    public bool IsBinary => true;

    public byte[] Render(ProfileDocument document, int maxBytes, out bool truncated) =>
        SizeFit.Render(document, maxBytes, out truncated, d => Gzip(Write(d)));

    internal static byte[] Write(ProfileDocument document)
    {
        var tables = new PprofTables();
        var profile = new ProtoWriter();
        foreach (var (type, unit) in SampleTypes)
        {
            var value = new ProtoWriter();
            value.Number(1, tables.String(type));
            value.Number(2, tables.String(unit));
            profile.Message(1, value);
        }

        var stacks = new Dictionary<int, List<long>>();
        foreach (var weight in StackWeights.Of(document))
        {
            if (!stacks.TryGetValue(weight.Stack, out var ids))
                stacks[weight.Stack] = ids = tables.Stack(StackNames.Frames(document, weight.Stack));
            profile.Message(2, Sample(document, weight, ids, tables));
        }

        profile.Message(3, Mapping(document, tables));
        var comments = Comments(document).Select(tables.String).ToList();
        long defaultType = tables.String(document.Summary.BlockedNs > document.Summary.CpuHogNs ? "blocked" : "on_cpu");
        tables.WriteTo(profile);
        if (document.Summary.StartedAt > DateTimeOffset.UnixEpoch)
            profile.Number(9, (document.Summary.StartedAt - DateTimeOffset.UnixEpoch).Ticks * 100);
        profile.Number(10, document.Summary.ObservedNs);
        profile.Packed(13, comments);
        profile.Number(14, defaultType);
        return profile.Written.ToArray();
    }

    private static ProtoWriter Sample(
        ProfileDocument document,
        StackWeight weight,
        List<long> locations,
        PprofTables tables
    )
    {
        var sample = new ProtoWriter();
        sample.Packed(1, locations);
        sample.Packed(2, [weight.Count, weight.OnCpuNs, weight.BlockedNs, weight.RunQueueNs]);

        void Label(string key, string value)
        {
            if (value.Length == 0)
                return;
            var label = new ProtoWriter();
            label.Number(1, tables.String(key));
            label.Number(2, tables.String(value));
            sample.Message(3, label);
        }

        Label("task", weight.Task >= 0 ? StackNames.Task(document, weight.Task) : "");
        if (weight.Worker >= 0 && weight.Worker < document.Workers.Count)
            Label("worker", $"{document.Workers[weight.Worker].Name}/{document.Workers[weight.Worker].Tid}");
        if (weight.Target >= 0 && weight.Target < document.Targets.Count)
            Label("pod", document.Targets[weight.Target].Pod ?? "");
        Label("cause", weight.Cause.ToString());
        if (weight.Estimated)
            Label("estimated", "true");
        return sample;
    }

    private static ProtoWriter Mapping(ProfileDocument document, PprofTables tables)
    {
        var mapping = new ProtoWriter();
        mapping.Number(1, 1);
        if (document.Targets.Count > 0)
        {
            mapping.Number(5, tables.String(document.Targets[0].Executable));
            mapping.Number(6, tables.String(document.Targets[0].BuildId));
        }

        // set, so that no reader tries to name our frames a second time
        foreach (int field in (ReadOnlySpan<int>)[7, 8, 9, 10])
            mapping.Flag(field, true);
        return mapping;
    }

    private static IEnumerable<string> Comments(ProfileDocument document)
    {
        yield return document.Verdict;
        if (LossText.Sentence(document) is { Length: > 0 } losses)
            yield return losses;
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.SmallestSize))
            gzip.Write(bytes);
        return buffer.ToArray();
    }
}
