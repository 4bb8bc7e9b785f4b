using System.Text.Json;
using Hud.Core.Api;
using Hud.Operator.Reconcile;
using Hud.Operator.Streams;
using k8s.Models;

namespace Hud.Operator.Tests;

public sealed class StatusSizeLimiterTests
{
    [Fact]
    public void The_largest_status_that_can_be_is_below_its_bound()
    {
        var text = new string('\u00e4', 2000);
        var pods = Enumerable
            .Range(0, 100)
            .Select(i => new V1Pod
            {
                Metadata = new() { Name = new string('p', 250) + i, Uid = Guid.NewGuid().ToString() },
                Spec = new()
                {
                    NodeName = new string('n', 253),
                    Containers = [new() { Name = new string('c', 63), Image = new string('i', 300) }],
                },
                Status = new()
                {
                    Phase = "Running",
                    ContainerStatuses =
                    [
                        new()
                        {
                            Name = new string('c', 63),
                            ContainerID = "containerd://" + new string('0', 64),
                            ImageID = "sha256:" + new string('0', 64),
                            State = new() { Running = new() },
                        },
                    ],
                },
            })
            .ToList();
        var selection = Hud.Operator.Targets.TargetSelection.Choose(new TargetSpec { MaxPods = 100 }, pods, 100);
        var shown = ShownTargets.Of(selection.Targets);
        Assert.InRange(shown.Count, 10, SessionBounds.MaxTargetsShown);
        var status = new ProfilingSessionStatus
        {
            Verdict = StatusSizeLimiter.Cut(text, 1024),
            StartTime = Make.Now,
            CompletionTime = Make.Now,
            TargetsReady = "50/50",
            Summary = StatusProjection.Summary(
                new Hud.Core.Profile.ProfileSummary(),
                [Make.WaitingTask(text, 9, 99_000_000, 81)]
            ),
            Targets =
            [
                .. shown.Select(t =>
                    t with
                    {
                        Message = StatusSizeLimiter.Cut(text, 512),
                        Reason = StatusSizeLimiter.Cut(text, 128),
                        TokioVersion = StatusSizeLimiter.Cut(text, 64),
                        BlockedPercent = 99.99,
                        LongestPoll = "999ms",
                        WaitP99 = "999ms",
                        Polls = long.MaxValue,
                        SlowPolls = long.MaxValue,
                        LostEvents = long.MaxValue,
                        OverheadPercent = 99.99,
                        ThrottledMillis = 999999999,
                        Pid = int.MaxValue,
                        State = TargetState.Succeeded,
                    }
                ),
            ],
            Outliers = StatusProjection.Outliers([
                .. Enumerable
                    .Range(0, 5)
                    .Select(i => new Hud.Analysis.Outlier(i, text, Hud.Analysis.OutlierMeasure.Lost, 1, 1, text)),
            ]),
            Images = StatusProjection.Images([
                .. Enumerable.Range(0, 9).Select(_ => new Hud.Analysis.ImageGroup(text, 9, 99.99, long.MaxValue)),
            ]),
            Hotspots = StatusProjection.Hotspots(
                [
                    .. Enumerable
                        .Range(0, 60)
                        .Select(_ => new Hud.Core.Profile.Hotspot
                        {
                            Function = text,
                            Advice = text,
                            Stack = [.. Enumerable.Repeat(text, 64)],
                        }),
                ],
                50
            ),
            Conditions =
            [
                .. Enumerable
                    .Range(0, 10)
                    .Select(i => new Condition
                    {
                        Type = "TypeOfCondition" + i,
                        Reason = "AllTargetsProfiled",
                        Message = StatusSizeLimiter.Cut(text, 2048),
                    }),
            ],
            Results =
            [
                .. Enum.GetValues<OutputFormat>()
                    .Select(f => new ResultReference
                    {
                        Format = f,
                        ConfigMap = new string('m', 253),
                        Key = "flamegraph.svg",
                        Bytes = 655360,
                        Sha256 = new string('a', 64),
                    }),
            ],
        };
        Assert.True(StatusSizeLimiter.Size(status) > StatusSizeLimiter.MaxBytes);
        Assert.InRange(StatusSizeLimiter.Size(StatusSizeLimiter.Fit(status)), 1, StatusSizeLimiter.MaxBytes - 1);
    }

