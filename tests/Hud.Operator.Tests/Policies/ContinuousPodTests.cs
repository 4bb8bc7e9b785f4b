using System.Text;
using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Stream;
using Hud.Kubernetes;
using Hud.Operator.Resources;
using k8s.Models;
using static Hud.Operator.Tests.Policies.MakePolicy;

namespace Hud.Operator.Tests.Policies;

public sealed class ContinuousPodTests
{
    private static readonly ProfilingPolicySpec Watching = new()
    {
        Session = Make.Spec(),
        Continuous = new ContinuousSpec(),
        LookBack = GoDuration.Parse("2m"),
    };

    private static V1Pod Build(
        ProfilingPolicySpec? spec = null,
        OperatorOptions? options = null,
        string targets = "[]",
        string node = "n1"
    ) => ContinuousPod.Build(Policy(), spec ?? Watching, node, targets, options ?? Make.Options);

    private static AgentTask Task(V1Pod pod) =>
        JsonSerializer.Deserialize(
            pod.Spec.Containers.Single(c => c.Name == Names.AgentContainer).Env!.Single().Value!,
            HudJson.Default.AgentTask
        )!;

    private static string Json(V1Pod pod) => JsonSerializer.Serialize(pod, EntityTypes.Pods.Json);

    /// <summary>All that an administrator has to agree to, in one text. HUD_UPDATE_GOLDEN=1 writes it anew.</summary>
    [Fact]
    public void The_pod_is_the_one_that_was_agreed_to()
    {
        using var json = JsonDocument.Parse(
            Json(
                Build(
                    options: Make.Options with
                    {
                        AgentOwner = new V1OwnerReference
                        {
                            ApiVersion = "apps/v1",
                            Kind = "Deployment",
                            Name = "hud-operator",
                            Uid = "uid-1",
                        },
                        Continuous = new ContinuousOptions { ScrapeAnnotations = true },
                    }
                )
            )
        );
        var text = JsonSerializer.Serialize(json.RootElement, Indented) + "\n";
        var golden = Hud.Tests.Support.RepositoryRoot.PathOf(
            "tests",
            "Hud.Operator.Tests",
            "Policies",
            "continuous-pod.json"
        );
        if (Environment.GetEnvironmentVariable("HUD_UPDATE_GOLDEN") == "1")
            File.WriteAllText(golden, text);
        Assert.Equal(File.ReadAllText(golden), text);
    }

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [Fact]
    public void Its_task_is_to_watch_what_the_files_say()
    {
        var task = Task(Build());
        Assert.True(task.Continuous);
        Assert.True(task.Follows);
        Assert.Equal(
            ("/run/hud/input/targets", "/run/hud/input/look-backs", "/run/hud/metrics/pipe", true, "n1", true),
            (
                task.TargetsFile,
                task.LookBackFile,
                task.Options.MetricsPipe,
                task.Options.Metrics,
                task.Node,
                task.HideNeighbours
            )
        );
        Assert.Equal(0.5, task.Session.OverheadBudgetPercent);
        // the two minutes, the session's 30 s and what passes between
        Assert.Equal(GoDuration.Parse("3m"), task.Options.LookBack);
        Assert.Null(Task(Build(Watching with { LookBack = null })).Options.LookBack);
        var longest = Watching with
        {
            LookBack = PolicyBounds.MaxLookBack,
            Session = Make.Spec() with { Duration = SessionBounds.MaxDuration },
        };
        Assert.Equal(SessionBounds.MaxLookBack, Task(Build(longest)).Options.LookBack);
    }

    [Fact]
    public void Without_metrics_there_is_one_container_and_no_pipe()
    {
        var pod = Build(options: Make.Options with { Continuous = new ContinuousOptions { Metrics = false } });
        Assert.Equal(["agent"], pod.Spec.Containers.Select(c => c.Name));
        Assert.Equal(["input"], pod.Spec.Volumes!.Select(v => v.Name));
        Assert.Equal(["input"], pod.Spec.Containers[0].VolumeMounts!.Select(v => v.Name));
        Assert.Equal((false, null), (Task(pod).Options.Metrics, Task(pod).Options.MetricsPipe));
    }

    [Fact]
    public void What_can_change_while_it_runs_is_not_of_its_task_and_all_else_is()
    {
        static string Hash(V1Pod pod) => pod.GetAnnotation(Names.TaskAnnotation);
        Assert.Equal(Hash(Build()), Hash(Build(targets: "[{}]")));
        var owned = Make.Options with
        {
            AgentOwner = new V1OwnerReference { Name = "x", Uid = "y" },
        };
        Assert.Equal(Hash(Build()), Hash(Build(options: owned)));
        V1Pod[] others =
        [
            Build(),
            Build(Watching with { LookBack = GoDuration.Parse("3m") }),
            Build(Watching with { Session = Make.Spec() with { Threshold = GoDuration.Parse("7ms") } }),
            Build(Watching with { Continuous = new ContinuousSpec { OverheadBudgetPercent = 2 } }),
            Build(Watching with { Continuous = new ContinuousSpec { RenewAfter = GoDuration.Parse("2h") } }),
            Build(options: Make.Options with { AgentImage = "registry/hud-agent:2" }),
            Build(options: Make.Options with { Continuous = new ContinuousOptions { Metrics = false } }),
        ];
        Assert.Equal(others.Length, others.Select(Hash).Distinct().Count());
    }

