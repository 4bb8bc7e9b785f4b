using k8s.Models;

namespace Hud.Kubernetes;

public sealed class LeaderElectionOptions
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    /// <summary>Unique per process, e.g. pod name and a random part.</summary>
    public required string Identity { get; init; }

    /// <summary>How long others wait after the last renewal they saw.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long after its last renewal the holder stops by itself; well below <see cref="LeaseDuration"/>.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public Action<string>? OnLog { get; init; }
}

/// <summary>
/// One leader among several replicas, by a Lease. No wall clock is compared with another machine's: a candidate counts time from when it saw the
/// lease change, and the holder counts from before it sent the renewal that succeeded, both on monotonic clocks. The holder gives up
/// after <see cref="LeaderElectionOptions.RenewDeadline"/>, before anyone else may begin.
/// </summary>
/// <param name="client">A client without <see cref="KubernetesClientOptions.MayWrite"/>: the lease must be written without holding it.</param>
public sealed class LeaderElector(KubernetesClient client, LeaderElectionOptions options)
{
    /// <summary>Well within what a kubelet gives a process to end. The lease runs out by itself not much later.</summary>
    private static readonly TimeSpan ReleaseWithin = TimeSpan.FromSeconds(8);

    private long _renewedAt;
    private int _leading;
    private string? _seenVersion;
    private long _seenAt;

    /// <summary>True while writes are safe. It turns false by time alone, even if nothing runs to notice.</summary>
    public bool IsLeader =>
        Volatile.Read(ref _leading) == 1
        && options.Time.GetElapsedTime(Interlocked.Read(ref _renewedAt)) < options.RenewDeadline;

    public string? ObservedHolder { get; private set; }

    /// <summary>
    /// Waits for the lease, runs <paramref name="lead"/> with a token that is cancelled when the lease is lost, and returns when either
    /// <paramref name="cancel"/> is (the lease is then given back) or the lease was lost.
    /// </summary>
    public async Task RunAsync(Func<CancellationToken, Task> lead, CancellationToken cancel)
    {
        while (!await TryAcquireOrRenewAsync(cancel).ConfigureAwait(false))
            await Task.Delay(Jitter(options.RetryPeriod), options.Time, cancel).ConfigureAwait(false);
        options.OnLog?.Invoke("became leader");
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var work = Begin(lead, lost.Token);
        var renewing = RenewAsync(lost.Token);
        var first = await Task.WhenAny(work, renewing).ConfigureAwait(false);
        if (first == renewing && !cancel.IsCancellationRequested)
            options.OnLog?.Invoke("lost the lease");
        // work ends before the lease is handed over, or two would write
        await lost.CancelAsync().ConfigureAwait(false);
        try
        {
            await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested)
        {
            // that is how it ends
        }
        finally
        {
            // also when the work failed: a lease that is neither kept nor given back makes the next leader wait for nothing
            await renewing.ConfigureAwait(false);
            if (IsLeader)
                await ReleaseAsync().ConfigureAwait(false);
            Volatile.Write(ref _leading, 0);
        }
    }

    /// <summary>What throws before its first await fails like what throws after it.</summary>
    private static async Task Begin(Func<CancellationToken, Task> lead, CancellationToken lost) =>
        await lead(lost).ConfigureAwait(false);

    private async Task RenewAsync(CancellationToken cancel)
    {
        while (IsLeader)
        {
            try
            {
                await Task.Delay(options.RetryPeriod, options.Time, cancel).ConfigureAwait(false);
                // a renewal that hangs must not keep the loop past the deadline
                var left = options.RenewDeadline - options.Time.GetElapsedTime(Interlocked.Read(ref _renewedAt));
                if (left <= TimeSpan.Zero)
                    return;
                using var deadline = new CancellationTokenSource(left, options.Time);
                using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
                if (!await TryAcquireOrRenewAsync(both.Token).ConfigureAwait(false) && Volatile.Read(ref _leading) == 0)
                    return;
            }
            catch (OperationCanceledException)
            {
                if (cancel.IsCancellationRequested)
                    return;
            }
        }
    }

