namespace Hud.Kubernetes;

/// <summary>What a reconcile wants next.</summary>
/// <param name="RequeueAfter">Null: nothing until something changes.</param>
public readonly record struct ReconcileResult(TimeSpan? RequeueAfter)
{
    public static ReconcileResult Done => new(null);

    public static ReconcileResult After(TimeSpan delay) => new(delay);
}

/// <summary>Brings the world in line with the object of a key. Level-based: it looks at what is, never at what happened.</summary>
public interface IEntityController
{
    Task<ReconcileResult> ReconcileAsync(EntityKey key, CancellationToken cancel);
}

/// <summary>Workers that take keys from a queue and reconcile them, with a growing pause after failures.</summary>
public sealed class ControllerRunner(
    string name,
    IEntityController controller,
    WorkQueue<EntityKey> queue,
    int workers,
    TimeProvider time
)
{
    private readonly KeyValuePair<string, object?> _tag = new("controller", name);

    /// <summary>Told about every reconcile that threw.</summary>
    public Action<EntityKey, Exception>? OnError { get; init; }

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
                var result = await controller.ReconcileAsync(key, cancel).ConfigureAwait(false);
                queue.Forget(key);
                if (result.RequeueAfter is { } after)
                {
                    outcome = "requeue_after";
                    queue.AddAfter(key, after);
                }
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // the loop must outlive any reconcile; the error is told, counted and tried again
            catch (Exception e)
#pragma warning restore CA1031
            {
                outcome = "error";
                KubernetesMeter.ReconcileErrors.Add(1, _tag);
                OnError?.Invoke(key, e);
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
}