    [Fact]
    public void Twenty_hotspots_with_stacks_fit_as_they_are_cut()
    {
        var status = Make.Status(Make.Target(0)) with
        {
            Hotspots = StatusProjection.Hotspots(Make.Profile().Hotspots, 20),
        };
        var fitted = StatusSizeLimiter.Fit(status);
        Assert.InRange(StatusSizeLimiter.Size(fitted), 1, StatusSizeLimiter.MaxBytes);
        Assert.Equal(20, fitted.Hotspots.Count);
        Assert.NotEmpty(fitted.Hotspots[0].Stack);
    }

    [Theory]
    [InlineData("abc", 3, "abc")]
    [InlineData("abcd", 3, "ab\u2026")]
    public void Texts_are_cut_with_a_sign(string text, int max, string expected) =>
        Assert.Equal(expected, StatusSizeLimiter.Cut(text, max));

    [Fact]
    public void Whatever_an_agent_says_its_numbers_are_within_the_schemas_bounds()
    {
        var problems = new List<string>();
        foreach (var (n, percent) in new[] { (long.MaxValue, 1e300), (-1L, -5.0), (0, double.NaN), (7, 100.004) })
        {
            var small = (int)Math.Clamp(n, int.MinValue, int.MaxValue);
            var said = new Hud.Core.Profile.TargetProfile
            {
                PodUid = "pod-0",
                State = TargetState.Succeeded,
                Pid = small,
                Runtimes = small,
                Workers = small,
                Polls = n,
                SlowPolls = n,
                LostEvents = n,
                SymbolizedPercent = small,
                OverheadPercent = percent,
                ThrottledNs = n,
                BlockedPercent = percent,
                LongestPollNs = n,
                WaitP99Ns = n,
            };
            var stream = StreamSnapshot.Empty with { Profile = new PackedProfile([], [said]) };
            var status = Make.Status(
                TargetProgress.Update(
                    Make.Target(0),
                    0,
                    Make.Agent(stream: stream),
                    new AgentView(AgentPhase.Ended, "", "")
                )
            ) with
            {
                Summary = StatusProjection.Summary(
                    new()
                    {
                        Polls = n,
                        SlowPolls = n,
                        BlockedPercent = percent,
                        StallCount = small,
                        WorstPollNs = n,
                        LongestStallNs = n,
                        CpuHogNs = n,
                        BlockedNs = n,
                        RunQueueNs = n,
                        ThrottledNs = n,
                    },
                    [Make.WaitingTask(new string('\u00e4', 2000), Math.Max(1, n), n, percent)]
                ),
                Outliers = StatusProjection.Outliers([
                    new(
                        0,
                        new string('\u00e4', 2000),
                        Hud.Analysis.OutlierMeasure.Lost,
                        n,
                        n,
                        new string('\u00e4', 2000)
                    ),
                ]),
                Images = StatusProjection.Images([new(new string('\u00e4', 2000), small, percent, n)]),
                Hotspots = StatusProjection.Hotspots(
                    [
                        new()
                        {
                            Count = n,
                            Percent = percent,
                            TotalNs = n,
                            P50Ns = n,
                            P99Ns = n,
                            MaxNs = n,
                        },
                    ],
                    5
                ),
            };
            Check("status", Crd.Schema("status"), Hud.Operator.Entities.StatusJson.Write(status), problems);
        }
        Assert.Empty(problems);
    }

    private static void Check(
        string path,
        YamlDotNet.RepresentationModel.YamlNode schema,
        JsonElement value,
        List<string> problems
    )
    {
        double Bound(string keyword, double otherwise) =>
            Crd.Text(schema, keyword) is { } text
                ? double.Parse(text, System.Globalization.CultureInfo.InvariantCulture)
                : otherwise;
        if (
            value.ValueKind == JsonValueKind.Number
            && (
                value.GetDouble() < Bound("minimum", double.MinValue)
                || value.GetDouble() > Bound("maximum", double.MaxValue)
            )
        )
            problems.Add($"{path}: {value}");
        if (value.ValueKind == JsonValueKind.String && value.GetString()!.Length > Bound("maxLength", int.MaxValue))
            problems.Add($"{path}: {value}");
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
                Check(path + "[]", Crd.At(schema, "items")!, item, problems);
        }
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var field in value.EnumerateObject())
                Check($"{path}.{field.Name}", Crd.At(schema, "properties", field.Name)!, field.Value, problems);
        }
    }
}
