using Hud.Core.Api;
using Hud.Core.Stream;
using Hud.Operator.Entities;
using Hud.Operator.LookBack;
using Hud.Operator.Policies;
using Hud.Operator.Resources;
using k8s.Models;
using static Hud.Operator.Tests.LookBack.MakeLookBack;
using static Hud.Operator.Tests.Policies.MakePolicy;

namespace Hud.Operator.Tests.LookBack;

/// <summary>What is asked of whom, and for which time.</summary>
public sealed class LookBackPlanTests
{
    private static readonly LookBackWindow Window = new(Made.AddMinutes(-2), Made.AddSeconds(30));

    private static LookBackNode Decide(
        V1Pod[] watching,
        TargetStatus[]? targets = null,
        string[]? own = null,
        string noAgents = "",
        Func<string, bool>? inProgress = null,
        DateTimeOffset? now = null,
        bool suspended = false
    ) =>
        Assert.Single(
            LookBackPlan.Decide(
                new LookBackObservation
                {
                    Session = Uid,
                    Window = Window,
                    Targets = targets ?? [Make.Target(0)],
                    Watching = watching,
                    Own = own ?? [],
                    NoAgents = noAgents,
                    IsInProgress = inProgress ?? (_ => true),
                    IsSuspended = suspended,
                    Now = now ?? Made,
                }
            )
        );

    private static LookBackRequest Request(string id, int seconds = 30) =>
        new()
        {
            Id = id,
            From = Made,
            Until = Made.AddSeconds(seconds),
        };

    [Fact]
    public void An_agent_that_watches_all_targets_of_the_node_is_asked_once()
    {
        var node = Decide([Agent()]);
        Assert.Equal(("n1", "agent-uid-n1", ""), (node.Node, node.Pod!.Metadata.Uid, node.Why));
        Assert.Equal(Window.Request(Uid), node.Request);
        Assert.Equal([Window.Request(Uid)], node.Ask);

        // by whoever looks next: the answer is in the pod
        var asked = Decide([Agent(requests: [Request("other"), Request(Uid, seconds: 7)])]);
        Assert.Equal((null, Made.AddSeconds(7)), (asked.Ask, asked.Request!.Until));
        // and it stays asked, whatever becomes of the policy and of the agent
        var pod = Agent(requests: Request(Uid));
        pod.Metadata.DeletionTimestamp = Made.UtcDateTime;
        Assert.NotNull(Decide([pod], noAgents: "the policy is gone").Request);
    }

    public static TheoryData<string, string> Without =>
        new()
        {
            { "other node", "no agent of the policy watches there" },
            { "starting", "no agent of the policy watches there" },
            { "leaving", "no agent of the policy watches there" },
            { "one target more", "does not watch pod checkout-1 yet" },
            { "restarted container", "does not watch pod checkout-0 yet" },
            { "damaged", "does not watch pod checkout-0 yet" },
            { "full", "16 sessions wait" },
            { "own", "has an agent of its own" },
            { "late", "began after the time" },
            { "seen", "is gone" },
            { "failed", "is gone" },
            { "suspended", "was suspended" },
            { "no policy", "there is no policy" },
        };

