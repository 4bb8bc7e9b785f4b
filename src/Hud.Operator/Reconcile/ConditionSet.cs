using Hud.Core.Api;

namespace Hud.Operator.Reconcile;

/// <summary>The conditions of one session while they are decided. Times of transition are kept where the status stays the same.</summary>
public sealed class ConditionSet(IReadOnlyList<Condition> old, long generation, DateTimeOffset now)
{
    private readonly Dictionary<string, Condition> _now = old.Where(c => c.Type.Length > 0)
        .DistinctBy(c => c.Type, StringComparer.Ordinal)
        .ToDictionary(c => c.Type, c => c, StringComparer.Ordinal);

    public Condition? this[string type] => _now.GetValueOrDefault(type);

    public bool IsTrue(string type) => this[type]?.Status == "True";

    /// <param name="since">When a condition that is new became what it is; null: now.</param>
    public void Set(string type, bool? status, string reason, string message, DateTimeOffset? since = null)
    {
        var text = status switch
        {
            true => "True",
            false => "False",
            null => "Unknown",
        };
        var before = this[type];
        _now[type] = new Condition
        {
            Type = type,
            Status = text,
            // the API wants both, and says nothing useful about which is empty
            Reason = reason.Length > 0 ? reason : "Unknown",
            Message = message.Length > 0 ? StatusSizeLimiter.Cut(message, 2048) : reason,
            ObservedGeneration = generation,
            LastTransitionTime = before?.Status == text ? before.LastTransitionTime : Seconds(since ?? now),
        };
    }

    /// <summary>The API keeps whole seconds; without cutting, each status would differ from what was read back.</summary>
    public static DateTimeOffset Seconds(DateTimeOffset time) =>
        new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);

    public void Remove(string type) => _now.Remove(type);

    /// <summary>In a fixed order, so that a status that says the same is the same.</summary>
    public IReadOnlyList<Condition> ToList() =>
        [
            .. _now
                .Values.OrderBy(c => Array.IndexOf(ConditionTypes.Order, c.Type))
                .ThenBy(c => c.Type, StringComparer.Ordinal),
        ];
}

/// <summary>Names of conditions. The first three are those that kstatus reads.</summary>
public static class ConditionTypes
{
    public const string Ready = nameof(Ready);
    public const string Reconciling = nameof(Reconciling);
    public const string Stalled = nameof(Stalled);
    public const string Accepted = nameof(Accepted);
    public const string TargetsResolved = nameof(TargetsResolved);
    public const string AgentsScheduled = nameof(AgentsScheduled);
    public const string LookedBack = nameof(LookedBack);
    public const string Complete = nameof(Complete);
    public const string Failed = nameof(Failed);
    public const string ResultsComplete = nameof(ResultsComplete);
    public const string ExpectationsMet = nameof(ExpectationsMet);

    /// <summary>Of a policy: whether the newest rollout made its target worse.</summary>
    public const string RegressionFound = nameof(RegressionFound);

    /// <summary>Of a policy: whether all that its agents are to watch is watched.</summary>
    public const string Watching = nameof(Watching);

    internal static readonly string[] Order =
    [
        Ready,
        Reconciling,
        Stalled,
        Accepted,
        TargetsResolved,
        AgentsScheduled,
        LookedBack,
        Complete,
        Failed,
        ResultsComplete,
        ExpectationsMet,
        Watching,
        RegressionFound,
    ];
}
