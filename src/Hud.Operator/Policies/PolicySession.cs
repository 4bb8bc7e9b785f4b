using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hud.Core;
using Hud.Core.Api;
using Hud.Operator.Alerts;
using Hud.Operator.Entities;
using Hud.Operator.Resources;
using k8s.Models;

namespace Hud.Operator.Policies;

/// <summary>Builds the session of a run. Pure: the same input gives the same session.</summary>
public static class PolicySession
{
    /// <summary>It goes with its policy. Nothing has to wait for that, so the policy's deletion is not held up.</summary>
    public static SessionEntity Build(PolicyEntity policy, NewRun run) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = run.Name,
                NamespaceProperty = policy.Namespace,
                Labels = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["app.kubernetes.io/managed-by"] = Names.Manager,
                    [PolicyNames.PolicyLabel] = PolicyNames.Label(policy.Name),
                },
                Annotations =
                    run.Alert is { } alert ? Of(alert)
                    : run.Rollout is { } rollout ? Of(rollout.Rollout)
                    : Of(run),
                OwnerReferences =
                [
                    new V1OwnerReference
                    {
                        ApiVersion = ProfilingPolicy.FullApiVersion,
                        Kind = ProfilingPolicy.KindName,
                        Name = policy.Name,
                        Uid = policy.Uid,
                        Controller = true,
                        BlockOwnerDeletion = false,
                    },
                ],
            },
            Spec =
                run.Alert is { } alerted ? LookingBack(policy, Narrowed(policy.SessionSpec, alerted))
                : run.Rollout is { } only ? Narrowed(policy.SessionSpec, only.Pods)
                : policy.SessionSpec,
        };

    private static Dictionary<string, string> Of(NewRun run) =>
        new(StringComparer.Ordinal)
        {
            [PolicyNames.ScheduledAnnotation] = PolicyNames.Time(run.Scheduled),
            [PolicyNames.MissedAnnotation] = run.Missed.ToString(CultureInfo.InvariantCulture),
        };

    private static Dictionary<string, string> Of(PendingAlert alert) =>
        new(StringComparer.Ordinal)
        {
            [PolicyNames.AlertNameAnnotation] = alert.Name,
            [PolicyNames.AlertFingerprintAnnotation] = alert.Fingerprint,
            [PolicyNames.AlertStartsAtAnnotation] = PolicyNames.Time(alert.StartsAt),
        };

    private static Dictionary<string, string> Of(Rollout rollout) =>
        new(StringComparer.Ordinal)
        {
            [PolicyNames.RolloutWorkloadAnnotation] = rollout.Workload,
            [PolicyNames.RolloutUidAnnotation] = rollout.Uid,
            [PolicyNames.RolloutRevisionAnnotation] = rollout.Revision,
            [PolicyNames.RolloutNumberAnnotation] = rollout.Number.ToString(CultureInfo.InvariantCulture),
        };

    /// <summary>The same target, of the pods of one revision.</summary>
    private static JsonElement Narrowed(JsonElement spec, LabelSelector pods)
    {
        var whole = JsonObject.Create(spec)!;
        var target = whole["target"]!.AsObject();
        target.Remove("workloadRef");
        target["podSelector"] = JsonSerializer.SerializeToNode(pods, HudJson.Default.LabelSelector);
        return Element(whole);
    }

    /// <summary>
    /// The same target, of one pod. Whether the pod is one of the target's is decided before. A container that the policy names stays, whatever the
    /// alert says.
    /// </summary>
    private static JsonElement Narrowed(JsonElement spec, PendingAlert alert)
    {
        if (alert is not { Pod: { } pod, Container: var container })
            return spec;
        var whole = JsonObject.Create(spec)!;
        var target = whole["target"]!.AsObject();
        target.Remove("podSelector");
        target.Remove("workloadRef");
        target["podName"] = pod;
        if (container is not null && target["containerName"] is null)
            target["containerName"] = container;
        return Element(whole);
    }

    /// <summary>What made an alert fire was before it.</summary>
    private static JsonElement LookingBack(PolicyEntity policy, JsonElement spec)
    {
        if (
            policy.Spec.ValueKind != JsonValueKind.Object
            || !policy.Spec.TryGetProperty("lookBack", out var lookBack)
            || lookBack.ValueKind != JsonValueKind.String
        )
            return spec;
        var whole = JsonObject.Create(spec)!;
        whole["lookBack"] = lookBack.GetString();
        return Element(whole);
    }

    private static JsonElement Element(JsonObject spec)
    {
        using var document = JsonDocument.Parse(spec.ToJsonString());
        return document.RootElement.Clone();
    }
}
