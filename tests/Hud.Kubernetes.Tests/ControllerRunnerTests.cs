using System.Collections.Concurrent;
using Hud.Kubernetes.Tests.Scripted;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;

namespace Hud.Kubernetes.Tests;

public sealed class ControllerRunnerTests
{
    private static readonly EntityKey Key = new("a", "x");
    private static readonly Backoff Quick = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(8));
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task A_reconcile_that_throws_is_reported_and_tried_again()
    {
        await using var run = new Run(
            TimeProvider.System,
            (call, _) => throw new InvalidOperationException($"no {call}"),
            3
        );
        await run.UntilAsync(calls: 4);
        await Objects.UntilAsync(() => run.Queue.Failures(Key) == 0, "forgotten failures");
        Assert.Equal(
            ["no 1 InvalidOperationException", "no 2 InvalidOperationException", "no 3 InvalidOperationException"],
            run.Errors
        );
    }

    [Fact]
    public async Task A_failure_is_reported_and_tried_again_as_well()
    {
        await using var run = new Run(
            TimeProvider.System,
            (call, pod) => ReconciliationResult<V1Pod>.Failure(pod, $"no {call}", call == 1 ? null : new IOException()),
            failures: 2
        );
        await run.UntilAsync(calls: 3);
        await Objects.UntilAsync(() => run.Queue.Failures(Key) == 0, "forgotten failures");
        Assert.Equal(["no 1 ", "no 2 IOException"], run.Errors);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_result_that_asks_for_it_brings_the_entity_back_at_its_time(bool success)
    {
        var clock = new FakeTimeProvider();
        await using var run = new Run(
            clock,
            (_, pod) =>
                success
                    ? ReconciliationResult<V1Pod>.Success(pod, Hour)
                    : ReconciliationResult<V1Pod>.Failure(pod, "no", requeueAfter: Hour),
            failures: 1
        );
        await Objects.UntilAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromMinutes(1));
                return run.Calls == 2;
            },
            "the second call"
        );
        Assert.InRange(run.At.Last() - run.At.First(), Hour, Hour + Hour);
        Assert.Equal(success ? [] : ["no "], run.Errors);
    }

    [Fact]
    public async Task A_success_that_asks_for_nothing_ends_it()
    {
        var clock = new FakeTimeProvider();
        await using var run = new Run(clock, (_, pod) => ReconciliationResult<V1Pod>.Success(pod), failures: 1);
        await run.UntilAsync(calls: 1);
        for (var i = 0; i < 20; i++)
        {
            clock.Advance(TimeSpan.FromDays(1));
            await Task.Delay(1);
        }
        Assert.Equal(1, run.Calls);
    }

    [Fact]
    public async Task Nothing_is_taken_from_the_queue_while_there_is_no_room()
    {
        var room = new TaskCompletionSource();
        await using var run = new Run(
            TimeProvider.System,
            (_, pod) => ReconciliationResult<V1Pod>.Success(pod),
            failures: 0,
            cancel => room.Task.WaitAsync(cancel)
        );
        await Task.Delay(50);
        Assert.Equal((0, 1), (run.Calls, run.Queue.Depth));
        room.SetResult();
        await run.UntilAsync(calls: 1);
    }

    /// <summary>A controller that answers as it is asked to for its first calls and with a plain success afterwards.</summary>
    private sealed class Run : IEntityController<V1Pod>, IAsyncDisposable
    {
        private readonly Func<int, V1Pod, ReconciliationResult<V1Pod>> _answer;
        private readonly int _failures;
        private readonly TimeProvider _time;
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        public Run(
            TimeProvider time,
            Func<int, V1Pod, ReconciliationResult<V1Pod>> answer,
            int failures,
            Func<CancellationToken, Task>? room = null
        )
        {
            (_time, _answer, _failures) = (time, answer, failures);
            Queue = new WorkQueue<EntityKey>(time, Quick);
            var store = new Store<V1Pod>(
                new Dictionary<string, Func<V1Pod, IEnumerable<string>>>(StringComparer.Ordinal)
            );
            store.Put(
                new V1Pod
                {
                    Metadata = new V1ObjectMeta { Name = Key.Name, NamespaceProperty = Key.Namespace },
                }
            );
            var runner = new ControllerRunner<V1Pod>(
                "t",
                new Reconciler<V1Pod>(new Latest<V1Pod>(store), this, []),
                Queue,
                2,
                time
            )
            {
                Room = room ?? (static _ => Task.CompletedTask),
                OnError = (_, message, e) => Errors.Enqueue($"{message} {e?.GetType().Name}"),
            };
            _running = runner.RunAsync(_stop.Token);
            Queue.Add(Key);
        }

        public WorkQueue<EntityKey> Queue { get; }

        public ConcurrentQueue<string> Errors { get; } = [];

        /// <summary>When the calls came.</summary>
        public ConcurrentQueue<DateTimeOffset> At { get; } = [];

        public int Calls => At.Count;

        public Task UntilAsync(int calls) => Objects.UntilAsync(() => Calls == calls, $"{calls} calls");

        public Task<ReconciliationResult<V1Pod>> ReconcileAsync(V1Pod entity, CancellationToken cancel)
        {
            At.Enqueue(_time.GetUtcNow());
            var call = Calls;
            return Task.FromResult(
                call <= _failures ? _answer(call, entity) : ReconciliationResult<V1Pod>.Success(entity)
            );
        }

        public Task<ReconciliationResult<V1Pod>> DeletedAsync(V1Pod entity, CancellationToken cancel) =>
            throw new NotSupportedException();

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _stop.Dispose();
        }
    }
}
