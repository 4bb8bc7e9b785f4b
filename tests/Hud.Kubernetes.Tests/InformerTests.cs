using System.Collections.Concurrent;
using Hud.Kubernetes.Tests.Scripted;
using k8s.Models;
using static Hud.Kubernetes.Tests.Scripted.Objects;

namespace Hud.Kubernetes.Tests;

public sealed class InformerTests
{
    private static readonly InformerOptions Fast = new()
    {
        Namespace = "a",
        MinBackoff = TimeSpan.FromMilliseconds(1),
        MaxBackoff = TimeSpan.FromMilliseconds(5),
    };

    private sealed class Run : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly KubernetesClient _client;
        private readonly Task _running;

        public Run(
            ScriptedServer server,
            IReadOnlyDictionary<string, Func<V1Pod, IEnumerable<string>>>? indexes = null,
            KubernetesClientOptions? options = null
        )
        {
            _client = server.Client(options);
            Informer = new Informer<V1Pod>(_client, EntityTypes.Pods, Fast, indexes);
            Informer.OnChange(c => Changes.Enqueue($"{c.Kind} {c.New.Metadata.Name}{(c.Missed ? " missed" : "")}"));
            _running = Informer.RunAsync(_stop.Token);
        }

        public Informer<V1Pod> Informer { get; }

