using Hud.Core.Api;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using Hud.Operator.Targets;
using k8s.Models;

namespace Hud.Operator.Continuous;

/// <summary>All that a decision about the agents of a policy may look at. Of its status, only since when the figures are what they are.</summary>
public sealed record ContinuousObservation
{
    public required PolicyEntity Policy { get; init; }
    public required ProfilingPolicySpec Spec { get; init; }
    public required OperatorOptions Options { get; init; }

    /// <summary>Null: nothing is to be watched, because the policy is suspended or has no such agents (any more).</summary>
    public required WatchedTargets? Targets { get; init; }

    /// <summary>Pods with the policy's UID.</summary>
    public required IReadOnlyList<V1Pod> Agents { get; init; }

    /// <summary>Agents of other policies by node.</summary>
    public required IReadOnlyDictionary<string, NodeLoad> Others { get; init; }

    public required ContinuousMemory Memory { get; init; }
    public required DateTimeOffset Now { get; init; }

    /// <summary>Policies that watch all the time, with this one: the more, the longer is the pause between looks.</summary>
    public int Watching { get; init; } = 1;
}

/// <param name="OfNamespace">Those of policies of the same namespace.</param>
public readonly record struct NodeLoad(int All, int OfNamespace);

/// <summary>What this leader has seen of the agents of a policy. All of it can be lost: then an agent stays a minute longer, or is tried a little sooner.</summary>
public sealed record ContinuousMemory
{
    public required string Uid { get; init; }
    public IReadOnlyDictionary<string, NodeMemory> Nodes { get; init; } =
        new Dictionary<string, NodeMemory>(StringComparer.Ordinal);

    public static ContinuousMemory Of(PolicyEntity policy, ContinuousMemory? before) =>
        before is not null && before.Uid == policy.Uid ? before : new ContinuousMemory { Uid = policy.Uid };

    public NodeMemory Node(string node) => Nodes.GetValueOrDefault(node) ?? NodeMemory.Nothing;

    public ContinuousMemory With(string node, NodeMemory what)
    {
        var nodes = new Dictionary<string, NodeMemory>(Nodes, StringComparer.Ordinal);
        if (what == NodeMemory.Nothing)
            nodes.Remove(node);
        else
            nodes[node] = what;
        return this with { Nodes = nodes };
    }
}

/// <summary>Of one node.</summary>
public sealed record NodeMemory
{
    public static readonly NodeMemory Nothing = new();

    /// <summary>Since when there is nothing to watch on it.</summary>
    public DateTimeOffset? EmptySince { get; init; }

    /// <summary>When the list of targets was written last.</summary>
    public DateTimeOffset? PatchedAt { get; init; }

    /// <summary>Agents that ended or were refused, one after the other.</summary>
    public int Failures { get; init; }

    /// <summary>UID of the last one that ended.</summary>
    public string Failed { get; init; } = "";

    /// <summary>UID of the last one that was there.</summary>
    public string Seen { get; init; } = "";

    /// <summary>UID of the last one that was ended on purpose.</summary>
    public string Ended { get; init; } = "";

    /// <summary>When one was ended for its age last.</summary>
    public DateTimeOffset? RenewedAt { get; init; }

    /// <summary>No agent is made before.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>What the API server said.</summary>
    public string Refusal { get; init; } = "";

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    /// <summary>Until when no agent is made, where that is not over. What is further away than any pause, a clock said that has gone back since.</summary>
    public DateTimeOffset? Waits(DateTimeOffset now) =>
        RetryAt is { } at && at > now && at - now <= LongestPause + TimeSpan.FromMinutes(1) ? at : null;

    /// <summary>The last one is gone, and neither did it end by itself nor was it ended on purpose: somebody deleted or evicted it.</summary>
    public bool WasTaken => Seen.Length > 0 && Seen != Ended && Seen != Failed;

    /// <summary>
    /// Whether an agent was ended for its age so shortly ago that none of its successors can be that old. Ages are told by two clocks, the server's and
    /// ours: where they differ by more than an agent's life, each new one seems old.
    /// </summary>
    public bool IsRenewed(TimeSpan renewAfter, DateTimeOffset now) =>
        RenewedAt is { } at && at <= now && now - at < renewAfter;

    /// <summary>One more failure: the pause doubles, up to 5 minutes.</summary>
    /// <param name="fresh">The one before is long ago.</param>
    public NodeMemory AfterFailure(DateTimeOffset now, bool fresh, string failed = "", string refusal = "")
    {
        var failures = fresh ? 1 : Failures + 1;
        var pause = FirstPause * Math.Pow(2, Math.Min(failures - 1, 10));
        return this with
        {
            Failures = failures,
            Failed = failed.Length > 0 ? failed : Failed,
            Refusal = refusal,
            RetryAt = now + (pause < LongestPause ? pause : LongestPause),
        };
    }
}

/// <summary>An agent to make.</summary>
public sealed record NewAgent(string Node, string Targets);

/// <summary>A list of targets to write.</summary>
public sealed record NewTargets(V1Pod Pod, string Targets);

/// <summary>An agent to end.</summary>
/// <param name="Reason">One of <see cref="AgentEnds"/>.</param>
public sealed record EndedAgent(V1Pod Pod, string Reason);

/// <summary>Why an agent is ended: the label of a metric.</summary>
public static class AgentEnds
{
    public const string NoTargets = "no_targets";
    public const string Suspended = "suspended";
    public const string PolicyGone = "policy_gone";
    public const string Changed = "changed";
    public const string Renewed = "renewed";
    public const string Failed = "failed";
}

/// <summary>What the policy's status says of its agents.</summary>
/// <param name="Status">Null: it has none, and has had none.</param>
/// <param name="Watching">Of the condition; null for Unknown.</param>
public sealed record ContinuousView(ContinuousStatus? Status, bool? Watching, string Reason, string Message);

/// <summary>What is to be done about the agents of a policy.</summary>
public sealed record ContinuousDecision
{
    public IReadOnlyList<NewAgent> Create { get; init; } = [];
    public IReadOnlyList<NewTargets> Write { get; init; } = [];
    public IReadOnlyList<EndedAgent> End { get; init; } = [];
    public required ContinuousView View { get; init; }
    public IReadOnlyList<PolicyNotice> Notices { get; init; } = [];
    public required ContinuousMemory Memory { get; init; }

    /// <summary>When to look again, although nothing changed; null: not for this.</summary>
    public TimeSpan? RequeueAfter { get; init; }
}
