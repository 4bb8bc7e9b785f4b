using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Alerts;
using Hud.Operator.Entities;
using Hud.Operator.Policies;

namespace Hud.Operator;

/// <summary>What a policy does about the alerts that were received for it.</summary>
public sealed partial class PolicyController
{
    /// <summary>After the API server could not say which pods there are.</summary>
    private static readonly TimeSpan TargetsPause = TimeSpan.FromSeconds(5);

    /// <returns>What is to be seen after a session was made, or none was.</returns>
    private async Task<PolicyObservation> TakeAlertsAsync(
        PolicyObservation o,
        TargetSpec target,
        List<PolicyNotice> notices,
        CancellationToken cancel
    )
    {
        var alerts = inbox.Of(o.Policy);
        if (alerts.Count == 0)
            return o;
        if (o.Alert is not { } spec)
        {
            LeaveOut(o.Policy, alerts, "no_policy"); // its trigger was taken out meanwhile
            return o;
        }
        var observation = new AlertObservation
        {
            Policy = o.Policy,
            Spec = spec,
            Made = AlertDecider.Made(o),
            Alerts = alerts,
            Now = o.Now,
        };
        var decision = AlertDecider.Decide(observation);
        if (decision.NeedsPods)
        {
            if (await PodsAsync(o.Policy, target, cancel).ConfigureAwait(false) is not { } pods)
                return o;
            decision = AlertDecider.Decide(observation with { Pods = pods });
        }
        if (decision.Create is { Alert: { } alert } run)
        {
            var created = await CreateAsync(o, run, notices, cancel).ConfigureAwait(false);
            // what came too soon after a session that is none is not told of; the next time that it is sent it may make one
            if (created.Sessions.Count == o.Sessions.Count)
            {
                LeaveOut(o.Policy, alerts, "refused");
                return created;
            }
            o = created;
            inbox.Done(o.Policy, [alert]);
        }
        notices.AddRange(AlertNotices.Of(decision.LeftOut));
        foreach (var alike in decision.LeftOut.GroupBy(a => a.Outcome))
            LeaveOut(o.Policy, alike.Select(a => a.Alert).ToList(), Reason(alike.Key));
        return o;
    }

    private static string Reason(AlertOutcome outcome) =>
        outcome switch
        {
            AlertOutcome.Repeated => "repeated",
            AlertOutcome.Cooldown => "cooldown",
            AlertOutcome.Limit => "limit",
            AlertOutcome.PodNotSelected => "pod_not_selected",
            AlertOutcome.OutOfTime => "out_of_time",
            _ => "suspended",
        };

    private async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>?> PodsAsync(
        PolicyEntity policy,
        TargetSpec target,
        CancellationToken cancel
    )
    {
        try
        {
            return await targets.PodsAsync(policy.Namespace, target, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is KubernetesException or TransportException)
        {
            // the alerts wait; they are out of time in an hour
            log.Warn(
                "the pods of a policy's target cannot be read, trying again",
                ("policy", EntityKey.Of(policy)),
                ("error", e.Message)
            );
            return null;
        }
    }

    private void LeaveOut(PolicyEntity policy, IReadOnlyList<PendingAlert> alerts, string reason)
    {
        if (alerts.Count == 0)
            return;
        inbox.Done(policy, alerts);
        OperatorMeter.AlertsLeftOut.Add(alerts.Count, new KeyValuePair<string, object?>("reason", reason));
        log.Info(
            "alerts make no session",
            ("policy", EntityKey.Of(policy)),
            ("alerts", alerts.Count),
            ("reason", reason)
        );
    }
}
