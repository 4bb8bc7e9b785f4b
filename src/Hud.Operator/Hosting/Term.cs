using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Resources;
using k8s.Models;

namespace Hud.Operator.Hosting;

/// <summary>What only the leader does, for as long as it leads.</summary>
internal sealed class Term(
    Informer<SessionEntity> sessions,
    Informer<V1Pod> agents,
    SessionController controller,
    Reconciler<SessionEntity> reconciler,
    WorkQueue<EntityKey> queue,
    OrphanSweep sweep,
    PolicyTerm policies,
    ClusterAccess access,
    OperatorOptions options,
    TimeProvider time,
    Log log
)
{
    private const string Name = "profilingsession";

    /// <summary>Its namespaces take turns. The queue of KubeOps has one line for all of them.</summary>
    public static WorkQueue<EntityKey> Queue(TimeProvider time) =>
        new(time, new Backoff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30)), Name, key => key.Namespace);

    public async Task RunAsync(CancellationToken cancel)
    {
        await Task.WhenAll(sessions.Synced, agents.Synced).WaitAsync(cancel).ConfigureAwait(false);
        controller.AdmitRunning();
        OperatorMeter.Leader.Record(1);
        foreach (var session in sessions.Store.All())
            queue.Add(EntityKey.Of(session));
        var runner = new ControllerRunner<SessionEntity>(Name, reconciler, queue, options.Workers, time)
        {
            Room = access.Writer.RoomAsync,
            OnError = (key, message, e) =>
                log.Warn(
                    "reconcile failed, trying again",
                    ("session", key),
                    ("error", message),
                    ("kind", e?.GetType().Name)
                ),
        };
        try
        {
            await Task.WhenAll(runner.RunAsync(cancel), sweep.RunAsync(cancel), policies.RunAsync(cancel))
                .ConfigureAwait(false);
        }
        finally
        {
            OperatorMeter.Leader.Record(0);
            queue.Close();
        }
    }

    public void Changed(Change<SessionEntity> change)
    {
        if (change.Kind == ChangeKind.Deleted)
            reconciler.Gone(change.New);
        queue.Add(EntityKey.Of(change.New));
        policies.Changed(change);
    }

    public void Changed(Change<PolicyEntity> change) => policies.Changed(change);

    /// <summary>An agent's session, if it names one, or its policy.</summary>
    public void Changed(Change<V1Pod> change)
    {
        policies.Changed(change);
        var text = change.New.GetAnnotation(Names.SessionAnnotation) ?? "";
        if (text.IndexOf('/') is var slash && slash >= 0 && slash < text.Length - 1)
            queue.Add(new EntityKey(text[..slash], text[(slash + 1)..]));
    }
}
