using System.Globalization;
using Hud.Core.Api;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using Hud.Operator.Reconcile;
using k8s.Models;
using static Hud.Operator.Tests.Policies.MakePolicy;
using static Hud.Operator.Tests.Policies.MakeRollout;

namespace Hud.Operator.Tests.Policies;

/// <summary>From a workload on the server to a session, and from two sessions to a condition.</summary>
public sealed class RolloutControllerTests
{
    private static string Deployment(
        long revision,
        int wanted = 2,
        int updated = 2,
        int all = 2,
        int available = 2,
        long? generation = null,
        long? observed = null,
        string name = "checkout"
    ) =>
        $$$"""
            {"apiVersion": "apps/v1", "kind": "Deployment",
             "metadata": {"name": "{{{name}}}", "namespace": "shop", "uid": "{{{name}}}-uid", "generation": {{{generation
                ?? revision}}},
               "annotations": {"deployment.kubernetes.io/revision": "{{{revision}}}"}},
             "spec": {"replicas": {{{wanted}}}, "selector": {"matchLabels": {"app": "checkout"} }},
             "status": {"observedGeneration": {{{observed
                ?? generation
                ?? revision}}}, "replicas": {{{all}}}, "updatedReplicas": {{{updated}}}, "availableReplicas": {{{available}}}}}
            """;

    private static string Set(string hash, string owner = "checkout") =>
        $$$"""
            {"apiVersion": "apps/v1", "kind": "ReplicaSet",
             "metadata": {"name": "{{{owner}}}-{{{hash}}}", "namespace": "shop", "uid": "set-{{{owner}}}-{{{hash}}}",
               "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "{{{owner}}}", "uid": "{{{owner}}}-uid", "controller": true}]}}
            """;

