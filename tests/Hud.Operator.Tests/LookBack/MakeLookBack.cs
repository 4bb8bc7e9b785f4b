using Hud.Analysis;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Operator.Entities;
using Hud.Operator.LookBack;
using Hud.Operator.Policies;
using Hud.Operator.Resources;
using Hud.Tests.Support;
using k8s.Models;
using static Hud.Operator.Tests.Policies.MakePolicy;

namespace Hud.Operator.Tests.LookBack;

/// <summary>A policy whose agents watch, its session by an alert, and what an agent answers.</summary>
internal static class MakeLookBack
{
    public const string Uid = "5e55-1";
    public const string Pod = "hud-continuous";

    /// <summary>The alert began so long before the session was made.</summary>
    public static readonly TimeSpan Told = TimeSpan.FromSeconds(35);

    public static readonly DateTimeOffset Made = Now + Told;

    public static PolicyEntity Watching(string uid = "policy-1", string ns = "shop", ContinuousSpec? continuous = null)
    {
        var policy = OnAlert(uid: uid);
        policy.Metadata.NamespaceProperty = ns;
        policy.Spec = System.Text.Json.JsonSerializer.SerializeToElement(
            new ProfilingPolicySpec
            {
                Session = Make.Spec() with { Target = Checkout },
                Triggers = new TriggersSpec { Alert = Slow },
                Continuous = continuous ?? new ContinuousSpec(),
                LookBack = GoDuration.Parse("2m"),
            },
            HudJson.Default.ProfilingPolicySpec
        );
        return policy;
    }

    /// <summary>As the operator makes it, and as the server keeps it.</summary>
    public static SessionEntity Session(
        PolicyEntity? policy = null,
        string uid = Uid,
        string name = "of-alert",
        string? pod = "checkout-0"
    )
    {
        policy ??= Watching();
        var session = PolicySession.Build(policy, new NewRun(name, Made, 0) { Alert = Pending(pod: pod) });
        session.Metadata.NamespaceProperty = "shop";
        session.Metadata.Uid = uid;
        session.Metadata.Generation = 1;
        session.Metadata.ResourceVersion = "7";
        session.Metadata.CreationTimestamp = Made.UtcDateTime;
        return session;
    }

    /// <summary>The agent that watches these targets on a node.</summary>
    public static V1Pod Agent(
        PolicyEntity? policy = null,
        string node = "n1",
        IReadOnlyList<TargetStatus>? targets = null,
        params LookBackRequest[] requests
    )
    {
        policy ??= Watching();
        Assert.True(policy.TryReadSpec(out var spec, out _));
        var pod = ContinuousPod.Build(
            policy,
            spec,
            node,
            ContinuousPod.Targets("shop", targets ?? [Make.Target(0, node), Make.Target(9, node)], null).Text,
            Make.Options
        );
        pod.Metadata.Uid = "agent-uid-" + node;
        pod.Metadata.ResourceVersion = "50";
        pod.Metadata.Annotations[Names.LookBackAnnotation] = LookBackList.Write(requests);
        pod.Status = Make.Running().Status;
        return pod;
    }

    /// <summary>As the policy's agent on a node answers: of both of its targets.</summary>
    public static byte[] Log(string request, DateTimeOffset from, params string[] before)
    {
        using var output = new MemoryStream();
        var writer = new AgentStreamWriter(output);
        writer.Write(new HelloMessage());
        writer.Write(new ProgressMessage());
        var number = 0;
        foreach (var other in before)
            writer.WriteLookBack(++number, Answer(from), other);
        writer.WriteLookBack(++number, Answer(from), request);
        return output.ToArray();
    }

    public static ProfileDocument Answer(DateTimeOffset from) =>
        ProfileMerge.Merge([Answer(from, "checkout-0", "pod-0"), Answer(from, "checkout-9", "pod-9")]);

    private static ProfileDocument Answer(DateTimeOffset from, string pod, string uid)
    {
        var built = BuiltDocuments.OnePathThreeCauses(pod);
        return built with
        {
            LookBack = new Core.Profile.LookBack { WantedNs = 185_000_000_000, RunStartedAt = from },
            Summary = built.Summary with { StartedAt = from },
            Targets = [.. built.Targets.Select(t => t with { PodUid = uid })],
        };
    }
}
