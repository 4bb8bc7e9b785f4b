using k8s;
using k8s.Models;

namespace Hud.Kubernetes;

/// <summary>
/// Workers that take keys from a queue and reconcile them, with a growing pause after failures. KubeOps has an
/// <c>EntityQueueBackgroundService&lt;TEntity&gt;</c> in this place.
/// </summary>
public sealed class ControllerRunner<TEntity>(
    string name,
    Reconciler<TEntity> reconciler,
    WorkQueue<EntityKey> queue,
    int workers,
    TimeProvider time
)
    where TEntity : class, IKubernetesObject<V1ObjectMeta>, new()
{
    private readonly KeyValuePair<string, object?> _tag = new("controller", name);

    /// <summary>Called for every reconcile that threw or ended as a failure; the exception is null where a failure has none.</summary>
    public Action<EntityKey, string, Exception?>? OnError { get; init; }

    /// <summary>
    /// Waited for before a key is taken: what waits in the queue is still merged with what changes meanwhile and takes turns, what
    /// waits midway holds a worker.
    /// </summary>
    public Func<CancellationToken, Task> Room { get; init; } = static _ => Task.CompletedTask;

    /// <summary>Runs until cancelled; a reconcile in progress is cancelled with it and waited for.</summary>
    public Task RunAsync(CancellationToken cancel)
    {
        KubernetesMeter.MaxWorkers.Record(workers, _tag);
        queue.Watch();
        return Task.WhenAll(
            Enumerable.Range(0, workers).Select(_ => Task.Run(() => WorkAsync(cancel), CancellationToken.None))
        );
    }

    private async Task WorkAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            EntityKey key;
            try
            {
                await Room(cancel).ConfigureAwait(false);
                key = await queue.TakeAsync(cancel).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            var started = time.GetTimestamp();
            KubernetesMeter.ActiveWorkers.Add(1, _tag);
            var outcome = "success";
            try
            {
                outcome = Settle(key, await reconciler.ReconcileAsync(key, cancel).ConfigureAwait(false));
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // the loop must outlive any reconcile; the error is reported, counted and tried again
            catch (Exception e)
#pragma warning restore CA1031
            {
                outcome = "error";
                Failed(key, e.Message, e);
                queue.AddRateLimited(key);
            }
            finally
            {
                queue.Done(key);
                KubernetesMeter.ActiveWorkers.Add(-1, _tag);
                KubernetesMeter.Reconciles.Add(1, _tag, new KeyValuePair<string, object?>("result", outcome));
                KubernetesMeter.ReconcileTime.Record(time.GetElapsedTime(started).TotalSeconds, _tag);
            }
        }
    }

    /// <summary>Puts the key back if the result wants that.</summary>
    /// <returns>How the metrics call the result.</returns>
    private string Settle(EntityKey key, ReconciliationResult<TEntity> result)
    {
        if (result.IsSuccess)
            queue.Forget(key);
        else
            Failed(key, result.ErrorMessage, result.Error);
        if (result.RequeueAfter is { } after)
            queue.AddAfter(key, after);
        else if (!result.IsSuccess)
            queue.AddRateLimited(key);
        return !result.IsSuccess ? "error"
            : result.RequeueAfter is null ? "success"
            : "requeue_after";
    }

    private void Failed(EntityKey key, string message, Exception? error)
    {
        KubernetesMeter.ReconcileErrors.Add(1, _tag);
        OnError?.Invoke(key, message, error);
    }
}
