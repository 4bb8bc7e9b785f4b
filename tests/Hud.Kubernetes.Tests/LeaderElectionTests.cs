using System.Text.Json;
using Hud.Kubernetes.Tests.Scripted;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;

namespace Hud.Kubernetes.Tests;

public sealed class LeaderElectionTests
{
    /// <summary>A server that keeps one Lease with optimistic locking, and can be made to fail.</summary>
    private sealed class LeaseServer : IAsyncDisposable
    {
        private readonly Lock _lock = new();
        private readonly ScriptedServer _server;
        private V1Lease? _lease;
        private int _version;

        public LeaseServer() => _server = new ScriptedServer(AnswerAsync);

        public bool Down { get; set; }

        public string? Holder
        {
            get
            {
                lock (_lock)
                    return _lease?.Spec.HolderIdentity;
            }
        }

        public KubernetesClient Client() => _server.Client();

        public ValueTask DisposeAsync() => _server.DisposeAsync();

        private Task AnswerAsync(ScriptedRequest request, Answer answer)
        {
            lock (_lock)
            {
                if (Down)
                    return answer.ErrorAsync(500, "InternalError", "down");
                if (request.Method == "GET")
                    return _lease is null ? answer.ErrorAsync(404, "NotFound", "no lease") : Send(answer);
                var sent = JsonSerializer.Deserialize(request.Body, EntityTypes.Leases.Json)!;
                if (request.Method == "POST" && _lease is not null)
                    return answer.ErrorAsync(409, "AlreadyExists", "there");
                if (request.Method == "PUT" && sent.Metadata.ResourceVersion != _lease?.Metadata.ResourceVersion)
                    return answer.ErrorAsync(409, "Conflict", "changed");
                sent.Metadata.ResourceVersion = (++_version).ToString();
                _lease = sent;
                return Send(answer);
            }
        }

        private Task Send(Answer answer) =>
            answer.JsonAsync(JsonSerializer.Serialize(_lease!, EntityTypes.Leases.Json));
    }

    private static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(200),
        RenewDeadline = TimeSpan.FromSeconds(150),
        RetryPeriod = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();

    /// <summary>
    /// The clock goes on by retry periods, with moments between them in which requests are answered. A deadline is so many periods away
    /// that a busy machine does not miss it.
    /// </summary>
    private async Task PassAsync(Func<bool> until, string what)
    {
        for (int i = 0; i < 5000 && !until(); i++)
        {
            _time.Advance(RetryPeriod * 1.25); // with the jitter
            await Task.Delay(2);
        }

        Assert.True(until(), what);
    }

    private async Task PassAsync(int periods)
    {
        for (int i = 0; i < periods; i++)
        {
            _time.Advance(RetryPeriod * 1.25);
            await Task.Delay(2);
        }
    }

    private LeaderElector Elector(KubernetesClient client, string who) =>
        new(
            client,
            new LeaderElectionOptions
            {
                Namespace = "a",
                Name = "l",
                Identity = who,
                LeaseDuration = LeaseDuration,
                RenewDeadline = RenewDeadline,
                RetryPeriod = RetryPeriod,
                Time = _time,
            }
        );

    [Fact]
    public async Task One_leads_at_a_time_and_the_next_takes_over_when_the_lease_is_given_back()
    {
        await using var server = new LeaseServer();
        using var client = server.Client();
        var leading = 0;
        var (one, two) = (Elector(client, "one"), Elector(client, "two"));
        using var stopOne = new CancellationTokenSource();
        using var stopTwo = new CancellationTokenSource();
        async Task Lead(CancellationToken lost)
        {
            Assert.Equal(1, Interlocked.Increment(ref leading));
            try
            {
                await Task.Delay(Timeout.Infinite, lost);
            }
            finally
            {
                Interlocked.Decrement(ref leading);
            }
        }
        var first = one.RunAsync(Lead, stopOne.Token);
        await Objects.UntilAsync(() => one.IsLeader, "the first leader");
        var second = two.RunAsync(Lead, stopTwo.Token);
        await PassAsync(20);
        Assert.False(two.IsLeader);
        await stopOne.CancelAsync();
        await first;
        await PassAsync(() => two.IsLeader, "the second leader");
        Assert.False(one.IsLeader);
        Assert.Equal("two", server.Holder);
        await stopTwo.CancelAsync();
        await second;
        Assert.Equal("", server.Holder);
    }

    [Fact]
    public async Task A_leader_that_cannot_renew_stops_by_itself()
    {
        await using var server = new LeaseServer();
        using var client = server.Client();
        var elector = Elector(client, "one");
        var stopped = false;
        var run = elector.RunAsync(
            async lost =>
            {
                server.Down = true;
                try
                {
                    await Task.Delay(Timeout.Infinite, lost);
                }
                finally
                {
                    stopped = true;
                }
            },
            CancellationToken.None
        );
        await PassAsync(() => run.IsCompleted, "the end of the work");
        await run;
        Assert.True(stopped);
        Assert.False(elector.IsLeader);
        Assert.Equal("one", server.Holder); // nothing could be given back
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Work_that_fails_gives_the_lease_back_and_is_told(bool atOnce)
    {
        await using var server = new LeaseServer();
        using var client = server.Client();
        var elector = Elector(client, "one");
        Task Lead(CancellationToken lost) => atOnce ? throw new InvalidOperationException("broken") : FailAsync(lost);

        static async Task FailAsync(CancellationToken lost)
        {
            await Task.Yield();
            lost.ThrowIfCancellationRequested();
            throw new InvalidOperationException("broken");
        }

        var run = elector.RunAsync(Lead, CancellationToken.None);
        var failed = await Assert.ThrowsAsync<InvalidOperationException>(() => run.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal("broken", failed.Message);
        Assert.False(elector.IsLeader);
        Assert.Equal("", server.Holder);
        // nothing of it goes on: a renewal would take the lease again
        await PassAsync(20);
        Assert.Equal("", server.Holder);
    }

    [Fact]
    public async Task A_dead_leaders_lease_is_taken_once_it_was_watched_long_enough()
    {
        await using var server = new LeaseServer();
        using var client = server.Client();
        // a holder that never renews; its clock may be anything
        await client.CreateAsync(
            EntityTypes.Leases,
            new V1Lease
            {
                Metadata = new V1ObjectMeta { Name = "l", NamespaceProperty = "a" },
                Spec = new V1LeaseSpec
                {
                    HolderIdentity = "dead",
                    LeaseDurationSeconds = (int)LeaseDuration.TotalSeconds,
                    RenewTime = DateTime.UtcNow.AddYears(10),
                },
            },
            CancellationToken.None
        );
        var elector = Elector(client, "one");
        using var stop = new CancellationTokenSource();
        var run = elector.RunAsync(lost => Task.Delay(Timeout.Infinite, lost), stop.Token);
        await PassAsync(100); // half of it and a little more
        Assert.False(elector.IsLeader);
        await PassAsync(() => elector.IsLeader, "a new leader");
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public void Times_of_a_lease_have_six_digits()
    {
        var lease = new V1Lease
        {
            Spec = new V1LeaseSpec { RenewTime = new DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc) },
        };
        Assert.Contains(
            "\"renewTime\":\"2024-01-02T03:04:05.000000Z\"",
            JsonSerializer.Serialize(lease, EntityTypes.Leases.Json),
            StringComparison.Ordinal
        );
    }
}
