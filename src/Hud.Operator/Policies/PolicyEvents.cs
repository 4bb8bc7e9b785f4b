using Hud.Core.Api;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using k8s.Models;

namespace Hud.Operator.Policies;

/// <summary>One event for each notice. Its name follows from policy and notice, so one that is seen twice (a restart, a second leader) makes one event.</summary>
public static class PolicyEvents
{
    public static Corev1Event Make(PolicyEntity policy, PolicyNotice notice, DateTimeOffset now) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = Names.Derived(policy.Name, Names.Hash($"{policy.Uid}|{notice.Reason}|{notice.About}")),
                NamespaceProperty = policy.Namespace,
            },
            InvolvedObject = new V1ObjectReference
            {
                ApiVersion = ProfilingPolicy.FullApiVersion,
                Kind = ProfilingPolicy.KindName,
                NamespaceProperty = policy.Namespace,
                Name = policy.Name,
                Uid = policy.Uid,
            },
            Reason = notice.Reason,
            Message = StatusSizeLimiter.Cut(notice.Message, 1000),
            Type = notice.Warning ? "Warning" : "Normal",
            Source = new V1EventSource { Component = Names.Manager },
            Count = 1,
            FirstTimestamp = now.UtcDateTime,
            LastTimestamp = now.UtcDateTime,
        };
}
