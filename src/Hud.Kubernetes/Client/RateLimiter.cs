namespace Hud.Kubernetes;

/// <summary>
/// A token bucket in front of every request, so that an operator gone wild is slow instead of a burden. Waiters go first come first served:
/// each takes its place by letting the balance go negative and sleeps until that place is paid for.
/// </summary>
public sealed class RateLimiter(double perSecond, int burst, TimeProvider time)
{
    private readonly Lock _lock = new();
    private double _balance = burst;
    private long _at = time.GetTimestamp();

    /// <returns>How long the caller has to wait before it sends.</returns>
    public TimeSpan Reserve()
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            _balance = Math.Min(burst, _balance + (time.GetElapsedTime(_at, now).TotalSeconds * perSecond));
            _at = now;
            _balance -= 1;
            return _balance >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_balance / perSecond);
        }
    }

    /// <summary>Returns once this many requests could be sent without a wait, and takes no place: for who would rather begin later than wait midway.</summary>
    public async Task RoomAsync(int requests, CancellationToken cancel)
    {
        while (UntilRoom(Math.Min(requests, burst)) is { Ticks: > 0 } wait)
            await Task.Delay(wait, time, cancel).ConfigureAwait(false);
    }

    private TimeSpan UntilRoom(int requests)
    {
        lock (_lock)
        {
            var balance = _balance + (time.GetElapsedTime(_at).TotalSeconds * perSecond);
            return balance >= requests
                ? TimeSpan.Zero
                : TimeSpan.FromSeconds((requests - balance) / perSecond) + TimeSpan.FromMilliseconds(1);
        }
    }

    public Task WaitAsync(CancellationToken cancel)
    {
        var wait = Reserve();
        return wait > TimeSpan.Zero ? Task.Delay(wait, time, cancel) : Task.CompletedTask;
    }
}
