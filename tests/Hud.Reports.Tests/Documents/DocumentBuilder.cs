using Hud.Analysis;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Reports.Tests.Documents;

internal sealed record DocumentShape
{
    public int Seed { get; init; } = 1;
    public int SlowPolls { get; init; } = 900;

    /// <summary>Distinct stacks; at least one a blocker.</summary>
    public int Stacks { get; init; } = 40;

    public int Workers { get; init; } = 8;
    public double Seconds { get; init; } = 60;
    public double MeanScale { get; init; } = 1;

    /// <summary>How far slow polls lie apart: 1 leaves the end of the run quiet, 2 fills it. Golden files hang on the default.</summary>
    public double Spread { get; init; } = 1;

    /// <summary>Once, after a third of the run, every worker starts a slow poll at the same time.</summary>
    public bool AllStuck { get; init; }

    public string Pod { get; init; } = "checkout-0";
    public IReadOnlyList<Blocker> Blockers { get; init; } = Documents.Blockers.Checkout;
}

internal static class DocumentBuilder
{
    public static ProfileDocument Build(DocumentShape shape)
    {
        var random = new Random(shape.Seed);
        long observed = (long)(shape.Seconds * 1e9);
        var stacks = new List<StackEntry>();
        var stackOwner = new List<int>();
        for (int i = 0; i < Math.Max(shape.Stacks, shape.Blockers.Count); i++)
        {
            int owner = i < shape.Blockers.Count ? i : PickWeighted(random, shape.Blockers);
            stacks.Add(Stack(shape.Blockers[owner], i < shape.Blockers.Count ? 0 : i));
            stackOwner.Add(owner);
        }

        var stacksOf = shape
            .Blockers.Select((_, b) => Enumerable.Range(0, stacks.Count).Where(i => stackOwner[i] == b).ToArray())
            .ToArray();
        var tasks = shape
            .Blockers.Select(b => b.Task)
            .Distinct(StringComparer.Ordinal)
            .Append("checkout::metrics::flush::{{closure}}")
            .ToList();
        var polls = SlowPollMaker.Make(shape, random, observed, stacksOf, tasks);
        var stalls = StallMaker.Find(polls, shape.Workers);
        var (hotspots, rankOf) = HotspotMaker.Make(shape, polls, stacks, observed);
        polls = [.. polls.Select(p => p with { Hotspot = rankOf[stackOwner[p.Stack]] })];
        long normalPolls = (long)(shape.Seconds * shape.Workers * 8_000);
        long lost = polls.Sum(p => p.OnCpuNs + p.BlockedNs);
        double blockedPercent = Math.Round(lost * 100.0 / ((double)shape.Workers * observed), 2);
        long worst = polls.Count > 0 ? polls.Max(p => p.WallNs) : 0;

        var document = new ProfileDocument
        {
            Session = Session(shape.Pod),
            Agent = new AgentInfo
            {
                Version = "0.1.0",
                Kernel = "6.18.2",
                Machine = "x86_64",
                ProbeMode = "uprobe.session",
            },
            Summary = new ProfileSummary
            {
                StartedAt = RealisticDocuments.Start,
                ObservedNs = observed,
                Polls = normalPolls + polls.Count,
                SlowPolls = polls.Count,
                BlockedPercent = blockedPercent,
                WorstPollNs = worst,
                LongestPollNs = Math.Max(worst, 1_200_000),
                Workers = shape.Workers,
                Runtimes = 1,
                StallCount = stalls.Count,
                LongestStallNs = stalls.Count > 0 ? stalls.Max(s => s.DurationNs) : 0,
                TotalStallNs = stalls.Sum(s => s.DurationNs),
                CpuHogNs = polls.Where(p => p.Cause == HotspotCause.OnCpu).Sum(p => p.OnCpuNs),
                BlockedNs = polls
                    .Where(p => p.Cause is HotspotCause.BlockingCall or HotspotCause.LockWait)
                    .Sum(p => p.BlockedNs),
                RunQueueNs = polls.Sum(p => p.RunQueueNs),
                ThrottledNs = 90_000_000,
                SymbolizedPercent = 98,
            },
            Targets =
            [
                new TargetProfile
                {
                    Pid = 4242,
                    Process = "checkout",
                    Executable = "/usr/bin/checkout",
                    BuildId = "9f86d081884c7d659a2feaa0c55ad015",
                    Pod = shape.Pod,
                    PodUid = $"6a1f0c3e-0000-4000-8000-{shape.Seed:000000000000}",
                    Container = "app",
                    Node = "node-1",
                    State = TargetState.Succeeded,
                    Runtimes = 1,
                    Workers = shape.Workers,
                    TokioVersion = "1.43",
                    TaskTypes = tasks.Count,
                    Polls = normalPolls + polls.Count,
                    SlowPolls = polls.Count,
                    LongestPollNs = worst,
                    BlockedPercent = blockedPercent,
                    SymbolizedPercent = 98,
                    OverheadPercent = 0.4,
                    CpuNs = (long)(observed * shape.Workers * 0.61),
                    ThrottledNs = 90_000_000,
                    ThrottledPeriods = 4,
                },
            ],
            Hotspots = hotspots,
            Tasks = TaskMaker.Make(tasks, polls, normalPolls, shape, observed),
            Workers = WorkerMaker.Make(shape, polls, normalPolls, random),
            Stalls = stalls,
            StackTable = stacks,
            SlowPolls = polls,
            Losses = new Losses
            {
                TruncatedStacks = 3,
                UnresolvedFrames = 12,
                PollsWithoutStack = 1,
                UnwindStops = new Dictionary<string, long>(StringComparer.Ordinal) { ["NoRows"] = 3 },
            },
            Overhead = new Overhead
            {
                BudgetPercent = 1,
                MeasuredPercent = 0.43,
                ProbeHits = normalPolls * 2,
                CostPerPollNs = 1370,
                AgentCpuNs = 412_000_000,
                AgentPeakBytes = 71_000_000,
                LevelChanges = [new LevelChange(0, 0, 1, "start")],
            },
            Warnings =
            [
                new ProfileWarning(
                    "HUD305",
                    "2% of frames have no name",
                    "keep the symbol table: strip = \"debuginfo\""
                ),
            ],
        };
        var (level, verdict) = Verdict.Of(document);
        return document with { VerdictLevel = level, Verdict = verdict };
    }

