using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Frames;
using static Hud.Tests.Support.Stage;

namespace Hud.Tests.Support;

/// <summary>Documents as an agent builds them, of polls that are written down: everything but the kernel is the product's.</summary>
internal static class BuiltDocuments
{
    public const string Hash = "sha2::compress < shop::auth::hash < shop::auth::login::{{closure}}";
    public const string Sleep =
        "clock_nanosleep < std::thread::sleep < shop::auth::hash < shop::auth::login::{{closure}}";

    /// <summary>One second of one process with two workers; every task is <c>shop::auth::login</c>.</summary>
    /// <param name="counted">Polls in the kernel's totals: those that were seen to begin and to return.</param>
    /// <param name="unclear">Threads with a worker's name of which it is not known what they did.</param>
    /// <param name="image">Image of the pod, and perhaps <c>@</c> and its digest.</param>
    /// <param name="waitMs">How long its tasks waited for a worker, each of a hundred times; 0: no wait was timed.</param>
    /// <param name="cpuWaitMs">How long each worker waited for a CPU.</param>
    /// <param name="throttledMs">Time that the CPU limit took.</param>
    public static ProfileDocument Of(
        string pod,
        Action<Stage> polls,
        long counted = 100,
        int unclear = 0,
        string? image = null,
        long waitMs = 0,
        long cpuWaitMs = 0,
        long throttledMs = 0
    )
    {
        ArgumentNullException.ThrowIfNull(polls);
        var stage = new Stage();
        polls(stage);
        var slow = stage.Aggregator.Polls.Where(p => !p.IsUncounted).ToList();
        var facts = new ProfileInputs
        {
            Session = new ProfilingSessionSpec { Threshold = new GoDuration(Threshold) },
            StartedAt = new DateTimeOffset(2026, 11, 21, 4, 0, 0, TimeSpan.Zero),
            StartNs = 1_000 * Ms,
            EndNs = 2_000 * Ms,
            Targets =
            [
                new TargetProfile
                {
                    Pid = 42,
                    Process = "shop",
                    Pod = pod,
                    State = TargetState.Succeeded,
                    CpuNs = 500 * Ms,
                    Image = image?.Split('@')[0],
                    ImageDigest = image?.Split('@').ElementAtOrDefault(1),
                    ThrottledNs = throttledMs * Ms,
                },
            ],
            Types =
            [
                new TaskTypeFacts
                {
                    Name = "shop::auth::login",
                    Polls = counted,
                    Slow = slow.Sum(p => p.Weight),
                    MaxNs = slow.Select(p => p.Split.WallNs).DefaultIfEmpty(0).Max(),
                    Histogram = new long[40],
                    Waits = waitMs == 0 ? null : Waits(waitMs * Ms),
                },
            ],
            Workers = [Worker(1, counted / 2, cpuWaitMs), Worker(2, counted / 2, cpuWaitMs)],
            Unclear =
                unclear == 0 ? new Dictionary<TargetId, int>() : new Dictionary<TargetId, int> { [new(0)] = unclear },
        };
        return ProfileBuilder.Build(facts, stage.Aggregator, stage.Stacks, stage.Attributor, exact: true);
    }

    /// <summary>One function computes, sleeps and waits for a CPU on one path.</summary>
    public static ProfileDocument OnePathThreeCauses(string pod) =>
        Of(
            pod,
            stage =>
            {
                StackId hash = stage.Stack(Hash);
                StackId sleep = stage.Stack(Sleep);
                stage.Aggregator.AddPoll(Slow(cpu: 60, start: 1100) with { CpuStack = hash });
                stage.Aggregator.AddPoll(
                    Slow(blocked: 40, start: 1200) with
                    {
                        BlockStack = sleep,
                        Syscall = "clock_nanosleep",
                    }
                );
                stage.Aggregator.AddPoll(
                    Slow(queued: 20, start: 1300) with
                    {
                        QueueStack = hash,
                        PreemptedBy = "burner",
                        PreemptedByPid = 7,
                        WorstQueueNs = 20 * Ms,
                        PreemptedByNs = 20 * Ms,
                    }
                );
            }
        );

    private static WaitFacts Waits(long ns)
    {
        long[] histogram = new long[40];
        histogram[Log2Histogram.Slot(ns)] = 100;
        return new WaitFacts
        {
            Count = 100,
            TotalNs = 100 * ns,
            MaxNs = ns,
            Histogram = histogram,
        };
    }

    private static WorkerFacts Worker(int tid, long polls, long queuedMs) =>
        new()
        {
            Tid = tid,
            Name = "tokio-rt-worker",
            Runtime = 0x1000,
            Polls = polls,
            Idle = polls == 0,
            QueueNs = queuedMs * Ms,
            QueueMaxNs = queuedMs * Ms,
            Histogram = new long[40],
        };
}
