using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Tests.Support;
using static Hud.Tests.Support.Stage;

namespace Hud.Analysis.Tests;

/// <summary>The part of a document of several targets that is about some of them, beside the document of those alone.</summary>
public sealed class ProfilePartTests
{
    private const string Sleep = "clock_nanosleep < std::thread::sleep < shop::wait";
    private const string Mine = "sha2::compress < shop::hash";
    private const string Theirs = "regex::exec < vault::open_secret";
    private static readonly string[] Pods = ["mine", "theirs", "idle"];

    /// <summary>One second of these processes with two workers each.</summary>
    private static ProfileDocument Of(int maxPolls, params int[] targets)
    {
        var stage = new Stage(maxPolls);
        var rows = targets.Select((target, row) => (Pod: Pods[target], Row: row)).ToList();
        foreach (var (pod, row) in rows)
        {
            void Add(PollRecord poll, int worker) =>
                stage.Aggregator.AddPoll(
                    poll with
                    {
                        Target = new TargetId(row),
                        Type = new TaskTypeId(row),
                        Tid = (10 * row) + worker,
                    }
                );
            if (pod == "idle")
                continue;
            var sleep = stage.Stack(Sleep, target: row);
            for (int i = 0; i < (pod == "mine" ? 2 : 5); i++)
                Add(
                    Slow(blocked: 40, start: 1100 + (i * 100)) with
                    {
                        BlockStack = sleep,
                        Syscall = "clock_nanosleep",
                    },
                    1
                );
            Add(
                Slow(cpu: pod == "mine" ? 60 : 90, start: 1700) with
                {
                    CpuStack = stage.Stack(pod == "mine" ? Mine : Theirs, target: row),
                },
                2
            );
        }

        var facts = new ProfileInputs
        {
            Session = new ProfilingSessionSpec { Threshold = new GoDuration(Threshold) },
            StartedAt = new DateTimeOffset(2026, 11, 21, 4, 0, 0, TimeSpan.Zero),
            StartNs = 1_000 * Ms,
            EndNs = 2_000 * Ms,
            Targets =
            [
                .. rows.Select(r => new TargetProfile
                {
                    Pid = 40 + r.Row,
                    Process = "shop",
                    Pod = r.Pod,
                    PodUid = "uid-" + r.Pod,
                    State = TargetState.Succeeded,
                    CpuNs = 500 * Ms,
                }),
            ],
            Types =
            [
                .. rows.Select(r => new TaskTypeFacts
                {
                    Target = new TargetId(r.Row),
                    Name = $"{r.Pod}::login",
                    Polls = 100,
                    Slow = stage.Aggregator.Polls.Count(p => p.Target.Index == r.Row),
                    Histogram = new long[Log2Histogram.Slots],
                }),
            ],
            Workers = [.. rows.SelectMany(r => (WorkerFacts[])[Worker(r.Row, 1), Worker(r.Row, 2)])],
            Warnings =
            [
                .. rows.Select(r => new ProfileWarning("HUD000", $"pod {r.Pod} is not what it seems", "look")),
                new ProfileWarning("HUD001", "of the agent", "look"),
            ],
        };
        return ProfileBuilder.Build(facts, stage.Aggregator, stage.Stacks, stage.Attributor, exact: true) with
        {
            LookBack = new LookBack { WantedNs = 1_000 * Ms },
        };
    }

    private static WorkerFacts Worker(int row, int worker) =>
        new()
        {
            Target = new TargetId(row),
            Tid = (10 * row) + worker,
            Name = "tokio-rt-worker",
            Runtime = 0x1000,
            Polls = 50,
            Histogram = new long[Log2Histogram.Slots],
        };

    private static ProfileDocument Part(ProfileDocument document, params string[] pods) =>
        ProfilePart.OfTargets(document, t => pods.Contains(t.Pod, StringComparer.Ordinal));

    private static (HotspotCause, string, long, long, double) Shown(Hotspot h) =>
        (h.Cause, h.UserFrame, h.Count, h.TotalNs, Math.Round(h.Percent, 2));

