namespace Hud.Metrics;

/// <summary>
/// Keeps the heap of a process that serves metrics near what lives on it. All of a large message survives, from which the collector concludes that it
/// need not look again for tens of MB; and a page of many series makes some 60 MB of what is gone a moment later.
/// </summary>
internal sealed class HeapKeeper
{
    private const long YoungBytes = 1 << 20,
        AllBytes = 8 << 20;

    private readonly Lock _gate = new();
    private long _lookedAt = GC.GetTotalAllocatedBytes();
    private long _collectedAllAt = GC.GetTotalAllocatedBytes();

    /// <summary>To be called often, from any thread.</summary>
    public void Look()
    {
        if (GC.GetTotalAllocatedBytes() - Volatile.Read(ref _lookedAt) < YoungBytes || !_gate.TryEnter())
            return;
        try
        {
            long now = GC.GetTotalAllocatedBytes();
            Volatile.Write(ref _lookedAt, now);
            bool all = now - _collectedAllAt >= AllBytes;
            if (all)
                _collectedAllAt = now;
            if (all)
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            else
                GC.Collect(0, GCCollectionMode.Forced, blocking: true);
        }
        finally
        {
            _gate.Exit();
        }
    }
}