    /// <returns>True when the lease is ours. Failures to reach the server are false: nothing is known.</returns>
    private async Task<bool> TryAcquireOrRenewAsync(CancellationToken cancel)
    {
        var before = options.Time.GetTimestamp();
        try
        {
            var lease = await client
                .TryGetAsync(EntityTypes.Leases, options.Namespace, options.Name, cancel)
                .ConfigureAwait(false);
            if (lease is null)
            {
                await client.CreateAsync(EntityTypes.Leases, Ours(null), cancel).ConfigureAwait(false);
            }
            else
            {
                Observe(lease);
                var holder = lease.Spec.HolderIdentity;
                if (!string.IsNullOrEmpty(holder) && holder != options.Identity)
                {
                    Volatile.Write(ref _leading, 0); // someone else has it, whatever we thought
                    var theirs = TimeSpan.FromSeconds(
                        lease.Spec.LeaseDurationSeconds ?? options.LeaseDuration.TotalSeconds
                    );
                    if (options.Time.GetElapsedTime(_seenAt) < theirs)
                        return false;
                }
                await client.ReplaceAsync(EntityTypes.Leases, Ours(lease), cancel).ConfigureAwait(false);
            }
            Interlocked.Exchange(ref _renewedAt, before);
            Volatile.Write(ref _leading, 1);
            ObservedHolder = options.Identity;
            return true;
        }
        catch (Exception e) when (e is ConflictException or AlreadyExistsException)
        {
            return false; // another candidate was faster; the next round reads what it wrote
        }
        catch (Exception e) when (e is KubernetesException or TransportException)
        {
            options.OnLog?.Invoke("the lease could not be read or written: " + e.Message);
            return false;
        }
    }

    private void Observe(V1Lease lease)
    {
        ObservedHolder = lease.Spec.HolderIdentity;
        if (lease.Metadata.ResourceVersion == _seenVersion)
            return;
        _seenVersion = lease.Metadata.ResourceVersion;
        _seenAt = options.Time.GetTimestamp();
    }

    private V1Lease Ours(V1Lease? old)
    {
        var now = options.Time.GetUtcNow().UtcDateTime;
        var mine = old?.Spec.HolderIdentity == options.Identity;
        return new V1Lease
        {
            Metadata = new V1ObjectMeta
            {
                Name = options.Name,
                NamespaceProperty = options.Namespace,
                ResourceVersion = old?.Metadata.ResourceVersion,
            },
            Spec = new V1LeaseSpec
            {
                HolderIdentity = options.Identity,
                LeaseDurationSeconds = Math.Max(1, (int)options.LeaseDuration.TotalSeconds),
                AcquireTime = mine ? old!.Spec.AcquireTime : now,
                RenewTime = now,
                LeaseTransitions = old is null ? 0 : (old.Spec.LeaseTransitions ?? 0) + (mine ? 0 : 1),
            },
        };
    }

    /// <summary>Gives the lease back, so that the next leader need not wait. Failing is harmless: it runs out.</summary>
    private async Task ReleaseAsync()
    {
        using var deadline = new CancellationTokenSource(ReleaseWithin, options.Time);
        try
        {
            var lease = await client
                .GetAsync(EntityTypes.Leases, options.Namespace, options.Name, deadline.Token)
                .ConfigureAwait(false);
            if (lease.Spec.HolderIdentity != options.Identity)
                return;
            lease.Spec.HolderIdentity = "";
            lease.Spec.LeaseDurationSeconds = 1;
            await client.ReplaceAsync(EntityTypes.Leases, lease, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is KubernetesException or TransportException or OperationCanceledException)
        {
            options.OnLog?.Invoke("the lease was not given back and runs out instead: " + e.Message);
        }
    }

    private static TimeSpan Jitter(TimeSpan period) => period * (1 + (0.2 * Random.Shared.NextDouble()));
}
