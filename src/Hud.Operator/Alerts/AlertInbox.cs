using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Policies;

namespace Hud.Operator.Alerts;

public enum AlertAnswer
{
    Accepted,

    /// <summary>Another replica leads, or none does yet.</summary>
    NotLeading,

    /// <summary>So many wait that no more are taken.</summary>
    Full,
}

/// <summary>What became of a batch.</summary>
/// <param name="Matched">Alerts that at least one policy takes.</param>
/// <param name="Policies">That take one.</param>
public readonly record struct AlertReceipt(AlertAnswer Answer, int Matched = 0, int Policies = 0);

/// <summary>
/// Alerts between the request that brought them and the look of each policy that takes them. Only the leader takes any, and what it has not looked at
/// is gone with its term.
/// </summary>
public sealed class AlertInbox(Informer<PolicyEntity> policies, Log log)
{
    /// <summary>As many as one request may bring.</summary>
    public const int MaxPerPolicy = AlertPayload.MaxAlerts;

    /// <summary>Of a kilobyte each at most. What waits is looked at within a moment.</summary>
    public const int MaxInAll = 4000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(EntityKey Key, string Uid), Dictionary<string, PendingAlert>> _pending = [];
    private Action<EntityKey>? _wake;
    private int _count;
    private int _turn;

    public bool IsOpen
    {
        get
        {
            lock (_lock)
                return _wake is not null;
        }
    }

    /// <param name="wake">Has the policy looked at.</param>
    public void Open(Action<EntityKey> wake)
    {
        lock (_lock)
            _wake = wake;
    }

    public void Close()
    {
        int lost;
        lock (_lock)
        {
            (_wake, lost, _count) = (null, _count, 0);
            _pending.Clear();
        }
        if (lost == 0)
            return;
        OperatorMeter.AlertsLeftOut.Add(lost, new KeyValuePair<string, object?>("reason", "dropped"));
        log.Warn("alerts that were received are dropped with the leadership", ("alerts", lost));
    }

    /// <summary>All of the batch or, where there is no room, as much of it as there is room for: a policy knows what it has had before.</summary>
    public AlertReceipt Offer(IReadOnlyList<Alert> alerts)
    {
        var takers = Takers();
        var matched = new HashSet<Alert>(ReferenceEqualityComparer.Instance);
        var (answer, woken) = (AlertAnswer.Accepted, new List<EntityKey>());
        Action<EntityKey>? wake;
        lock (_lock)
        {
            wake = _wake;
            if (wake is null)
                return new AlertReceipt(AlertAnswer.NotLeading);
            // another begins each time: where there is no room for all, none of them is always the last
            _turn++;
            for (var i = 0; i < takers.Count; i++)
            {
                var (policy, spec) = takers[(_turn + i) % takers.Count];
                var mine = alerts.Where(a => AlertMatch.Matches(spec, policy.Namespace, a)).ToList();
                if (mine.Count == 0)
                    continue;
                woken.Add(EntityKey.Of(policy));
                matched.UnionWith(mine);
                if (!Add(policy, mine.Select(a => PendingAlert.Of(spec, a))))
                    answer = AlertAnswer.Full;
            }
        }
        foreach (var key in woken)
            wake(key);
        if (answer == AlertAnswer.Accepted && alerts.Count > matched.Count)
            OperatorMeter.AlertsLeftOut.Add(
                alerts.Count - matched.Count,
                new KeyValuePair<string, object?>("reason", "no_policy")
            );
        return new AlertReceipt(answer, matched.Count, woken.Count);
    }

    /// <summary>What waits for this very policy.</summary>
    public IReadOnlyList<PendingAlert> Of(PolicyEntity policy)
    {
        lock (_lock)
            return _pending.TryGetValue((EntityKey.Of(policy), policy.Uid), out var mine) ? [.. mine.Values] : [];
    }

    /// <summary>These have been decided about.</summary>
    public void Done(PolicyEntity policy, IEnumerable<PendingAlert> alerts)
    {
        lock (_lock)
        {
            var key = (EntityKey.Of(policy), policy.Uid);
            if (!_pending.TryGetValue(key, out var mine))
                return;
            foreach (var alert in alerts)
            {
                if (mine.Remove(alert.Incident))
                    _count--;
            }
            if (mine.Count == 0)
                _pending.Remove(key);
        }
    }

    /// <summary>The policy is gone.</summary>
    public void Forget(PolicyEntity policy) => Done(policy, Of(policy));

    private bool Add(PolicyEntity policy, IEnumerable<PendingAlert> alerts)
    {
        var key = (EntityKey.Of(policy), policy.Uid);
        if (!_pending.TryGetValue(key, out var mine))
            _pending[key] = mine = new Dictionary<string, PendingAlert>(StringComparer.Ordinal);
        foreach (var alert in alerts)
        {
            if (mine.ContainsKey(alert.Incident))
                continue;
            if (mine.Count >= MaxPerPolicy || _count >= MaxInAll)
                return false;
            mine.Add(alert.Incident, alert);
            _count++;
        }
        return true;
    }

    /// <summary>A policy whose spec cannot be read takes none; it says so itself.</summary>
    private List<(PolicyEntity Policy, AlertTriggerSpec Spec)> Takers()
    {
        var takers = new List<(PolicyEntity, AlertTriggerSpec)>();
        foreach (var policy in policies.Store.All())
        {
            if (
                policy.Metadata.DeletionTimestamp is null
                && policy.TryReadSpec(out var spec, out _)
                && spec.Triggers?.Alert is { Suspend: false } alert
            )
                takers.Add((policy, alert));
        }
        return takers;
    }
}