    public static ProfilingSessionSpec Session(string pod) =>
        new()
        {
            Target = new TargetSpec
            {
                PodSelector = new LabelSelector
                {
                    MatchLabels = new Dictionary<string, string>(StringComparer.Ordinal)
                    {
                        ["app"] = pod.Split('-')[0],
                    },
                },
                ContainerName = "app",
            },
            Output = new OutputSpec { Formats = [OutputFormat.Report, OutputFormat.Page, OutputFormat.Pprof] },
            Expect = new ExpectSpec { MaxPoll = GoDuration.FromMilliseconds(50), MaxBlockedPercent = 1 },
        };

    /// <summary>Variants differ in the lines and helpers between the blamed frame and the handler, as real call paths do.</summary>
    private static StackEntry Stack(Blocker blocker, int variant)
    {
        var frames = new List<ProfileFrame>(blocker.Leaf);
        if (variant > 0)
        {
            frames.Insert(
                0,
                Blockers.Frame(
                    $"{(blocker.Cause == HotspotCause.OnCpu ? "core::ops::function" : "std::sys::pal")}::step_{variant % 61}",
                    $"library/core/src/ops/function.rs:{200 + variant % 97}",
                    FrameKind.Std
                )
            );
            frames.Insert(
                0,
                Blockers.Frame(
                    $"alloc::vec::Vec<T,A>::variant_{variant}",
                    "library/alloc/src/vec/mod.rs:2104",
                    FrameKind.Std,
                    inlined: variant % 3 == 0
                )
            );
        }

        frames.Add(blocker.Path[0]);
        for (int depth = 0; depth < variant % 9; depth++)
            frames.Add(
                Blockers.Frame(
                    $"checkout::layers::layer{depth}::call_{variant / 9 % 23}",
                    $"src/layers/layer{depth}.rs:{30 + variant % 40}",
                    FrameKind.User
                )
            );
        frames.AddRange(blocker.Path[1..]);
        frames.AddRange(Blockers.Root);
        return new StackEntry
        {
            Frames = frames,
            Quality = "EhFrame",
            Stop = variant % 50 == 49 ? "NoRows" : "ReachedPoll",
        };
    }

    public static int PickWeighted(Random random, IReadOnlyList<Blocker> blockers)
    {
        double at = random.NextDouble() * blockers.Sum(b => b.Weight);
        for (int i = 0; i < blockers.Count; i++)
        {
            at -= blockers[i].Weight;
            if (at <= 0)
                return i;
        }

        return blockers.Count - 1;
    }
}