    [Fact]
    public void Its_name_follows_from_policy_and_node_alone()
    {
        Assert.Equal(Names.ContinuousPod("policy-1", "n1"), Build().Metadata.Name);
        Assert.NotEqual(Build().Metadata.Name, Build(node: "n2").Metadata.Name);
        Assert.NotEqual(Names.ContinuousPod("a", "n1"), Names.AgentPod("a", "n1"));
        Assert.Equal("policy-1", Build().Metadata.Labels![Names.PolicyUidLabel]);
        Assert.False(Build().Metadata.Labels!.ContainsKey(Names.SessionUidLabel));
    }

    [Fact]
    public void What_it_watches_is_written_and_read_alike_and_names_no_runtime()
    {
        var (text, left) = ContinuousPod.Targets("shop", [Make.Target(0), Make.Target(1)], "checkout");
        Assert.Equal(0, left);
        var read = ContinuousPod.Targets(Build(targets: text));
        Assert.Equal(["c0", "c1"], read.Select(t => t.ContainerId));
        Assert.All(read, t => Assert.Equal(("shop", "checkout", "app"), (t.Namespace, t.ProcessName, t.Container)));
        Assert.Empty(ContinuousPod.Targets(Build(targets: "[{")));
        Assert.Empty(ContinuousPod.Targets(Build(targets: "")));
        Assert.Empty(ContinuousPod.Targets(Build(targets: "[null]")));
    }

    /// <summary>A pod's owner names its image and containers, and the policy's the process.</summary>
    [Fact]
    public void The_longest_list_has_room_in_the_annotations_or_is_cut_and_counted()
    {
        static IEnumerable<TargetStatus> Long(int count) =>
            Enumerable
                .Range(0, count)
                .Select(i =>
                    Make.Target(i) with
                    {
                        ContainerId = "containerd://" + new string('c', 64),
                        Pod = new string('p', 253),
                        Container = new string('n', 63),
                        Image = new string('i', 256),
                        ImageDigest = new string('d', 12),
                    }
                );
        var (text, left) = ContinuousPod.Targets("shop", Long(63), new string('\u0002', 255));
        Assert.Equal(0, left);
        Assert.InRange(Encoding.UTF8.GetByteCount(text), 1, ContinuousPod.MaxTargetsBytes);
        (text, left) = ContinuousPod.Targets("shop", Long(200), new string('\u0002', 255));
        Assert.InRange(left, 1, 199);
        Assert.InRange(Encoding.UTF8.GetByteCount(text), 1, ContinuousPod.MaxTargetsBytes);
        var annotations = Build(targets: text).Metadata.Annotations!;
        // the requests for the past have 16 KiB, and the server takes 256 KiB in all
        Assert.InRange(annotations.Sum(a => a.Key.Length + Encoding.UTF8.GetByteCount(a.Value)), 1, 240 << 10);
    }

    [Fact]
    public void Whatever_a_policy_says_changes_nothing_but_the_task_and_the_deadline()
    {
        var hostile = Watching with
        {
            Session = Make.Spec() with
            {
                Target = new TargetSpec { PodName = "evil", ProcessName = "\"},{\"image\":\"evil" },
                WorkerThreadNames = ["--privileged", "$(HOSTNAME)"],
            },
        };
        var (plain, other) = (Build(), Build(hostile));
        other.Spec.Containers[0].Env![0].Value = plain.Spec.Containers[0].Env![0].Value;
        other.Metadata.Annotations![Names.TaskAnnotation] = plain.GetAnnotation(Names.TaskAnnotation);
        Assert.Equal(Json(plain), Json(other));
    }

    [Fact]
    public void A_patch_of_its_targets_keeps_whatever_they_say_inside_the_annotation()
    {
        const string Hostile = "[{\"pod\":\"\\\"}},\\\"spec\\\":{\"}]";
        var patch = JsonDocument.Parse(ContinuousPod.TargetsPatch("u\"1", Hostile)).RootElement;
        var metadata = patch.EnumerateObject().Single().Value;
        Assert.Equal("u\"1", metadata.GetProperty("uid").GetString());
        Assert.Equal(Hostile, metadata.GetProperty("annotations").GetProperty(Names.TargetsAnnotation).GetString());
    }
}
