using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Stream;
using Hud.Kubernetes;
using Hud.Operator.Resources;
using k8s.Models;

namespace Hud.Operator.Tests;

public sealed class AgentPodTests
{
    private static V1Pod Build(ProfilingSessionSpec? spec = null, OperatorOptions? options = null) =>
        AgentPod.Build(
            Make.Session(spec),
            spec ?? Make.Spec(),
            "n1",
            [Make.Target(0), Make.Target(1)],
            options ?? Make.Options
        );

    [Fact]
    public void It_has_no_token_no_network_of_the_host_and_no_volume_at_all()
    {
        var spec = Build().Spec;
        Assert.False(spec.AutomountServiceAccountToken);
        Assert.Null(spec.HostNetwork);
        Assert.Null(spec.Volumes);
        Assert.Null(spec.Containers.Single().VolumeMounts);
        Assert.True(spec.HostPID);
        Assert.Equal("Never", spec.RestartPolicy);
        Assert.False(spec.EnableServiceLinks);
    }

    [Fact]
    public void Its_capabilities_are_the_five_and_its_root_is_read_only()
    {
        var security = Build().Spec.Containers.Single().SecurityContext!;
        Assert.Equal(["ALL"], security.Capabilities!.Drop);
        Assert.Equal(
            ["BPF", "PERFMON", "SYS_PTRACE", "DAC_READ_SEARCH", "CHECKPOINT_RESTORE"],
            security.Capabilities.Add
        );
        Assert.True(security.ReadOnlyRootFilesystem);
        Assert.False(security.AllowPrivilegeEscalation);
        Assert.Null(security.Privileged);
        Assert.Equal("RuntimeDefault", security.SeccompProfile!.Type);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whether_neighbours_are_named_is_the_administrators_decision(bool named)
    {
        Assert.False(new OperatorOptions().NeighbourNames);
        var pod = Build(options: Make.Options with { NeighbourNames = named });
        var task = JsonSerializer.Deserialize(
            pod.Spec.Containers.Single().Env!.Single().Value!,
            HudJson.Default.AgentTask
        )!;
        Assert.Equal(!named, task.HideNeighbours);
    }

    [Fact]
    public void Only_the_administrator_can_make_it_privileged()
    {
        var security = Build(options: Make.Options with { AgentSecurityProfile = SecurityProfile.Privileged })
            .Spec.Containers.Single()
            .SecurityContext!;
        Assert.True(security.Privileged);
        Assert.Null(security.Capabilities);
    }

    [Fact]
    public void It_is_pinned_by_affinity_tolerates_everything_and_ends_by_itself()
    {
        var spec = Build().Spec;
        var field =
            spec.Affinity!.NodeAffinity!.RequiredDuringSchedulingIgnoredDuringExecution!.NodeSelectorTerms.Single()
                .MatchFields!.Single();
        Assert.Equal(("metadata.name", "In", "n1"), (field.Key, field.OperatorProperty, field.Values!.Single()));
        Assert.Null(spec.NodeName);
        Assert.Equal("Exists", spec.Tolerations!.Single().OperatorProperty);
        Assert.Null(spec.Tolerations!.Single().Key);
        Assert.Equal(120 + 30 + 120, spec.ActiveDeadlineSeconds);
    }

    [Fact]
    public void Its_name_follows_from_session_and_node_alone()
    {
        Assert.Equal(Names.AgentPod("a", "n"), Names.AgentPod("a", "n"));
        Assert.NotEqual(Names.AgentPod("a", "n"), Names.AgentPod("a", "m"));
        Assert.NotEqual(Names.AgentPod("a", "n"), Names.AgentPod("b", "n"));
        Assert.Equal("hud-system", Build().Metadata.NamespaceProperty);
        Assert.Equal("5e55-1", Build().Metadata.Labels![Names.SessionUidLabel]);
    }

    [Fact]
    public void Its_task_names_containers_without_the_runtimes_scheme()
    {
        var env = Build().Spec.Containers.Single().Env!.Single();
        Assert.Equal("HUD_AGENT_TASK", env.Name);
        var task = JsonSerializer.Deserialize(env.Value!, HudJson.Default.AgentTask)!;
        Assert.Equal(["c0", "c1"], task.Targets.Select(t => t.ContainerId));
        Assert.Equal(["pod-0", "pod-1"], task.Targets.Select(t => t.PodUid));
        Assert.Equal("n1", task.Node);
        Assert.Equal(GoDuration.Parse("30s"), task.Session.Duration);
    }

    [Fact]
    public void Whatever_a_session_says_changes_nothing_but_the_task_and_the_deadline()
    {
        var hostile = Make.Spec() with
        {
            Target = new TargetSpec
            {
                PodName = "evil",
                ProcessName = "\"},{\"image\":\"evil",
                ContainerName = "x",
            },
            WorkerThreadNames = ["--privileged", "$(HOSTNAME)"],
            OverheadBudgetPercent = 10,
        };
        var (plain, other) = (Build(), Build(hostile));
        var secret = other.Spec.Containers.Single().Env!.Single();
        Assert.DoesNotContain(
            "\"image\":\"evil",
            secret
                .Value!.Replace("\\u0022", "", StringComparison.Ordinal)
                .Replace("\\\"", "", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        secret.Value = plain.Spec.Containers.Single().Env!.Single().Value;
        Assert.Equal(Text(plain), Text(other));
    }

    private static string Text(V1Pod pod) => JsonSerializer.Serialize(pod, EntityTypes.Pods.Json);

    [Fact]
    public void The_same_input_gives_the_same_pod() => Assert.Equal(Text(Build()), Text(Build()));

    [Fact]
    public void Its_task_survives_the_longest_list_of_targets()
    {
        var targets = Enumerable
            .Range(0, SessionBounds.MaxPodsOfNode)
            .Select(i =>
                Make.Target(i) with
                {
                    ContainerId = "containerd://" + new string('c', 64),
                    Pod = new string('p', 253),
                    Image = new string('i', 256),
                    ImageDigest = new string('d', 12),
                }
            )
            .ToList();
        var pod = AgentPod.Build(Make.Session(), Make.Spec(), "n1", targets, Make.Options);
        // one string of an exec may have 128 KiB (MAX_ARG_STRLEN)
        Assert.InRange(pod.Spec.Containers.Single().Env!.Single().Value!.Length, 1, 128 << 10);
    }

    [Theory]
    [InlineData(true, 1, true)]
    [InlineData(true, 11, false)]
    [InlineData(false, 1, false)]
    public void An_agent_that_said_its_last_word_has_ten_seconds_to_end_by_itself(
        bool running,
        int secondsAfterEnd,
        bool leaving
    )
    {
        var state = running ? new V1ContainerState { Running = new() } : new V1ContainerState { Terminated = new() };
        var pod = Build();
        pod.Status = new V1PodStatus
        {
            ContainerStatuses = [new V1ContainerStatus { Name = Names.AgentContainer, State = state }],
        };
        Assert.Equal(leaving, AgentPod.IsLeaving(pod, Make.Now, Make.Now.AddSeconds(secondsAfterEnd)));
        Assert.False(AgentPod.IsLeaving(pod, sessionEnd: null, Make.Now));
    }

    [Fact]
    public void Log_shippers_are_told_to_keep_away()
    {
        var annotations = Build().Metadata.Annotations!;
        Assert.Equal("true", annotations["fluentbit.io/exclude"]);
        Assert.Equal("shop/checkout", annotations[Names.SessionAnnotation]);
        var page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "kubernetes.md"));
        Assert.All(
            annotations.Where(a => !a.Key.StartsWith("hud.dev/", StringComparison.Ordinal)),
            a =>
                Assert.Contains(
                    $"`{a.Key}: {(a.Value is "true" or "false" ? $"\"{a.Value}\"" : a.Value)}`",
                    page,
                    StringComparison.Ordinal
                )
        );
        Assert.Contains(Names.AgentSelector, page, StringComparison.Ordinal);
    }
}
