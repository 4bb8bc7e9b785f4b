using System.Text.Json;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Formats;
using Hud.Reports.Tests.Documents;

namespace Hud.Reports.Tests.Formats;

public sealed class ChromeTraceFormatTests
{
    [Fact]
    public void Each_slow_poll_is_a_begin_and_an_end_on_its_workers_track()
    {
        var document = RealisticDocuments.Checkout();
        var events = Events(document);
        var begins = events.Where(e => Text(e, "ph") == "B").ToList();
        Assert.Equal(document.SlowPolls.Count, begins.Count);
        Assert.Equal(document.SlowPolls.Count, events.Count(e => Text(e, "ph") == "E"));

        var poll = document.SlowPolls[0];
        var first = begins.Single(e => e.GetProperty("args").GetProperty("task_id").GetUInt64() == poll.TaskId);
        Assert.Equal(poll.StartNs / 1000.0, first.GetProperty("ts").GetDouble(), 3);
        Assert.Equal(4242, first.GetProperty("pid").GetInt32());
        Assert.Equal(document.Workers[poll.Worker].Tid, first.GetProperty("tid").GetInt32());
        Assert.Equal(poll.Worker, first.GetProperty("args").GetProperty("worker_id").GetInt32());
        Assert.Equal("execution", Text(first, "cat"));
        Assert.Equal(document.Hotspots[poll.Hotspot].UserFrame, Text(first, "name"));
        Assert.Equal(
            document.Hotspots[poll.Hotspot].Location,
            $"{Text(first.GetProperty("args"), "file")}:{first.GetProperty("args").GetProperty("line").GetInt32()}"
        );
    }

    [Fact]
    public void Begins_and_ends_nest_on_every_track_even_in_a_damaged_document()
    {
        foreach (
            var document in new[]
            {
                RealisticDocuments.Checkout(),
                RealisticDocuments.Damaged(),
                RealisticDocuments.Hostile(),
                Overlapping(),
            }
        )
        {
            foreach (
                var track in Events(document)
                    .Where(e => Text(e, "ph") is "B" or "E")
                    .GroupBy(e => (e.GetProperty("pid").GetInt64(), e.GetProperty("tid").GetInt64()))
            )
            {
                int depth = 0;
                double last = 0;
                foreach (var e in track)
                {
                    Assert.True(e.GetProperty("ts").GetDouble() >= last);
                    last = e.GetProperty("ts").GetDouble();
                    depth += Text(e, "ph") == "B" ? 1 : -1;
                    Assert.True(depth >= 0);
                }

                Assert.Equal(0, depth);
            }
        }
    }

    [Fact]
    public void Stalls_are_instants_and_tracks_have_names()
    {
        var document = RealisticDocuments.Checkout();
        var events = Events(document);
        Assert.Equal(
            document.Stalls.Count,
            events.Count(e => Text(e, "ph") == "i" && Text(e, "cat") == "stall" && Text(e, "s") == "p")
        );
        Assert.True(document.Stalls.Count > 0);
        Assert.Contains(
            events,
            e => Text(e, "name") == "process_name" && Text(e.GetProperty("args"), "name") == "checkout-0 (checkout)"
        );
        Assert.Equal(document.Workers.Count, events.Count(e => Text(e, "name") == "thread_name"));
    }

    [Fact]
    public void Targets_with_the_same_pid_on_two_nodes_stay_apart()
    {
        var merged = ProfileMerge.Merge([
            RealisticDocuments.Checkout(1),
            RealisticDocuments.Checkout(2, 900, "checkout-1"),
        ]);
        Assert.Equal(
            2,
            Events(merged)
                .Where(e => Text(e, "ph") == "B")
                .Select(e => e.GetProperty("pid").GetInt64())
                .Distinct()
                .Count()
        );
    }

    private static ProfileDocument Overlapping()
    {
        var document = RealisticDocuments.Checkout();
        return document with
        {
            SlowPolls = [.. document.SlowPolls.Select(p => p with { Worker = 0, WallNs = p.WallNs * 3 })],
        };
    }

    private static List<JsonElement> Events(ProfileDocument document) =>
        [
            .. JsonDocument
                .Parse(ReportFormats.Render(OutputFormat.ChromeTrace, document))
                .RootElement.GetProperty("traceEvents")
                .EnumerateArray(),
        ];

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.GetString()! : "";
}
