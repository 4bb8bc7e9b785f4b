using System.Globalization;
using Hud.Core.Api;
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
                Annotations = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    [PolicyNames.ScheduledAnnotation] = PolicyNames.Time(run.Scheduled),
                    [PolicyNames.MissedAnnotation] = run.Missed.ToString(CultureInfo.InvariantCulture),
                },
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
            Spec = policy.SessionSpec,
        };
}
