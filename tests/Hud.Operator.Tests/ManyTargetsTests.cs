using System.Text.Json;
using Hud.Analysis;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Kubernetes;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Tests.Scripted;
using k8s.Models;
using static Hud.Tests.Support.Stage;

namespace Hud.Operator.Tests;

/// <summary>Five hundred pods on fifty nodes: more than a status lists.</summary>
public sealed class ManyTargetsTests
{
    private const int Pods = 500;
    private const int Nodes = 50;
    private const int Odd = 321;
    private const string Name = "first";

    private static readonly OperatorOptions Many = Make.Options with { MaxPodsPerSession = Pods };

    private static readonly ProfilingSessionSpec Spec = Make.Spec() with
    {
        Target = new TargetSpec
        {
            PodSelector = new LabelSelector
            {
                MatchLabels = new Dictionary<string, string>(StringComparer.Ordinal) { ["app"] = "checkout" },
            },
            MaxPods = Pods,
        },
    };

    private static string PodName(int i) => $"checkout-7d9c5b6f4-{i:0000}";

    private static V1Pod Pod(int i) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = PodName(i),
                NamespaceProperty = "shop",
                Uid = $"0f0e0d0c-0000-4000-8000-{i:000000000000}",
                CreationTimestamp = Make.Now.UtcDateTime,
            },
            Spec = new V1PodSpec
            {
                NodeName = $"node-{i % Nodes}",
                Containers = [new V1Container { Name = "app", Image = i == Odd ? "r/checkout:v2" : "r/checkout:v1" }],
            },
            Status = new V1PodStatus
            {
                Phase = "Running",
                ContainerStatuses =
                [
                    new V1ContainerStatus
                    {
                        Name = "app",
                        Image = "r/checkout",
                        ImageID = "r/checkout@sha256:" + new string(i == Odd ? 'b' : 'a', 64),
                        ContainerID = $"containerd://{i:x64}",
                        State = new V1ContainerState { Running = new() },
                    },
                ],
            },
        };

    private static string PodList() =>
        $$$"""{"metadata":{"resourceVersion":"1"},"items":[{{{string.Join(',', Enumerable.Range(0, Pods).Select(i => k8s.KubernetesJson.Serialize(Pod(i))))}}}]}""";

    private static ScriptedWorld World(ProfilingSessionStatus? status = null, V1Pod[]? agents = null)
    {
        var world = new ScriptedWorld(Many, [Make.Session(Spec, status, Name)], agents)
        {
            OnTargets = answer => answer.JsonAsync(PodList()),
        };
        for (var i = 0; i < Pods; i++)
            world.Targets[PodName(i)] = Pod(i);
        return world;
    }

    /// <summary>What an agent says of the pods of its task, built as agents build it; one pod computes far longer than its siblings.</summary>
    private static byte[] LogOf(V1Pod agent)
    {
        var task = JsonSerializer.Deserialize(
            agent.Spec.Containers.Single().Env!.Single().Value!,
            Core.HudJson.Default.AgentTask
        )!;
        var profile = ProfileMerge.Merge([
            .. task.Targets.Select(t =>
            {
                var built = BuiltDocuments.Of(
                    t.Pod!,
                    stage =>
                        stage.Aggregator.AddPoll(
                            Slow(cpu: t.Pod == PodName(Odd) ? 280 : 6, start: 1100) with
                            {
                                CpuStack = stage.Stack(BuiltDocuments.Hash),
                            }
                        )
                );
                return built with
                {
                    Targets =
                    [
                        .. built.Targets.Select(p =>
                            p with
                            {
                                PodUid = t.PodUid,
                                Image = t.Image,
                                ImageDigest = t.ImageDigest,
                                Node = task.Node,
                            }
                        ),
                    ],
                };
            }),
        ]);
        var output = new MemoryStream();
        var writer = new AgentStreamWriter(output);
        writer.Write(new HelloMessage());
        writer.Write(new ProgressMessage { Summary = profile.Summary, Verdict = profile.Verdict });
        writer.WriteProfile(profile);
        writer.Write(new EndMessage { Reason = "Completed" });
        return output.ToArray();
    }

    private static V1Pod[] Ended(IEnumerable<V1Pod> agents) =>
        [
            .. agents.Select(agent =>
            {
                agent.Metadata.Uid = agent.Metadata.Name + "-uid";
                agent.Status = Make.Ended().Status;
                return agent;
            }),
        ];

    private static async Task<ProfilingSessionStatus> EndAsync(ScriptedWorld world)
    {
        await Objects.UntilAsync(
            () =>
            {
                world.ReconcileAsync(Name).Wait();
                return world.Status(Name).CompletionTime is not null;
            },
            "the end"
        );
        return world.Status(Name);
    }

    private static void AssertFits(ScriptedWorld world) =>
        Assert.All(
            world.Statuses,
            s =>
            {
                Assert.InRange(s.GetRawText().Length, 1, StatusSizeLimiter.MaxBytes);
                Assert.InRange(s.GetProperty("targets").GetArrayLength(), 1, SessionBounds.MaxTargetsShown);
            }
        );

    [Fact]
    public async Task All_are_profiled_and_the_status_lists_those_that_matter_whoever_leads()
    {
        await using var first = World();
        await first.Ready;
        await first.ReconcileAsync(Name);

        var begun = first.Status(Name);
        Assert.Equal((Pods, Pods), (begun.TargetCounts.Matched, begun.TargetCounts.Selected));
        Assert.Equal(Nodes, first.Created.Count);
        AssertFits(first);
        var pinned = first.Maps[Name + "-pinned"];
        Assert.Equal(Pods, PinnedTargets.Read(pinned)!.Count);

        // another operator goes on, which knows no more than what the API server has
        await using var second = World(begun, Ended(first.Created));
        second.Maps[pinned.Metadata.Name] = pinned;
        foreach (var agent in second.Agents)
            second.AgentLogs[agent.Metadata.Name] = LogOf(agent);
        await second.Ready;
        second.Controller.AdmitRunning();
        var done = await EndAsync(second);

        Assert.Equal(
            (Pods, Pods, 0),
            (done.TargetCounts.Selected, done.TargetCounts.Succeeded, done.TargetCounts.Failed)
        );
        Assert.Equal($"{Pods}/{Pods}", done.TargetsReady);
        Assert.Empty(second.Created);
        AssertFits(second);
        Assert.Equal((PodName(Odd), 14.0), (done.Targets[0].Pod, done.Targets[0].BlockedPercent));
        var odd = Assert.Single(done.Outliers);
        Assert.Equal(PodName(Odd), odd.Pod);
        Assert.Equal("14% lost, its siblings 0.3%: shop::auth::hash; it runs v2, the others v1", odd.Text);
        Assert.Equal(
            [("v2", 1, 14.0), ("v1", Pods - 1, 0.3)],
            done.Images.Select(i => (i.Version, i.Targets, i.BlockedPercent))
        );

        var reference = Assert.Single(done.Results, r => r.Format == OutputFormat.Targets);
        var rows = JsonDocument.Parse(second.Maps[reference.ConfigMap].Data![reference.Key]).RootElement;
        Assert.Equal(Pods, rows.GetProperty("targets").GetArrayLength());
        Assert.Equal(odd.Text, rows.GetProperty("targets")[0].GetProperty("outlier").GetString());
        Assert.False(second.Maps.ContainsKey(pinned.Metadata.Name));
    }

    [Fact]
    public async Task Without_room_for_the_pins_those_that_the_status_lists_are_profiled()
    {
        await using var world = new ScriptedWorld(Many, [Make.Session(Spec, name: Name)])
        {
            OnTargets = answer => answer.JsonAsync(PodList()),
            OnResult = answer => answer.ErrorAsync(403, "Forbidden", "exceeded quota: maps"),
        };
        for (var i = 0; i < Pods; i++)
            world.Targets[PodName(i)] = Pod(i);
        await world.Ready;
        await world.ReconcileAsync(Name);

        var status = world.Status(Name);
        Assert.Equal(
            (Pods, SessionBounds.MaxTargetsShown, SessionBounds.MaxTargetsShown),
            (status.TargetCounts.Matched, status.TargetCounts.Selected, status.Targets.Count)
        );
        Assert.Contains(
            "exceeded quota: maps",
            status.Condition(ConditionTypes.TargetsResolved).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(SessionBounds.MaxTargetsShown, world.Created.Count);
    }

    [Fact]
    public async Task Pins_that_somebody_deleted_leave_those_of_the_status()
    {
        await using var first = World();
        await first.Ready;
        await first.ReconcileAsync(Name);
        await using var second = World(first.Status(Name), Ended(first.Created));
        foreach (var agent in second.Agents)
            second.AgentLogs[agent.Metadata.Name] = LogOf(agent);
        await second.Ready;
        var done = await EndAsync(second);
        Assert.Equal(SessionBounds.MaxTargetsShown, done.TargetCounts.Succeeded);
    }

    /// <summary>Whoever may write ConfigMaps in the namespace can pin what they like: it is compared with the pods like a forged status.</summary>
    [Fact]
    public async Task Forged_pins_get_no_agent()
    {
        await using var first = World();
        await first.Ready;
        await first.ReconcileAsync(Name);
        var session = Make.Session(Spec, first.Status(Name), Name);
        await using var second = World(first.Status(Name));
        var forged = PinnedTargets
            .Read(first.Maps[Name + "-pinned"])!
            .Select(t => t with { Node = "control-plane", ContainerId = "containerd://other" })
            .ToList();
        second.Maps[Name + "-pinned"] = PinnedTargets.Build(session, forged);
        await second.Ready;
        await second.ReconcileAsync(Name);

        Assert.NotEmpty(second.Created);
        Assert.DoesNotContain(second.Created, p => p.Metadata.Annotations[Names.NodeAnnotation] == "control-plane");
        var status = second.Status(Name);
        Assert.Equal(Pods - SessionBounds.MaxTargetsShown, status.TargetCounts.Failed);
        Assert.All(status.Targets, t => Assert.Equal("TargetGone", t.Reason));
        AssertFits(second);
    }

    [Fact]
    public void A_failed_target_is_listed_before_an_odd_one_and_that_before_the_worst()
    {
        List<TargetStatus> all =
        [
            .. Enumerable
                .Range(0, 30)
                .Select(i => Make.Target(i, state: TargetState.Succeeded) with { BlockedPercent = i }),
        ];
        all[3] = all[3] with { State = TargetState.Failed };
        var shown = ShownTargets.Of(all, new HashSet<string>(StringComparer.Ordinal) { "pod-5" });
        Assert.Equal(["pod-3", "pod-5", "pod-29", "pod-28"], shown.Take(4).Select(t => t.PodUid));
        Assert.Equal(SessionBounds.MaxTargetsShown, shown.Count);
        Assert.Same(shown, ShownTargets.Of(shown));
    }

    [Fact]
    public void A_list_that_shows_others_because_of_numbers_is_no_transition()
    {
        var a = Make.Status(Make.Target(0), Make.Target(1));
        Assert.False(StatusCompare.IsTransition(a, a with { Targets = [Make.Target(1), Make.Target(2)] }));
        Assert.True(StatusCompare.IsTransition(a, a with { Targets = [Make.Target(1, state: TargetState.Failed)] }));
        Assert.True(StatusCompare.IsTransition(a, a with { TargetCounts = a.TargetCounts with { Failed = 1 } }));
    }

    [Fact]
    public void Of_one_node_no_more_are_chosen_than_an_agent_watches()
    {
        var pods = Enumerable.Range(0, 80).Select(i => Pod(i * Nodes)).Append(Pod(1)).ToList();
        var selection = Targets.TargetSelection.Choose(Spec.Target, pods, Pods);
        Assert.Equal([SessionBounds.MaxPodsOfNode, 1], selection.Targets.CountBy(t => t.Node).Select(c => c.Value));
        Assert.EndsWith("; an agent watches 63 of its node at most", selection.Message, StringComparison.Ordinal);
    }
}
