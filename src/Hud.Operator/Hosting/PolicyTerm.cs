using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Alerts;
using Hud.Operator.Continuous;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using Hud.Operator.Resources;
using k8s.Models;

namespace Hud.Operator.Hosting;

/// <summary>
/// What the leader does for policies. A server whose definitions are of an earlier version has none: sessions do not wait for that.
/// </summary>
internal sealed class PolicyTerm(
    Informer<PolicyEntity> policies,
    Informer<SessionEntity> sessions,
    Reconciler<PolicyEntity> reconciler,
    AlertInbox inbox,
    ContinuousSweep sweep,
    TimeProvider time,
    Log log
)
{
    private const string Name = "profilingpolicy";

    /// <summary>A reconcile is a look at the view and at times one write; what policies cost is their sessions.</summary>
    private const int Workers = 2;

    private readonly WorkQueue<EntityKey> _queue = new(
        time,
        new Backoff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30)),
        Name,
        key => key.Namespace
    );

    public async Task RunAsync(CancellationToken cancel)
    {
        try
        {
            await Task.WhenAll(policies.Synced, sessions.Synced).WaitAsync(cancel).ConfigureAwait(false);
            foreach (var policy in policies.Store.All())
                _queue.Add(EntityKey.Of(policy));
            inbox.Open(key => _queue.Add(key));
            var runner = new ControllerRunner<PolicyEntity>(Name, reconciler, _queue, Workers, time)
            {
                OnError = (key, message, e) =>
                    log.Warn(
                        "reconcile failed, trying again",
                        ("policy", key),
                        ("error", message),
                        ("kind", e?.GetType().Name)
                    ),
            };
            await Task.WhenAll(runner.RunAsync(cancel), sweep.RunAsync(cancel)).ConfigureAwait(false);
        }
        finally
        {
            inbox.Close();
            _queue.Close();
        }
    }

    public void Changed(Change<PolicyEntity> change)
    {
        if (change.Kind == ChangeKind.Deleted)
            reconciler.Gone(change.New);
        _queue.Add(EntityKey.Of(change.New));
    }

    /// <summary>The policy of an agent that watches all the time: one that ended, or is gone, is replaced.</summary>
    public void Changed(Change<V1Pod> change)
    {
        var text = change.New.GetAnnotation(Names.PolicyAnnotation) ?? "";
        if (text.IndexOf('/') is var slash && slash >= 0 && slash < text.Length - 1)
            _queue.Add(new EntityKey(text[..slash], text[(slash + 1)..]));
    }

    /// <summary>The policy that owns the session, unless it is progress alone, which comes every few seconds.</summary>
    public void Changed(Change<SessionEntity> change)
    {
        if (PolicyRun.Owner(change.New) is not { Name.Length: > 0 } owner)
            return;
        if (
            change is { Kind: ChangeKind.Updated, Old: { } old }
            && PolicyRun.Relevant(old) == PolicyRun.Relevant(change.New)
        )
            return;
        _queue.Add(new EntityKey(change.New.Namespace, owner.Name));
    }
}