        public ConcurrentQueue<string> Changes { get; } = [];

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _client.Dispose();
            _stop.Dispose();
        }
    }

    [Fact]
    public async Task Lists_once_then_watches_and_tells_each_change_once()
    {
        await using var server = new ScriptedServer(
            async (r, a) =>
            {
                if (!r.IsWatch())
                {
                    await a.JsonAsync(List(5, "", Pod("one", 1), Pod("two", 2)));
                    return;
                }
                await a.StreamAsync();
                // the first event repeats what the list said, as happens at the seam
                await a.RawAsync(
                    Event("MODIFIED", Pod("two", 2))
                        + Event("MODIFIED", Pod("one", 6))
                        + Event("DELETED", Pod("two", 7))
                        + Event("ADDED", Pod("three", 8))
                );
                await a.SilenceAsync();
            }
        );
        await using var run = new Run(server);
        await UntilAsync(() => run.Changes.Count >= 5, "five changes");
        Assert.Equal(["Added one", "Added two", "Updated one", "Deleted two", "Added three"], run.Changes);
        Assert.Equal(["one", "three"], run.Informer.Store.All().Select(p => p.Metadata.Name).Order());
        Assert.True(run.Informer.Synced.IsCompletedSuccessfully);
        Assert.NotNull(run.Informer.CurrentFor);
    }

    [Fact]
    public async Task Deletes_missed_during_a_gap_are_reported()
    {
        var lists = 0;
        await using var server = new ScriptedServer(
            async (r, a) =>
            {
                if (!r.IsWatch())
                {
                    await a.JsonAsync(
                        lists++ == 0
                            ? List(5, "", Pod("stays", 1), Pod("goes", 2), Pod("again", 3, "u1"))
                            : List(50, "", Pod("stays", 1), Pod("again", 40, "u2"))
                    );
                    return;
                }
                await a.StreamAsync();
                if (r.Target.Contains("resourceVersion=5&", StringComparison.Ordinal))
                    await a.RawAsync(Event("ERROR", """{"code":410,"reason":"Expired","message":"compacted"}"""));
                else
                    await a.SilenceAsync();
            }
        );
        await using var run = new Run(server);
        await UntilAsync(() => run.Changes.Count >= 6, "six changes");
        Assert.Equal(
            ["Added stays", "Added goes", "Added again", "Deleted again missed", "Added again", "Deleted goes missed"],
            run.Changes
        );
        Assert.Equal(2, run.Informer.Lists);
    }

    /// <summary>An outage has earned the longest pause; history that is gone meanwhile does not justify waiting for it.</summary>
    [Fact]
    public async Task After_a_410_the_list_is_read_at_once_but_not_over_and_over()
    {
        var (lists, watches) = (0, 0);
        await using var server = new ScriptedServer(
            async (r, a) =>
            {
                if (!r.IsWatch())
                {
                    var n = Interlocked.Increment(ref lists);
                    await a.JsonAsync(List(n, "", Pod("one", n)));
                    return;
                }
                if (Interlocked.Increment(ref watches) == 1)
                {
                    await a.ErrorAsync(500, "InternalError", "etcd is not there");
                    return;
                }
                await a.ErrorAsync(410, "Expired", "too old resource version");
            }
        );
        using var client = server.Client();
        using var stop = new CancellationTokenSource();
        var clock = new Pauses();
        var informer = new Informer<V1Pod>(
            client,
            EntityTypes.Pods,
            new InformerOptions
            {
                Namespace = "a",
                MinBackoff = TimeSpan.FromMinutes(1),
                MaxBackoff = TimeSpan.FromHours(1),
                Time = clock,
            }
        );
        var running = informer.RunAsync(stop.Token);
        // 500: a pause. 410: a list at once. Again 410: a pause.
        await UntilAsync(() => clock.Asked == 1, "the pause after the error");
        Assert.Equal((1, 1), (lists, watches));
        clock.Go();
        await UntilAsync(() => clock.Asked == 2, "the pause after the second 410");
        Assert.Equal((2, 3), (lists, watches));
        await stop.CancelAsync();
        await running;
    }

    /// <summary>Pauses end when the test says so.</summary>
    private sealed class Pauses : TimeProvider
    {
        private TimerCallback? _waiting;
        private object? _state;
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public void Go() => _waiting!(_state);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_waiting, _state) = (callback, state);
            Interlocked.Increment(ref _asked);
            return base.CreateTimer(_ => { }, state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    [Fact]
    public async Task A_broken_watch_goes_on_from_the_last_bookmark_without_a_new_list()
    {
        await using var server = new ScriptedServer(
            async (r, a) =>
            {
                if (!r.IsWatch())
                {
                    await a.JsonAsync(List(5, "", Pod("one", 1)));
                    return;
                }
                await a.StreamAsync();
                if (r.Target.Contains("resourceVersion=5&", StringComparison.Ordinal))
                    await a.RawAsync(Bookmark(30) + "{\"type\":\"ADD"); // and the connection ends here
                else
                    await a.RawAsync(Event("ADDED", Pod("two", 31)));
                if (r.Target.Contains("resourceVersion=31&", StringComparison.Ordinal))
                    await a.SilenceAsync();
            }
        );
        await using var run = new Run(server);
        await UntilAsync(() => run.Changes.Contains("Added two"), "the change after the break");
        Assert.Contains(
            server.Requests,
            r => r.IsWatch() && r.Target.Contains("resourceVersion=30&", StringComparison.Ordinal)
        );
        Assert.Single(server.Requests, r => !r.IsWatch());
    }

    [Fact]
    public async Task A_server_that_is_away_is_asked_again_until_it_is_back()
    {
        var asked = 0;
        await using var server = new ScriptedServer(
            async (r, a) =>
            {
                if (Interlocked.Increment(ref asked) < 4)
                    await a.ErrorAsync(500, "InternalError", "etcd is not up");
                else if (!r.IsWatch())
                    await a.JsonAsync(List(5, "", Pod("one", 1)));
                else
                    await a.SilenceAsync();
            }
        );
        await using var run = new Run(server);
        await run.Informer.Synced.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(["Added one"], run.Changes);
    }

    [Fact]
    public async Task Silence_grows_while_the_watch_says_nothing()
    {
        await using var server = new ScriptedServer(
            async (r, a) =>
            {
                if (r.IsWatch())
                    await a.SilenceAsync();
                await a.JsonAsync(List(5, ""));
            }
        );
        await using var run = new Run(server);
        await run.Informer.Synced;
        await UntilAsync(() => run.Informer.SinceLastContact > TimeSpan.FromMilliseconds(50), "silence");
    }

    /// <summary>
    /// Of a kind that nothing happens to, a server sends neither events nor bookmarks, for as long as it runs: the copy is current all the same, and
    /// is again after each watch that was given up for its silence.
    /// </summary>
    [Fact]
    public async Task A_kind_that_nothing_happens_to_is_current_again_after_each_silence()
    {
        var lists = 0;
        await using var server = new ScriptedServer(
            async (r, a) =>
            {
                if (!r.IsWatch())
                {
                    Interlocked.Increment(ref lists);
                    await a.JsonAsync(List(5, "", Pod("one", 1)));
                    return;
                }
                await a.StreamAsync();
                await a.SilenceAsync();
            }
        );
        await using var run = new Run(
            server,
            options: new KubernetesClientOptions { WatchSilence = TimeSpan.FromMilliseconds(100) }
        );
        for (var silence = 1; silence <= 3; silence++)
        {
            await UntilAsync(() => Volatile.Read(ref lists) > silence, "a list after the silence");
            await UntilAsync(() => run.Informer.CurrentFor is not null, "a copy that is current");
        }
        Assert.Equal(["Added one"], run.Changes);
    }

    [Fact]
    public async Task Indexes_follow_the_objects()
    {
        await using var server = new ScriptedServer(
            async (r, a) =>
            {
                if (!r.IsWatch())
                {
                    await a.JsonAsync(
                        List(
                            5,
                            "",
                            Pod("one", 1, extra: ""","status":{"phase":"Pending"}"""),
                            Pod("two", 2, extra: ""","status":{"phase":"Pending"}""")
                        )
                    );
                    return;
                }
                await a.StreamAsync();
                await a.RawAsync(
                    Event("MODIFIED", Pod("one", 6, extra: ""","status":{"phase":"Running"}"""))
                        + Event("DELETED", Pod("two", 7))
                );
                await a.SilenceAsync();
            }
        );
        await using var run = new Run(
            server,
            new Dictionary<string, Func<V1Pod, IEnumerable<string>>>(StringComparer.Ordinal)
            {
                ["phase"] = p => [p.Status?.Phase ?? ""],
            }
        );
        await UntilAsync(() => run.Changes.Contains("Deleted two"), "the deletion");
        Assert.Equal(["one"], run.Informer.Store.ByIndex("phase", "Running").Select(p => p.Metadata.Name));
        Assert.Empty(run.Informer.Store.ByIndex("phase", "Pending"));
    }
}
