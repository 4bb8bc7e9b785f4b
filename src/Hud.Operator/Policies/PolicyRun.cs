using System.Globalization;
using System.Text.Json;
using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using k8s.Models;

namespace Hud.Operator.Policies;

/// <summary>What makes a session. Its name in lower case is the label of the metric.</summary>
public enum RunTrigger
{
    Schedule,
    Alert,
    Rollout,
}

public enum RunState
{
    Active,
    Completed,
    Failed,
}

/// <summary>A session that a policy made. What its status says is read as far as it is asked for: sessions change often, and policies have many.</summary>
/// <param name="Scheduled">When the run was due; of one that a trigger made, when the server made the session.</param>
public sealed record PolicyRun(
    SessionEntity Session,
    DateTimeOffset Scheduled,
    RunTrigger Trigger = RunTrigger.Schedule
)
{
    private const long MostMissed = 1_000_000;

    /// <summary>The index of the sessions by the UID of the policy that owns them.</summary>
    public const string OwnerIndex = "policy";

    public static readonly IReadOnlyDictionary<string, Func<SessionEntity, IEnumerable<string>>> Indexes =
        new Dictionary<string, Func<SessionEntity, IEnumerable<string>>>(StringComparer.Ordinal)
        {
            [OwnerIndex] = s => Owner(s)?.Uid is { Length: > 0 } uid ? [uid] : [],
        };

    public RunState State { get; } =
        IsTrue(Session.Status, ConditionTypes.Complete) ? RunState.Completed
        : IsTrue(Session.Status, ConditionTypes.Failed) ? RunState.Failed
        : RunState.Active;

    public bool IsOfSchedule => Trigger == RunTrigger.Schedule;

    public bool IsOfAlert => Trigger == RunTrigger.Alert;

    public bool IsOfRollout => Trigger == RunTrigger.Rollout;

    public string Name => Session.Name;

    public bool IsLeaving => Session.Metadata.DeletionTimestamp is not null;

    /// <summary>Its targets are pinned, so that it can be stopped and keep what it has.</summary>
    public bool HasBegun => Field(Session.Status, "startTime").ValueKind == JsonValueKind.String;

    public bool IsStopping => Field(Session.Spec, "suspend").ValueKind == JsonValueKind.True;

    public long Missed =>
        long.TryParse(
            Session.GetAnnotation(PolicyNames.MissedAnnotation),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var missed
        )
            ? Math.Min(missed, MostMissed)
            : 0;

    /// <summary>
    /// Null unless the policy owns the session and it has the name of a run, of an alert's or of a rollout's. Labels and annotations, which others may write, are not asked; nor is
    /// an owner of another namespace, which there is none of.
    /// </summary>
    public static PolicyRun? Of(PolicyEntity policy, SessionEntity session)
    {
        if (policy.Uid.Length == 0 || session.Namespace != policy.Namespace || Owner(session)?.Uid != policy.Uid)
            return null;
        if (PolicyNames.Scheduled(policy.Name, session.Name) is { } scheduled)
            return new PolicyRun(session, scheduled);
        RunTrigger? trigger =
            PolicyNames.IsOfAlert(policy.Name, session.Name) ? RunTrigger.Alert
            : PolicyNames.IsOfRollout(policy.Name, session.Name) ? RunTrigger.Rollout
            : null;
        return trigger is { } made
            ? new PolicyRun(session, session.Metadata.CreationTimestamp.AsOffset() ?? default, made)
            : null;
    }

    /// <summary>The newest first.</summary>
    public static List<PolicyRun> All(PolicyEntity policy, IEnumerable<SessionEntity> sessions) =>
        [.. sessions.Select(s => Of(policy, s)).OfType<PolicyRun>().OrderByDescending(r => r.Scheduled)];

    /// <summary>The policy that controls a session; null: none does.</summary>
    public static V1OwnerReference? Owner(SessionEntity session) =>
        session.Metadata.OwnerReferences?.FirstOrDefault(o =>
            o.Controller == true
            && o.Kind == ProfilingPolicy.KindName
            && o.ApiVersion.StartsWith(ProfilingPolicy.Group + "/", StringComparison.Ordinal)
        );

    /// <summary>What of a session can change what its policy does or says.</summary>
    public static (string Phase, bool Stopping, bool Leaving) Relevant(SessionEntity session) =>
        (
            Field(session.Status, "phase") is { ValueKind: JsonValueKind.String } phase ? phase.GetString()! : "",
            Field(session.Spec, "suspend").ValueKind == JsonValueKind.True,
            session.Metadata.DeletionTimestamp is not null
        );

    private static bool IsTrue(JsonElement status, string type)
    {
        if (Field(status, "conditions") is not { ValueKind: JsonValueKind.Array } conditions)
            return false;
        foreach (var condition in conditions.EnumerateArray())
        {
            if (Is(condition, "type", type) && Is(condition, "status", "True"))
                return true;
        }
        return false;
    }

    private static bool Is(JsonElement element, string field, string value) =>
        Field(element, field) is { ValueKind: JsonValueKind.String } text && text.ValueEquals(value);

    private static JsonElement Field(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var field) ? field : default;
}
