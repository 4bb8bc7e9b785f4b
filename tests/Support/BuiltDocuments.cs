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
    public static ProfileDocument Of(string pod, Action<Stage> polls)
    {
        ArgumentNullException.ThrowIfNull(polls);
        var stage = new Stage();
        polls(stage);
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
                    Polls = 100,
                    Slow = stage.Ledger.SlowPolls,
                    MaxNs = stage.Ledger.WorstNs,
                    Histogram = new long[40],
                },
            ],
            Workers = [Worker(1), Worker(2)],
        };
        return ProfileBuilder.Build(facts, stage.Ledger, stage.Stacks, stage.Judge, exact: true);
    }

    /// <summary>One function computes, sleeps and waits for a CPU on one path.</summary>
    public static ProfileDocument OnePathThreeCauses(string pod) =>
        Of(
            pod,
            stage =>
            {
                int hash = stage.Stack(Hash);
                int sleep = stage.Stack(Sleep);
                stage.Ledger.AddPoll(Slow(cpu: 60, start: 1100) with { CpuStack = hash });
                stage.Ledger.AddPoll(
                    Slow(blocked: 40, start: 1200) with
                    {
                        BlockStack = sleep,
                        Syscall = "clock_nanosleep",
                    }
                );
                stage.Ledger.AddPoll(
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

    private static WorkerFacts Worker(int tid) =>
        new()
        {
            Tid = tid,
            Name = "tokio-rt-worker",
            Runtime = 0x1000,
            Polls = 50,
            Histogram = new long[40],
        };
}
