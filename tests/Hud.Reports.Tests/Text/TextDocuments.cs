using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Tests.Documents;

namespace Hud.Reports.Tests.Text;

/// <summary>The documents of which the text report has a golden file: one for each answer that Hud can give.</summary>
internal static class TextDocuments
{
    public static ProfileDocument Get(string name) =>
        name switch
        {
            "checkout" => Local(RealisticDocuments.Checkout()),
            "healthy" => Local(RealisticDocuments.Healthy()),
            "no-tokio" => RealisticDocuments.NoData(),
            "idle" => Idle(),
            "not-timed" => NotTimed(),
            "pressure" => Pressure(),
            "losses" => Losses(),
            "two-targets" => TwoTargets(),
            "waits" => Waits(),
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };

    private static ProfileDocument Local(ProfileDocument d) =>
        d with
        {
            Targets = [.. d.Targets.Select(t => t with { Pod = null, PodUid = null, Container = null, Node = null })],
        };

    /// <summary>Tasks that waited for a worker, and one that has more names than fit.</summary>
    private static ProfileDocument Waits()
    {
        var d = Local(RealisticDocuments.Healthy());
        return d with
        {
            Overhead = d.Overhead with { CostPerWakeNs = 1020 },
            Targets =
            [
                .. d.Targets.Select(t =>
                    t with
                    {
                        Polls = d.Summary.Polls,
                        WakesNotTimed =
                            "those of 1 of 40 task types are not, as the code that they pass has no place where a probe is cheap; 1 of 4 was for some of the time, to keep to the budget (counts are scaled)",
                    }
                ),
            ],
            Tasks =
            [
                .. d.Tasks.Select(
                    (t, i) =>
                        t with
                        {
                            Waits = new TaskWaits
                            {
                                Count = t.Polls,
                                TotalNs = t.Polls * 30_000,
                                P50Ns = 9_000 << i,
                                P99Ns = 62_000_000 >> i,
                                MaxNs = 140_000_000 >> i,
                                Estimated = i == 0,
                                Behind = Behind(i),
                            },
                        }
                ),
            ],
        };
    }

    /// <summary>Mostly one hotspot, a lack of CPU, too little for a line, nothing.</summary>
    private static IReadOnlyList<WaitBehind> Behind(int task) =>
        task switch
        {
            0 =>
            [
                new WaitBehind
                {
                    Cause = HotspotCause.OnCpu,
                    Function = "checkout::auth::hash_password",
                    Percent = 81.3,
                },
                new WaitBehind
                {
                    Cause = HotspotCause.BlockingCall,
                    Function = "checkout::session::load",
                    Percent = 9,
                },
            ],
            1 =>
            [
                new WaitBehind
                {
                    Cause = HotspotCause.RunQueue,
                    Function = "checkout::a_module_with_a_long_name::session::refresh_of_all_tokens",
                    Percent = 40,
                },
            ],
            2 => [new WaitBehind { Function = "checkout::export::write", Percent = 1 }],
            _ => [],
        };

    private static ProfileDocument Idle() =>
        new()
        {
            Verdict = "NO DATA: checkout (pid 4242) polled nothing in 60s",
            Agent = new AgentInfo
            {
                Version = "0.1.0",
                Kernel = "6.18.2",
                Machine = "x86_64",
                ProbeMode = "uprobe.session",
            },
            Summary = new ProfileSummary
            {
                ObservedNs = 60_000_000_000,
                Workers = 8,
                Runtimes = 1,
            },
            Targets =
            [
                new TargetProfile
                {
                    Pid = 4242,
                    Process = "checkout",
                    Reason = "Idle",
                    Workers = 8,
                    Runtimes = 1,
                    TokioVersion = "1.43",
                    State = TargetState.Succeeded,
                },
            ],
            Overhead = new Overhead
            {
                BudgetPercent = 1,
                CostPerPollNs = 1370,
                AgentCpuNs = 90_000_000,
                AgentPeakBytes = 48_000_000,
            },
        };

    private static ProfileDocument NotTimed()
    {
        var d = Idle();
        const string message = "polls were not timed, and no sleep or computation over the threshold was seen in one";
        return d with
        {
            Verdict = "NO DATA: " + message,
            Agent = d.Agent with { ProbeMode = "sched-only" },
            Targets = [d.Targets[0] with { Reason = "NotTimed", Message = message }],
            Overhead = d.Overhead with { Level = 3, CostPerPollNs = 0 },
        };
    }