    /// <summary>Wherever in the document the target is.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(2, 1, 0)]
    public void It_says_what_a_document_of_that_target_alone_says(params int[] targets)
    {
        var alone = Of(20_000, 0);
        var part = Part(Of(20_000, targets), "mine");

        Assert.Equal(["mine"], part.Targets.Select(t => t.Pod));
        Assert.Equal(alone.Hotspots.Select(Shown), part.Hotspots.Select(Shown));
        Assert.Equal([1, 2], part.Hotspots.Select(h => h.Rank));
        Assert.All(part.Hotspots, h => Assert.Equal((0, false), (h.Target, h.Estimated)));
        Assert.Equal(alone.Verdict, part.Verdict);
        Assert.Equal(alone.VerdictLevel, part.VerdictLevel);
        Assert.Equal(alone.Summary with { BlockedPercent = 0 }, part.Summary with { BlockedPercent = 0 });
        Assert.Equal(alone.Summary.BlockedPercent, part.Summary.BlockedPercent, 1);
        Assert.Equal(
            alone.SlowPolls.Select(p => (p.StartNs, p.WallNs, p.Worker, p.Task, p.Target)),
            part.SlowPolls.Select(p => (p.StartNs, p.WallNs, p.Worker, p.Task, p.Target))
        );
        Assert.Equal(["mine::login"], part.Tasks.Select(t => t.Name));
        Assert.Equal([0, 0], part.Workers.Select(w => w.Target));
        Assert.NotNull(part.LookBack);
    }

    /// <summary>Whoever may read the session's result may not be told of pods that it did not ask for.</summary>
    [Fact]
    public void Nothing_of_the_other_targets_is_left_in_it()
    {
        var part = Part(Of(20_000, 1, 0, 2), "mine");
        string text = System.Text.Json.JsonSerializer.Serialize(part, Core.HudJson.Default.ProfileDocument);
        foreach (string other in (string[])["theirs", "vault", "open_secret", "regex", "idle"])
            Assert.DoesNotContain(other, text, StringComparison.Ordinal);
        Assert.Equal(["HUD000", "HUD001"], part.Warnings.Select(w => w.Id));
    }

    /// <summary>All indexes of the part lead to what they led to before.</summary>
    [Fact]
    public void The_timeline_leads_to_the_same_hotspots_workers_tasks_and_stacks()
    {
        var whole = Of(20_000, 1, 0);
        var part = Part(whole, "mine");
        Assert.Equal(3, part.SlowPolls.Count);
        foreach (var poll in part.SlowPolls)
        {
            var before = whole.SlowPolls.Single(p =>
                p.StartNs == poll.StartNs && p.WallNs == poll.WallNs && whole.Targets[p.Target].Pod == "mine"
            );
            Assert.Equal(whole.Hotspots[before.Hotspot].Fingerprint, part.Hotspots[poll.Hotspot].Fingerprint);
            Assert.Equal(whole.Workers[before.Worker].Tid, part.Workers[poll.Worker].Tid);
            Assert.Equal(whole.Tasks[before.Task].Name, part.Tasks[poll.Task].Name);
            Assert.Equal(
                whole.StackTable[before.Stack].Frames.Select(f => f.Function),
                part.StackTable[poll.Stack].Frames.Select(f => f.Function)
            );
        }

        Assert.All(
            part.Hotspots,
            h =>
                Assert.Contains(
                    part.StackTable[h.StackIndex].Frames,
                    f => f.Function.Contains(h.UserFrame, StringComparison.Ordinal)
                )
        );
    }

    /// <summary>What is in the sums alone is taken from what the target says of itself, and marked.</summary>
    [Fact]
    public void A_hotspot_of_several_whose_polls_are_not_in_the_timeline_is_the_targets_own_sum()
    {
        var whole = Of(maxPolls: 0, 0, 1);
        Assert.Empty(whole.SlowPolls);
        var part = Part(whole, "mine");
        var sleep = part.Hotspots.Single(h => h.UserFrame == "shop::wait");
        Assert.Equal((2, 80 * Ms, true), (sleep.Count, sleep.TotalNs, sleep.Estimated));
        Assert.Equal(60 * Ms, part.Hotspots.Single(h => h.UserFrame == "shop::hash").TotalNs);
    }

    [Fact]
    public void All_of_it_is_the_document_and_none_of_it_says_that_there_is_no_data()
    {
        var whole = Of(20_000, 0, 1);
        Assert.Same(whole, Part(whole, "mine", "theirs"));
        var none = Part(whole, "unknown");
        Assert.Equal(VerdictLevel.NoData, none.VerdictLevel);
        Assert.Empty(none.Targets);
        Assert.Empty(none.Hotspots);
        Assert.Empty(none.StackTable);
        Assert.Equal(0, none.Summary.Polls);
    }

    [Fact]
    public void One_that_did_nothing_is_healthy_whatever_the_others_did()
    {
        var part = Part(Of(20_000, 0, 1, 2), "idle");
        Assert.Equal(VerdictLevel.Healthy, part.VerdictLevel);
        Assert.Equal((100, 0, 0.0), (part.Summary.Polls, part.Summary.SlowPolls, part.Summary.BlockedPercent));
    }
}
