using Hud.Kubernetes.Tests.Scripted;
using Microsoft.Extensions.Time.Testing;

namespace Hud.Kubernetes.Tests;

public sealed class QueueTests
{
    private static readonly Backoff Quick = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(8));

    private static WorkQueue<string> Queue() => new(TimeProvider.System, Quick);

    private static async Task<string> Take(WorkQueue<string> queue) =>
        await queue.TakeAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));

    [Fact]
    public async Task A_key_that_waits_is_not_added_twice()
    {
        var queue = Queue();
        queue.Add("a");
        queue.Add("a");
        queue.Add("b");
        Assert.Equal(2, queue.Depth);
        Assert.Equal("a", await Take(queue));
        Assert.Equal("b", await Take(queue));
    }

    [Fact]
    public async Task Thousands_of_keys_of_one_lane_delay_another_by_one()
    {
        var queue = new WorkQueue<string>(TimeProvider.System, Quick, laneOf: key => key.Split('/')[0]);
        for (var i = 0; i < 5000; i++)
            queue.Add($"many/{i}");
        queue.Add("one/a");
        queue.Add("one/b");
        queue.Add("other/a");
        string[] taken =
        [
            await Take(queue),
            await Take(queue),
            await Take(queue),
            await Take(queue),
            await Take(queue),
            await Take(queue),
        ];
        Assert.Equal(["many/0", "one/a", "other/a", "many/1", "one/b", "many/2"], taken);
        Assert.Equal(4997, queue.Depth);
    }

    [Fact]
    public async Task A_key_added_while_it_is_worked_on_comes_back_after_done_and_not_before()
    {
        var queue = Queue();
        queue.Add("a");
        await Take(queue);
        queue.Add("a");
        queue.Add("a");
        Assert.Equal(0, queue.Depth);
        queue.Done("a");
        Assert.Equal("a", await Take(queue));
        queue.Done("a");
        Assert.Equal(0, queue.Depth);
    }

    [Fact]
    public async Task No_key_is_ever_in_two_hands()
    {
        var queue = Queue();
        var inHand = new int[4];
        var worked = 0;
        using var stop = new CancellationTokenSource();
        var workers = Enumerable
            .Range(0, 4)
            .Select(_ =>
                Task.Run(async () =>
                {
                    while (true)
                    {
                        string key;
                        try
                        {
                            key = await queue.TakeAsync(stop.Token);
                        }
                        catch (OperationCanceledException)
                        {
                            return;
                        }
                        Assert.Equal(1, Interlocked.Increment(ref inHand[key[0] - 'a']));
                        await Task.Yield();
                        Interlocked.Decrement(ref inHand[key[0] - 'a']);
                        Interlocked.Increment(ref worked);
                        queue.Done(key);
                    }
                })
            )
            .ToArray();
        for (var i = 0; i < 2000; i++)
            queue.Add(((char)('a' + (i % 4))).ToString());
        await Objects.UntilAsync(() => queue.Depth == 0, "an empty queue");
        await stop.CancelAsync();
        await Task.WhenAll(workers);
        Assert.InRange(worked, 4, 2000);
    }

    [Fact]
    public async Task Of_two_later_times_for_one_key_the_earlier_counts()
    {
        var queue = Queue();
        queue.AddAfter("a", TimeSpan.FromHours(1));
        queue.AddAfter("a", TimeSpan.FromMilliseconds(5));
        queue.AddAfter("a", TimeSpan.FromHours(2));
        Assert.Equal("a", await Take(queue));
    }

    [Fact]
    public async Task A_time_past_what_a_timer_takes_is_waited_for_in_pieces()
    {
        var clock = new Clock();
        var queue = new WorkQueue<string>(clock, Quick);
        queue.AddAfter("a", TimeSpan.FromDays(400));
        Assert.Equal(TimeSpan.FromDays(1), clock.Timers.Single());
        queue.AddAfter("b", TimeSpan.MaxValue);
        Assert.Equal(0, queue.Depth);
        queue.Add("a"); // an earlier wish is none the worse for it
        Assert.Equal("a", await Take(queue));
    }

    [Fact]
    public async Task Work_that_is_not_done_is_measured_while_it_goes_on()
    {
        var clock = new Clock();
        var queue = new WorkQueue<string>(clock, Quick, "watched");
        var seen = new Dictionary<string, double>(StringComparer.Ordinal);
        using var listener = new System.Diagnostics.Metrics.MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == KubernetesMeter.Name)
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>(
            (instrument, value, tags, _) =>
            {
                if (instrument.IsObservable && tags.Contains(new KeyValuePair<string, object?>("name", "watched")))
                    seen[instrument.Name] = value;
            }
        );
        queue.Watch();
        listener.Start();
        queue.Add("a");
        queue.Add("b");
        await Take(queue);
        clock.Advance(TimeSpan.FromSeconds(10));
        await Take(queue);
        clock.Advance(TimeSpan.FromSeconds(5));
        listener.RecordObservableInstruments();
        Assert.Equal(
            (20, 15),
            (seen["workqueue_unfinished_work_seconds"], seen["workqueue_longest_running_processor_seconds"])
        );
        queue.Done("a");
        listener.RecordObservableInstruments();
        Assert.Equal(
            (5, 5),
            (seen["workqueue_unfinished_work_seconds"], seen["workqueue_longest_running_processor_seconds"])
        );
        queue.Close();
        seen.Clear();
        listener.RecordObservableInstruments();
        Assert.Empty(seen);
    }

    [Fact]
    public async Task Failures_are_counted_per_key_until_forgotten()
    {
        var queue = Queue();
        queue.AddRateLimited("a");
        Assert.Equal("a", await Take(queue));
        queue.Done("a");
        queue.AddRateLimited("a");
        Assert.Equal(2, queue.Failures("a"));
        Assert.Equal(0, queue.Failures("b"));
        queue.Forget("a");
        Assert.Equal(0, queue.Failures("a"));
    }

    [Fact]
    public void The_pause_doubles_up_to_its_ceiling()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));
        Assert.Equal(
            [100.0, 200, 400, 800, 1000, 1000],
            Enumerable.Range(0, 6).Select(n => backoff.After(n).TotalMilliseconds)
        );
        Assert.Equal(TimeSpan.FromSeconds(1), backoff.After(int.MaxValue));
    }

    [Fact]
    public void A_closed_queue_takes_nothing()
    {
        var queue = Queue();
        queue.Close();
        queue.Add("a");
        queue.AddAfter("b", TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, queue.Depth);
    }

    [Fact]
    public void The_rate_limit_lets_a_burst_through_and_then_one_per_interval()
    {
        var limiter = new RateLimiter(perSecond: 10, burst: 3, new Clock());
        Assert.Equal([0, 0, 0], Enumerable.Range(0, 3).Select(_ => limiter.Reserve().TotalMilliseconds));
        Assert.Equal(100, limiter.Reserve().TotalMilliseconds, 3);
        Assert.Equal(200, limiter.Reserve().TotalMilliseconds, 3);
    }

    [Fact]
    public async Task Room_is_waited_for_until_so_many_could_be_sent_and_takes_no_place()
    {
        var clock = new FakeTimeProvider();
        var limiter = new RateLimiter(perSecond: 10, burst: 4, clock);
        Assert.True(limiter.RoomAsync(2, default).IsCompleted);
        for (var i = 0; i < 4; i++)
            limiter.Reserve();
        var waiting = limiter.RoomAsync(2, default);
        clock.Advance(TimeSpan.FromMilliseconds(150));
        await Task.Delay(20);
        Assert.False(waiting.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(52));
        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal([0, 0], Enumerable.Range(0, 2).Select(_ => limiter.Reserve().TotalMilliseconds));
    }

    [Fact]
    public async Task Room_for_more_than_there_ever_is_means_all_of_it()
    {
        var clock = new FakeTimeProvider();
        var limiter = new RateLimiter(perSecond: 10, burst: 2, clock);
        limiter.Reserve();
        var waiting = limiter.RoomAsync(100, default);
        Assert.False(waiting.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(102));
        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
    }

    private sealed class Clock : FakeTimeProvider
    {
        public List<TimeSpan> Timers { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers.Add(dueTime);
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