    private static ProfileDocument Pressure()
    {
        var d = Local(RealisticDocuments.Checkout(4, 200));
        return d with
        {
            Verdict =
                "PRESSURE: workers waited 4.1s (3.42%) for a CPU, mostly for burner; the code itself did not block",
            VerdictLevel = VerdictLevel.Pressure,
            Summary = d.Summary with
            {
                BlockedPercent = 0,
                CpuHogNs = 0,
                BlockedNs = 0,
                RunQueueNs = 4_100_000_000,
                ThrottledNs = 1_800_000_000,
                StallCount = 0,
                TotalStallNs = 0,
                LongestStallNs = 0,
            },
            Targets = [d.Targets[0] with { ThrottledPeriods = 22, ThrottledNs = 1_800_000_000 }],
            Hotspots =
            [
                .. d.Hotspots.Where(h => h.Cause == HotspotCause.RunQueue),
                new Hotspot
                {
                    Rank = 2,
                    Cause = HotspotCause.Throttled,
                    UserFrame = "checkout::login",
                    Location = "src/login.rs:42",
                    Count = 22,
                    TotalNs = 1_800_000_000,
                    P50Ns = 80_000_000,
                    P99Ns = 91_000_000,
                    MaxNs = 91_000_000,
                    Percent = 3.1,
                    Advice = "The CPU limit of the container is too low for its bursts: raise limits.cpu or remove it.",
                },
            ],
        };
    }

    /// <summary>Everything was lost at least once, counts are estimated, and the level changed.</summary>
    private static ProfileDocument Losses()
    {
        var d = Local(RealisticDocuments.Checkout(9, 120));
        return d with
        {
            Summary = d.Summary with { Estimated = true },
            Hotspots = [.. d.Hotspots.Select(h => h with { Estimated = true })],
            Tasks = [.. d.Tasks.Select(t => t with { Estimated = true })],
            Losses = new Losses
            {
                RingBufferDrops = 1_204,
                RateLimited = 56_000,
                ThreadStateFailures = 3,
                PollDepthOverflows = 2,
                StackCopyFailures = 7,
                StackSlotsExhausted = 9,
                DecodeErrors = 1,
                TruncatedStacks = 14,
                UnresolvedFrames = 1_900,
                SampledOutPolls = 18_000_000,
                PollsWithoutStack = 5,
                SlowPollsCut = 400,
                StacksCut = 12,
                HotspotsCut = 3,
                MissedReturns = 4,
                MissedSwitches = 2,
                ProgramMisses = 6,
                SamplesLimited = 8,
                WakersLimited = 11,
                WakesLost = 12,
                WaitsLimited = 17,
                UnknownTypes = 13,
                UnwindStops = new Dictionary<string, long>(StringComparer.Ordinal)
                {
                    ["NoRows"] = 9,
                    ["EndOfCapture"] = 5,
                },
            },
            Overhead = d.Overhead with
            {
                MeasuredPercent = 0.97,
                Level = 1,
                LevelChanges =
                [
                    new LevelChange(0, 0, 1, "start"),
                    new LevelChange(2_000_000_000, 1, 16, "480,000 polls/s cost 2.1%"),
                ],
            },
            Warnings =
            [
                new ProfileWarning(
                    "HUD303",
                    "1,204 events were dropped because the ring buffer was full",
                    "raise the threshold"
                ),
                new ProfileWarning(
                    "HUD305",
                    "lines are missing: the binary has no debug information",
                    "add to Cargo.toml:\n[profile.release]\ndebug = \"line-tables-only\""
                ),
            ],
        };
    }

    private static ProfileDocument TwoTargets()
    {
        var d = RealisticDocuments.Checkout(3, 150);
        return d with
        {
            Targets =
            [
                d.Targets[0],
                new TargetProfile
                {
                    Pid = 977,
                    Process = "envoy",
                    Pod = "checkout-1",
                    Container = "app",
                    State = TargetState.Failed,
                    Reason = "NoTokioRuntime",
                    Message = "no task vtable in /usr/bin/envoy",
                },
            ],
        };
    }
}