    [Theory]
    [MemberData(nameof(Without))]
    public void Otherwise_the_session_has_an_agent_of_its_own_and_says_why(string what, string why)
    {
        var pod = Agent(node: what == "other node" ? "n2" : "n1");
        TargetStatus[] targets = [Make.Target(0)];
        switch (what)
        {
            case "starting":
                pod.Status = Make.Waiting("ContainerCreating").Status;
                break;
            case "leaving":
                pod.Metadata.DeletionTimestamp = Made.UtcDateTime;
                break;
            case "one target more":
                targets = [Make.Target(0), Make.Target(1)];
                break;
            case "restarted container":
                targets = [Make.Target(0) with { ContainerId = "containerd://c0-again" }];
                break;
            case "damaged":
                pod.Metadata.Annotations[Names.TargetsAnnotation] = "[{";
                break;
            case "full":
                pod = Agent(requests: [.. Enumerable.Range(0, 16).Select(i => Request($"other-{i}"))]);
                break;
            case "seen":
                (pod, targets) = (Agent(node: "n2"), [Make.Target(0, state: TargetState.Running)]);
                break;
            case "failed":
                (pod, targets) = (Agent(node: "n2"), [Make.Target(0, state: TargetState.Failed)]);
                break;
        }

        var node = Decide(
            [pod],
            targets,
            own: what == "own" ? ["n1"] : [],
            noAgents: what == "no policy" ? "there is no policy" : "",
            now: what == "late" ? Window.Until.AddSeconds(1) : null,
            suspended: what == "suspended"
        );
        Assert.Equal((null, null, null), (node.Pod, node.Request, node.Ask));
        Assert.Contains(why, node.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void What_nobody_waits_for_makes_room()
    {
        LookBackRequest[] there =
        [
            .. Enumerable.Range(0, 14).Select(i => Request($"other-{i}")),
            Request("over", seconds: -61),
            Request("gone"),
        ];
        var node = Decide([Agent(requests: there)], inProgress: uid => uid != "gone");
        Assert.Equal([.. Enumerable.Range(0, 14).Select(i => $"other-{i}"), Uid], node.Ask!.Select(r => r.Id));
        var text = LookBackList.Write(node.Ask!);
        Assert.Equal(node.Ask, LookBackList.Read(text));
        Assert.True(text.Length <= LookBackRequest.MaxListBytes);
    }

    /// <summary>Only the operator writes the annotation, but what cannot be read must not stop a session either.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("""[{"id":"a","from":"soon"}]""")]
    public void A_list_that_cannot_be_read_is_an_empty_one(string? annotation) =>
        Assert.Empty(LookBackList.Read(annotation));

    [Fact]
    public void A_request_can_be_answered_earlier_and_be_taken_back()
    {
        LookBackRequest[] both = [Request("a"), Request("b")];
        var early = LookBackList.EndingAt(both, "a", Made);
        Assert.Equal([Made, Made.AddSeconds(30)], early.Select(r => r.Until));
        Assert.Equal(early, LookBackList.EndingAt(early, "a", Made.AddSeconds(5)));
        Assert.Equal(["b"], LookBackList.Without(both, "a").Select(r => r.Id));
    }

    /// <summary>The poll that made an alert fire had ended before it began to fire, and that is long before anybody is told.</summary>
    [Fact]
    public void A_session_looks_back_from_when_its_alert_began()
    {
        var session = Session();
        Assert.True(session.TryReadSpec(out var spec, out _));
        Assert.Equal("2m", spec.LookBack.ToString());
        Assert.Equal(new LookBackWindow(Now.AddMinutes(-2), Made.AddSeconds(30)), LookBackWindow.Of(session, spec));

        // whoever may change a session may write anything there
        foreach (
            var (annotation, trigger) in ((string, DateTimeOffset)[])
                [
                    ("2124-05-01T12:00:00Z", Made),
                    ("0001-01-01T00:00:00Z", Made - AlertDecider.Kept),
                    ("yesterday", Made),
                    ("", Made),
                ]
        )
        {
            session.Metadata.Annotations[PolicyNames.AlertStartsAtAnnotation] = annotation;
            Assert.Equal(trigger.AddMinutes(-2), LookBackWindow.Of(session, spec)!.Value.From);
        }

        session.Metadata.Annotations = null;
        Assert.Equal(Made.AddMinutes(-2), LookBackWindow.Of(session, spec)!.Value.From);
        Assert.Null(LookBackWindow.Of(session, spec with { LookBack = null }));
    }

    public static TheoryData<string, string> Owners =>
        new()
        {
            { "none", "was made by no policy" },
            { "no controller", "was made by no policy" },
            { "another uid", "is not there any more" },
            { "of another namespace", "is not there any more" },
            { "gone", "is not there any more" },
            { "leaving", "is not there any more" },
            { "suspended", "has no agents that watch" },
            { "does not watch", "has no agents that watch" },
        };

    /// <summary>Whoever makes a session writes its owner references: with them it must not get at agents of another namespace.</summary>
    [Theory]
    [MemberData(nameof(Owners))]
    public void Only_a_live_policy_of_the_same_namespace_is_an_owner(string what, string why)
    {
        PolicyEntity? policy = what switch
        {
            "of another namespace" => Watching(ns: "bank"),
            "gone" => null,
            "another uid" => Watching(uid: "policy-2"),
            "suspended" => Watching(continuous: new ContinuousSpec { Suspend = true }),
            "does not watch" => OnAlert(),
            _ => Watching(),
        };
        if (what == "leaving")
            policy!.Metadata.DeletionTimestamp = Made.UtcDateTime;
        var session = Session();
        if (what == "none")
            session.Metadata.OwnerReferences = null;
        if (what == "no controller")
            session.Metadata.OwnerReferences![0].Controller = null;

        var uid = LookBackOwner.Of(
            session,
            (ns, name) => policy is not null && (policy.Namespace, policy.Name) == (ns, name) ? policy : null,
            out var said
        );
        Assert.Equal("", uid);
        Assert.Contains(why, said, StringComparison.Ordinal);
    }

    [Fact]
    public void The_policy_that_made_the_session_is_its_owner()
    {
        Assert.Equal("policy-1", LookBackOwner.Of(Session(), (_, _) => Watching(), out var why));
        Assert.Equal("", why);
    }
}
