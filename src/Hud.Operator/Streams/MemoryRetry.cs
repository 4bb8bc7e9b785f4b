namespace Hud.Operator.Streams;

/// <summary>
/// For what fits by its bounds: where the heap is full all the same, others hold more than they need for a moment. That is nobody's fault,
/// least of all the session's whose profile comes just then.
/// </summary>
public static class MemoryRetry
{
    public const int Tries = 4;

    /// <summary>What to do when it was not for a moment.</summary>
    public const string Advice =
        "the operator has too little memory to open it; raise the memory limit of its container";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <exception cref="OutOfMemoryException">There was no room the last time either.</exception>
    public static async Task<T> RunAsync<T>(Func<T> work, TimeProvider time, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return work();
            }
            catch (OutOfMemoryException) when (attempt < Tries)
            {
                OperatorMeter.MemoryRetries.Add(1);
            }
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            await Task.Delay(Pause * attempt, time, cancel).ConfigureAwait(false);
        }
    }
}
