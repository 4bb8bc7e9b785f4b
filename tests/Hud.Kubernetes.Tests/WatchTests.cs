using Hud.Kubernetes.Tests.Scripted;
using k8s.Models;
using static Hud.Kubernetes.Tests.Scripted.Objects;

namespace Hud.Kubernetes.Tests;

public sealed class WatchTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static async Task<List<WatchEvent<V1Pod>>> Watch(
        ScriptedServer server,
        KubernetesClientOptions? options = null
    )
    {
        using var client = server.Client(options);
        return await client.WatchAsync(EntityTypes.Pods, "a", null, "5", None).ToListAsync();
    }

    [Fact]
    public async Task Events_and_bookmarks_come_in_order_and_the_servers_end_is_an_end()
    {
        await using var server = new ScriptedServer(
            async (_, a) =>
            {
                await a.StreamAsync();
                await a.RawAsync(
                    Event("ADDED", Pod("x", 6))
                        + Event("MODIFIED", Pod("x", 7))
                        + Bookmark(8)
                        + Event("FUTURE", Pod("x", 9))
                        + Event("DELETED", Pod("x", 10))
                );
            }
        );
        var events = await Watch(server);
        Assert.Equal(
            [WatchEventKind.Added, WatchEventKind.Modified, WatchEventKind.Bookmark, WatchEventKind.Deleted],
            events.Select(e => e.Kind)
        );
        Assert.Equal(["6", "7", "8", "10"], events.Select(e => e.ResourceVersion));
        Assert.Contains("resourceVersion=5", server.Requests.Single().Target, StringComparison.Ordinal);
        Assert.Contains("allowWatchBookmarks=true", server.Requests.Single().Target, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_may_come_byte_by_byte()
    {
        await using var server = new ScriptedServer(
            async (_, a) =>
            {
                await a.StreamAsync();
                foreach (var c in Event("ADDED", Pod("slow", 6)))
                    await a.RawAsync(c.ToString());
            }
        );
        Assert.Equal("slow", (await Watch(server)).Single().Entity!.Metadata.Name);
    }

    [Fact]
    public async Task Gone_in_mid_watch_is_typed()
    {
        await using var server = new ScriptedServer(
            async (_, a) =>
            {
                await a.StreamAsync();
                await a.RawAsync(
                    Event("ADDED", Pod("x", 6))
                        + Event(
                            "ERROR",
                            """{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}"""
                        )
                );
            }
        );
        await Assert.ThrowsAsync<GoneException>(() => Watch(server));
    }

    [Fact]
    public async Task A_line_that_is_cut_is_an_error_and_not_an_event()
    {
        await using var server = new ScriptedServer(
            async (_, a) =>
            {
                await a.StreamAsync();
                await a.RawAsync(Event("ADDED", Pod("x", 6))[..40]);
            }
        );
        var error = await Assert.ThrowsAsync<TransportException>(() => Watch(server));
        Assert.Contains("inside an event", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_is_an_error()
    {
        await using var server = new ScriptedServer(
            async (_, a) =>
            {
                await a.StreamAsync();
                await a.RawAsync("{\"type\":\"ADDED\",\"object\":[]}\n");
            }
        );
        await Assert.ThrowsAsync<TransportException>(() => Watch(server));
    }

    [Fact]
    public async Task A_silent_watch_is_taken_for_dead()
    {
        await using var server = new ScriptedServer(
            async (_, a) =>
            {
                await a.StreamAsync();
                await a.RawAsync(Event("ADDED", Pod("x", 6)));
                await a.SilenceAsync();
            }
        );
        var error = await Assert.ThrowsAsync<SilenceException>(() =>
            Watch(server, new KubernetesClientOptions { WatchSilence = TimeSpan.FromMilliseconds(200) })
        );
        Assert.Contains("silent", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_past_its_bound_ends_the_watch()
    {
        await using var server = new ScriptedServer(
            async (_, a) =>
            {
                await a.StreamAsync();
                var chunk = new string('x', 1 << 20);
                for (var i = 0; i < 6; i++)
                    await a.RawAsync(chunk);
            }
        );
        var error = await Assert.ThrowsAsync<TransportException>(() => Watch(server));
        Assert.Contains("longer than", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_followed_log_gives_whole_lines_and_says_when_the_last_is_cut()
    {
        await using var server = new ScriptedServer(
            async (_, a) =>
            {
                await a.StreamAsync();
                await a.RawAsync("one\ntw");
                await a.RawAsync("o\nthr");
            }
        );
        using var client = server.Client();
        var lines = new List<(string, bool)>();
        await foreach (
            var line in client.FollowLogAsync("a", "p", "c", 1000, TimeSpan.FromMinutes(1), 5000, since: null, None)
        )
            lines.Add((System.Text.Encoding.UTF8.GetString(line.Bytes.Span), line.Cut));
        Assert.Equal([("one", false), ("two", false), ("thr", true)], lines);
        Assert.Equal(
            "/api/v1/namespaces/a/pods/p/log?container=c&follow=true&limitBytes=5000",
            server.Requests.Single().Target
        );
    }
}