    private static V1Pod Pod(
        string name,
        string revision,
        int seconds = -60,
        string kind = "ReplicaSet",
        string owner = "checkout"
    ) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                CreationTimestamp = Now.AddSeconds(seconds).UtcDateTime,
                Labels = Labels(
                    ("app", "checkout"),
                    (kind == "ReplicaSet" ? "pod-template-hash" : "controller-revision-hash", revision)
                ),
                OwnerReferences =
                [
                    new V1OwnerReference
                    {
                        ApiVersion = "apps/v1",
                        Kind = kind,
                        Name = kind == "ReplicaSet" ? $"{owner}-{revision}" : owner,
                        Uid = kind == "ReplicaSet" ? $"set-{owner}-{revision}" : $"{owner}-uid",
                        Controller = true,
                    },
                ],
            },
            Spec = new V1PodSpec { Containers = [new V1Container { Name = "app" }] },
            Status = new V1PodStatus
            {
                Phase = "Running",
                Conditions =
                [
                    new V1PodCondition
                    {
                        Type = "Ready",
                        Status = "True",
                        LastTransitionTime = Now.AddSeconds(seconds).UtcDateTime,
                    },
                ],
            },
        };

    private static string NameAt(string revision, long number, string kind = "Deployment") =>
        PolicyNames.RolloutSession(Name, "policy-1", new Rollout(kind, "checkout", "checkout-uid", revision, number));

    private static async Task<PolicyWorld> WorldAsync(PolicyEntity? policy = null, string[]? revisions = null)
    {
        var world = new PolicyWorld([policy ?? OnRollout()]) { Pods = [Pod("a", "h1"), Pod("b", "h1")] };
        world.Others["deployments/checkout"] = Deployment(1);
        foreach (var revision in revisions ?? ["h1", "h2"])
            world.Others[$"replicasets/checkout-{revision}"] = Set(revision);
        await world.Ready;
        return world;
    }

    private static Condition Regression(PolicyWorld world) =>
        world.Status().Conditions.Single(c => c.Type == ConditionTypes.RegressionFound);

    private static (string Status, string Reason) Answer(PolicyWorld world) =>
        (Regression(world).Status, Regression(world).Reason);

    private static async Task StepAsync(PolicyWorld world, int seconds = 15)
    {
        world.Clock.Advance(TimeSpan.FromSeconds(seconds));
        await world.SeenAsync();
        await world.ReconcileAsync();
        await world.SeenAsync();
    }

    /// <summary>The session ends, with a status as the operator writes it.</summary>
    private static async Task EndAsync(PolicyWorld world, string name, (string, double)[] hotspots)
    {
        var ended = world.Session(name);
        ended.Status = StatusJson.Write(Found(hotspots, minutes: (int)(world.Clock.GetUtcNow() - Now).TotalMinutes));
        await world.PutAsync(ended);
    }

    private static void RollOut(PolicyWorld world, string hash, long revision)
    {
        var seconds = (int)(world.Clock.GetUtcNow() - Now).TotalSeconds;
        world.Others["deployments/checkout"] = Deployment(revision);
        world.Pods = [Pod("c" + revision, hash, seconds), Pod("d" + revision, hash, seconds)];
    }

    [Fact]
    public async Task From_the_first_revision_to_a_regression_that_is_told_by_condition_and_event()
    {
        await using var world = await WorldAsync();
        await world.ReconcileAsync();
        var first = world.Session(NameAt("h1", 1));
        Assert.Equal(
            """{"maxPods":5,"podSelector":{"matchLabels":{"app":"checkout","pod-template-hash":"h1"}}}""",
            first.Spec.GetProperty("target").GetRawText()
        );
        Assert.Equal(
            ("Deployment/checkout", "h1", "1", "checkout-uid"),
            (
                first.GetAnnotation(PolicyNames.RolloutWorkloadAnnotation),
                first.GetAnnotation(PolicyNames.RolloutRevisionAnnotation),
                first.GetAnnotation(PolicyNames.RolloutNumberAnnotation),
                first.GetAnnotation(PolicyNames.RolloutUidAnnotation)
            )
        );
        Assert.Equal(("Unknown", PolicyReasons.SessionInProgress), Answer(world));
        Assert.Equal("AwaitingRollouts", world.Status().Conditions.Single(c => c.Type == ConditionTypes.Ready).Reason);
        await EndAsync(world, first.Name, [("parse", 0.5)]);
        await StepAsync(world);
        Assert.Equal(("Unknown", PolicyReasons.NoBaseline), Answer(world));

        // the new revision comes up: the answer about the old one does not stand meanwhile
        world.Others["deployments/checkout"] = Deployment(2, updated: 1, all: 3, available: 2);
        await StepAsync(world);
        Assert.Equal(("Unknown", PolicyReasons.RolloutInProgress), Answer(world));
        Assert.Contains("1 of 2 pods are of the new revision", Regression(world).Message, StringComparison.Ordinal);
        RollOut(world, "h2", 2);
        await StepAsync(world);
        Assert.Equal(("Unknown", PolicyReasons.Settling), Answer(world));
        Assert.Single(world.Names);
        await StepAsync(world);
        Assert.Equal(2, world.Names.Count);
        var second = NameAt("h2", 2);
        Assert.Equal((second, NameAt("h1", 1)), (world.Status().Rollout!.Session, first.Name));
        await EndAsync(world, second, [("parse", 0.5), ("hash_password", 9)]);
        await StepAsync(world);
        Assert.Equal(("True", PolicyReasons.Regression), Answer(world));
        Assert.Contains("the worst is new: shop::hash_password", Regression(world).Message, StringComparison.Ordinal);
        Assert.Equal(
            (9.5, 0.5, "Deployment/checkout", 2),
            (
                world.Status().Rollout!.BlockedPercent,
                world.Status().Rollout!.BaselineBlockedPercent,
                world.Status().Rollout!.Workload,
                world.Status().Rollout!.WorkloadGeneration
            )
        );
        Assert.Equal(["SessionCreated", "SessionCreated", "Regression"], world.Events);

        // back to the first: a session of its own, compared with what it takes the place of
        RollOut(world, "h1", 3);
        await StepAsync(world);
        await StepAsync(world);
        await StepAsync(world);
        await EndAsync(world, NameAt("h1", 3), [("parse", 0.5)]);
        await StepAsync(world);
        Assert.Equal(("False", PolicyReasons.NoRegression), Answer(world));
        Assert.StartsWith("better: ", Regression(world).Message, StringComparison.Ordinal);
        Assert.Equal(second, world.Status().Rollout!.Baseline);
    }

    [Fact]
    public async Task As_long_as_nothing_is_rolled_out_a_look_is_one_request_and_changes_nothing()
    {
        await using var world = await WorldAsync();
        await world.ReconcileAsync();
        await EndAsync(world, NameAt("h1", 1), []);
        await StepAsync(world);
        var (lists, writes) = (world.PodLists, world.Writes.Count);
        world.Gets.Clear();
        for (var i = 0; i < 4; i++)
            await StepAsync(world);
        Assert.Equal(Enumerable.Repeat("deployments/checkout", 4), world.Gets);
        Assert.Equal((lists, writes), (world.PodLists, world.Writes.Count));
        // scaled up: no rollout, whatever the pods do
        world.Others["deployments/checkout"] = Deployment(
            1,
            wanted: 9,
            updated: 9,
            all: 9,
            available: 2,
            generation: 2
        );
        world.Pods = [.. world.Pods!, Pod("e", "h1", 90)];
        await StepAsync(world);
        Assert.Single(world.Names);
        Assert.Equal((lists, ("Unknown", PolicyReasons.NoBaseline)), (world.PodLists, Answer(world)));
        Assert.Equal(2, world.Status().Rollout!.WorkloadGeneration);
        // what comes of sessions brings the policy back at once, and asks for nothing
        world.Gets.Clear();
        await world.ReconcileAsync();
        await world.ReconcileAsync();
        Assert.Empty(world.Gets);
    }

    [Fact]
    public async Task The_next_look_is_due_in_15_seconds_or_when_it_has_settled()
    {
        var policy = OnRollout(new RolloutTriggerSpec { Settle = GoDuration.Parse("70s") });
        await using var world = await WorldAsync(policy);
        var result = await world.ReconcileAsync();
        Assert.Equal(("Unknown", PolicyReasons.Settling), Answer(world));
        Assert.InRange(result.RequeueAfter!.Value.TotalSeconds, 10, 10.1);
        world.Clock.Advance(TimeSpan.FromSeconds(10));
        await world.SeenAsync();
        result = await world.ReconcileAsync();
        Assert.Single(world.Names);
        Assert.InRange(result.RequeueAfter!.Value.TotalSeconds, 15, 15.1);
    }

    /// <summary>However many policies there are, they ask for five workloads a second together.</summary>
    [Fact]
    public async Task With_many_policies_each_looks_less_often()
    {
        var policies = Enumerable.Range(0, 100).Select(i => OnRollout(name: $"p{i}", uid: $"u{i}")).ToArray();
        await using var world = new PolicyWorld(policies);
        world.Others["deployments/checkout"] = Deployment(1, updated: 1);
        await world.Ready;
        var pauses = new List<double>();
        foreach (var policy in policies)
            pauses.Add((await world.ReconcileAsync(policy.Name)).RequeueAfter!.Value.TotalSeconds);
        Assert.InRange(pauses[0], 15, 15.1);
        Assert.InRange(pauses[^1], 20, 20.1);
        Assert.Equal(100, world.Gets.Count);
    }

    [Fact]
    public async Task Two_leaders_and_one_that_comes_later_make_one_session_of_a_rollout()
    {
        await using var world = await WorldAsync();
        await Task.WhenAll(world.ReconcileAsync(), world.ReconcileAsync(leader: world.Leader()));
        await world.SeenAsync();
        await world.ReconcileAsync(leader: world.Leader());
        Assert.Equal([NameAt("h1", 1)], world.Names);
        Assert.Single(world.Events, e => e == "SessionCreated");
        await EndAsync(world, NameAt("h1", 1), []);
        // a leader that has seen nothing says the same
        await world.ReconcileAsync(leader: world.Leader());
        Assert.Equal(("Unknown", PolicyReasons.NoBaseline), Answer(world));
    }

    [Theory]
    [InlineData("deployments", 0)]
    [InlineData("pods", 1)]
    public async Task A_server_that_does_not_answer_is_waited_for_and_what_is_known_stands(string what, int gets)
    {
        await using var world = await WorldAsync();
        if (what == "pods")
            world.Pods = null;
        else
            world.Others["deployments/checkout"] = "{\"metadata\": 5}";
        var result = await world.ReconcileAsync();
        Assert.Equal(("Unknown", PolicyReasons.NotSeen), Answer(world));
        Assert.InRange(result.RequeueAfter!.Value.TotalSeconds, 5, 5.1);
        Assert.Empty(world.Names);
        Assert.InRange(world.Gets.Count, gets, 1);
        world.Pods = [Pod("a", "h1"), Pod("b", "h1")];
        world.Others["deployments/checkout"] = Deployment(1);
        await StepAsync(world);
        Assert.Single(world.Names);
        await EndAsync(world, NameAt("h1", 1), []);
        await StepAsync(world);
        world.Others["deployments/checkout"] = "not json";
        await StepAsync(world);
        Assert.Equal(("Unknown", PolicyReasons.NoBaseline), Answer(world));
    }

    /// <summary>Who may label pods, or make a ReplicaSet of the name, must not decide which revision is profiled.</summary>
    [Fact]
    public async Task Pods_of_others_with_the_same_labels_do_not_count()
    {
        await using var world = await WorldAsync();
        var orphan = Pod("orphan", "h9");
        orphan.Metadata.OwnerReferences = null;
        world.Others["replicasets/checkout-h8"] = Set("h8", owner: "basket");
        var fake = Pod("fake", "h8");
        var leaving = Pod("old", "h0");
        leaving.Metadata.DeletionTimestamp = Now.UtcDateTime;
        world.Pods = [orphan, fake, leaving, .. world.Pods!];
        await world.ReconcileAsync();
        Assert.Equal([NameAt("h1", 1)], world.Names);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pods_that_are_selected_by_labels_lead_to_their_workload(bool one)
    {
        await using var world = await WorldAsync(OnRollout(target: Checkout));
        if (!one)
        {
            world.Others["deployments/canary"] = Deployment(1, name: "canary");
            world.Others["replicasets/canary-h7"] = Set("h7", owner: "canary");
            world.Pods = [Pod("x", "h7", owner: "canary"), .. world.Pods!];
        }
        await world.ReconcileAsync();
        if (one)
        {
            Assert.Equal([NameAt("h1", 1)], world.Names);
            return;
        }
        Assert.Empty(world.Names);
        Assert.Equal(("Unknown", PolicyReasons.SeveralWorkloads), Answer(world));
        Assert.Contains(
            "Deployment canary and Deployment checkout",
            Regression(world).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("StatefulSet", 2, 2, 2, true)]
    [InlineData("StatefulSet", 2, 1, 2, false)]
    [InlineData("StatefulSet", 2, 2, 1, false)]
    [InlineData("DaemonSet", 2, 2, 2, true)]
    [InlineData("DaemonSet", 2, 1, 2, false)]
    [InlineData("DaemonSet", 2, 2, 1, false)]
    public async Task Stateful_and_daemon_sets_are_rolled_out_when_all_pods_are(
        string kind,
        int wanted,
        int updated,
        int ready,
        bool made
    )
    {
        var target = new TargetSpec { WorkloadRef = new WorkloadReference("apps/v1", kind, "checkout") };
        await using var world = await WorldAsync(OnRollout(target: target));
        var isStateful = kind == "StatefulSet";
        var revision = isStateful ? "checkout-h1" : "h1";
        world.Pods = [Pod("a", revision, kind: kind), Pod("b", revision, kind: kind)];
        world.Others[isStateful ? "statefulsets/checkout" : "daemonsets/checkout"] = $$$"""
            {"apiVersion": "apps/v1", "kind": "{{{kind}}}",
             "metadata": {"name": "checkout", "namespace": "shop", "uid": "checkout-uid", "generation": 4,
               "annotations": {"deprecated.daemonset.template.generation": "3"}},
             "spec": {"replicas": {{{wanted}}}, "selector": {"matchLabels": {"app": "checkout"} }},
             "status": {"observedGeneration": 4, "replicas": {{{wanted}}}, "updatedReplicas": {{{updated}}}, "readyReplicas": {{{ready}}},
               "updateRevision": "checkout-h1", "desiredNumberScheduled": {{{wanted}}}, "updatedNumberScheduled": {{{updated}}}, "numberAvailable": {{{ready}}}}}
            """;
        world.Others["controllerrevisions/checkout-h1"] = """
            {"apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": 3, "data": {"spec": {"template": {}}},
             "metadata": {"name": "checkout-h1", "namespace": "shop",
               "ownerReferences": [{"apiVersion": "apps/v1", "kind": "X", "name": "checkout", "uid": "checkout-uid", "controller": true}]}}
            """;
        await world.ReconcileAsync();
        Assert.Equal(made ? [NameAt(revision, 3, kind)] : [], world.Names);
        if (made)
            Assert.Equal(
                revision,
                world
                    .Session(world.Names[0])
                    .Spec.GetProperty("target")
                    .GetProperty("podSelector")
                    .GetProperty("matchLabels")
                    .GetProperty("controller-revision-hash")
                    .GetString()
            );
        else
            Assert.Equal(("Unknown", PolicyReasons.RolloutInProgress), Answer(world));
    }

    [Theory]
    [InlineData(2, 2, 2, 2, 7, 6, PolicyReasons.RolloutInProgress)]
    [InlineData(2, 2, 3, 2, 7, 7, PolicyReasons.RolloutInProgress)]
    [InlineData(2, 2, 2, 1, 7, 7, PolicyReasons.RolloutInProgress)]
    // paused: its controller makes no ReplicaSet, and nothing is of the new template
    [InlineData(2, 0, 2, 2, 7, 7, PolicyReasons.RolloutInProgress)]
    [InlineData(0, 0, 0, 0, 7, 7, PolicyReasons.NoPods)]
    public async Task Until_a_deployment_is_rolled_out_there_is_no_session_and_no_event(
        int wanted,
        int updated,
        int all,
        int available,
        long generation,
        long observed,
        string reason
    )
    {
        await using var world = await WorldAsync();
        world.Others["deployments/checkout"] = Deployment(2, wanted, updated, all, available, generation, observed);
        for (var i = 0; i < 3; i++)
            await StepAsync(world, 600);
        Assert.Empty(world.Names);
        Assert.Empty(world.Events);
        Assert.Equal(("Unknown", reason), Answer(world));
    }

    [Fact]
    public async Task A_workload_that_is_not_there_is_said_to_be_missing()
    {
        await using var world = await WorldAsync();
        world.Others.Clear();
        await world.ReconcileAsync();
        Assert.Equal(("Unknown", PolicyReasons.NoWorkload), Answer(world));
        Assert.Contains("there is no Deployment checkout", Regression(world).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_refuses_is_told_once_and_tried_again()
    {
        await using var world = await WorldAsync();
        var refuse = true;
        world.OnCreate = async answer =>
        {
            if (refuse)
                await answer.ErrorAsync(403, "Forbidden", "exceeded quota: objects");
            return refuse;
        };
        await world.ReconcileAsync();
        await StepAsync(world);
        Assert.Equal(("Unknown", PolicyReasons.Refused), Answer(world));
        Assert.Contains("exceeded quota: objects", Regression(world).Message, StringComparison.Ordinal);
        Assert.Equal(["Refused"], world.Events);
        refuse = false;
        await StepAsync(world);
        Assert.Single(world.Names);
        Assert.Equal(("Unknown", PolicyReasons.SessionInProgress), Answer(world));
    }

    [Fact]
    public async Task A_suspended_trigger_asks_for_nothing_and_one_that_is_taken_out_leaves_no_condition()
    {
        await using var world = await WorldAsync(OnRollout(new RolloutTriggerSpec { Suspend = true }));
        await world.ReconcileAsync();
        Assert.Equal(("Unknown", PolicyReasons.Suspended), Answer(world));
        Assert.Equal(
            ("True", "Suspended"),
            world
                .Status()
                .Conditions.Where(c => c.Type == ConditionTypes.Ready)
                .Select(c => (c.Status, c.Reason))
                .Single()
        );
        Assert.Empty(world.Gets);
        Assert.Empty(world.Names);
        await world.SeenAsync();
        var scheduled = Policy(When("0 0 1 1 *"));
        scheduled.Status = world.Policies.Store.All()[0].Status;
        await world.PutAsync(scheduled);
        await world.ReconcileAsync();
        Assert.DoesNotContain(world.Status().Conditions, c => c.Type == ConditionTypes.RegressionFound);
        Assert.Null(world.Status().Rollout);
    }

    [Theory]
    [InlineData("{podName: p}", "{}", PolicyMessages.RolloutTarget)]
    [InlineData("{workloadRef: {apiVersion: batch/v1, kind: Job, name: j}}", "{}", PolicyMessages.RolloutTarget)]
    [InlineData("{podSelector: {matchLabels: {a: b}}}", "{settle: 11m}", PolicyMessages.Settle)]
    [InlineData("{podSelector: {matchLabels: {a: b}}}", "{settle: soon}", PolicyMessages.Settle)]
    [InlineData("{podSelector: {matchLabels: {a: b}}}", "{cooldown: 1s}", PolicyMessages.RolloutCooldown)]
    [InlineData("{podSelector: {matchLabels: {a: b}}}", "{cooldown: soon}", PolicyMessages.RolloutCooldown)]
    [InlineData(
        "{podSelector: {matchLabels: {a: b}}}",
        "{maxSessionsPerHour: 0}",
        PolicyMessages.RolloutSessionsPerHour
    )]
    [InlineData(
        "{podSelector: {matchLabels: {a: b}}}",
        "{successfulSessionsHistoryLimit: 101}",
        PolicyMessages.RolloutSuccessfulLimit
    )]
    [InlineData(
        "{podSelector: {matchLabels: {a: b}}}",
        "{failedSessionsHistoryLimit: -1}",
        PolicyMessages.RolloutFailedLimit
    )]
    [InlineData("{podSelector: {matchLabels: {a: b}}}", "{regression: {lostPercent: 0}}", PolicyMessages.LostPercent)]
    public async Task A_spec_that_an_old_server_lets_pass_is_refused_in_the_same_words(
        string target,
        string rollout,
        string words
    )
    {
        var policy = OnRollout();
        policy.Spec = System
            .Text.Json.JsonDocument.Parse(Json($"{{session: {{target: {target}}}, triggers: {{rollout: {rollout}}}}}"))
            .RootElement;
        await using var world = await WorldAsync(policy);
        await world.ReconcileAsync();
        var accepted = world.Status().Conditions.Single(c => c.Type == ConditionTypes.Accepted);
        Assert.Equal(("False", "InvalidSpec", words), (accepted.Status, accepted.Reason, accepted.Message));
        Assert.Empty(world.Names);
    }

    /// <summary>Flow YAML of words and numbers to JSON.</summary>
    private static string Json(string yaml) =>
        System.Text.RegularExpressions.Regex.Replace(
            yaml,
            "[A-Za-z][A-Za-z0-9/]*|[0-9]+[a-z]+",
            m => string.Create(CultureInfo.InvariantCulture, $"\"{m.Value}\""),
            System.Text.RegularExpressions.RegexOptions.None,
            TimeSpan.FromSeconds(1)
        );
}
