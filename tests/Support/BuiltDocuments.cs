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
    public static ProfileDocument Of(string pod, Action<Stage> polls, long counted = 100, int unclear = 0)
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
                },
            ],
            Workers = [Worker(1, counted / 2), Worker(2, counted / 2)],
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

    private static WorkerFacts Worker(int tid, long polls) =>
        new()
        {
            Tid = tid,
            Name = "tokio-rt-worker",
            Runtime = 0x1000,
            Polls = polls,
            Idle = polls == 0,
            Histogram = new long[40],
        };
}
