using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Operator.Streams;

/// <summary>
/// Everything that profiles may take of the operator's memory, whatever agents send and however many end at once: a few are received at a
/// time, one is open as objects, and those that wait for their sessions share one budget. All else waits in the agents' logs.
/// </summary>
public sealed class ProfileIntake(TimeProvider time) : IDisposable
{
    /// <summary>Followers that may hold parts of a profile at the same time, each at most <see cref="StreamLimits.MaxCompressedProfileBytes"/>.</summary>
    public const int MaxReceiving = 8;

    /// <summary>Compressed profiles of agents whose sessions have not ended.</summary>
    public const int MaxHeldBytes = 24 << 20;

    /// <summary>What each of four hundred more is sure of, however large those before it are. No profile is cut below it.</summary>
    private const int MinShare = 16 << 10;
    private const int Reserve = 400 * MinShare;

    private readonly SemaphoreSlim _receiving = new(MaxReceiving);
    private readonly SemaphoreSlim _open = new(1);
    private int _held;

    public int HeldBytes => Volatile.Read(ref _held);

    /// <summary>Waits for a place among those that receive.</summary>
    public Task<IDisposable> ReceiveAsync(CancellationToken cancel) => EnterAsync(_receiving, cancel);

    /// <summary>Until it is disposed, no other profile is open.</summary>
    public Task<IDisposable> OpenAsync(CancellationToken cancel) => EnterAsync(_open, cancel);

    /// <summary>
    /// Reads a profile to see that it can be read, cuts it if it is more than its share, and keeps it packed. Never holds more than
    /// <see cref="MaxHeldBytes"/>: one profile takes a sixteenth of what is left at most, so that later ones are cut, which their losses say,
    /// before any is refused.
    /// </summary>
    /// <param name="agents">Agents of the session: at its end their profiles are open together and count as one.</param>
    /// <param name="part">What of the profile is kept, or null and why it cannot be used; null: all of it.</param>
    /// <returns>The profile, to be given back with <see cref="Release"/>, or null and why not.</returns>
    public async Task<(PackedProfile? Profile, string Error)> KeepAsync(
        byte[] compressed,
        int agents,
        CancellationToken cancel,
        Func<ProfileDocument, (ProfileDocument? Part, string Error)>? part = null
    )
    {
        using var alone = await OpenAsync(cancel).ConfigureAwait(false);
        try
        {
            return await MemoryRetry.RunAsync(() => Keep(compressed, agents, part), time, cancel).ConfigureAwait(false);
        }
        catch (OutOfMemoryException)
        {
            return (null, MemoryRetry.Advice);
        }
    }

    private (PackedProfile? Profile, string Error) Keep(
        byte[] compressed,
        int agents,
        Func<ProfileDocument, (ProfileDocument? Part, string Error)>? part
    )
    {
        var document = ProfilePack.Open(compressed, out var weight, out var error);
        if (document is { } whole && part is not null)
            (document, error) = Part(whole, part);
        if (document is null)
            return (null, error);
        var left = MaxHeldBytes - HeldBytes;
        var bytes = Math.Min(
            StreamLimits.MaxCompressedProfileBytes * 2 / (agents + 1),
            Math.Max(MinShare, (left - Reserve) / 16)
        );
        var heap = StreamLimits.MaxProfileHeapBytes / agents;
        if (part is not null || compressed.Length > bytes || weight > heap)
        {
            try
            {
                (document, compressed) = ProfileFitter.Fit(document, bytes, heap);
            }
#pragma warning disable CA1031 // what an agent wrote is at fault, whatever it trips over: its own session ends with that, and no other
            catch (Exception e) when (e is not OutOfMemoryException)
#pragma warning restore CA1031
            {
                return (null, "the profile cannot be cut: " + e.Message);
            }
        }
        if (compressed.Length > left)
            return (
                null,
                $"{MaxHeldBytes >> 20} MiB of profiles wait for the ends of their sessions, and there is no room for another; run fewer sessions at once"
            );
        Interlocked.Add(ref _held, compressed.Length);
        return (new PackedProfile(compressed, document.Targets), "");
    }

    private static (ProfileDocument? Document, string Error) Part(
        ProfileDocument document,
        Func<ProfileDocument, (ProfileDocument? Part, string Error)> part
    )
    {
        try
        {
            return part(document);
        }
#pragma warning disable CA1031 // as where it is cut
        catch (Exception e) when (e is not OutOfMemoryException)
#pragma warning restore CA1031
        {
            return (null, "the profile cannot be read: " + e.Message);
        }
    }

    public void Release(PackedProfile? profile)
    {
        if (profile is not null)
            Interlocked.Add(ref _held, -profile.Bytes.Length);
    }

    public void Dispose()
    {
        _receiving.Dispose();
        _open.Dispose();
    }

    private static async Task<IDisposable> EnterAsync(SemaphoreSlim gate, CancellationToken cancel)
    {
        await gate.WaitAsync(cancel).ConfigureAwait(false);
        return new Place(gate);
    }

    private sealed class Place(SemaphoreSlim gate) : IDisposable
    {
        private SemaphoreSlim? _gate = gate;

        public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Release();
    }
}
