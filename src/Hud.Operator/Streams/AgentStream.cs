using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Operator.Streams;

/// <summary>What is known of one agent's stream at one moment. Immutable, so a reconcile sees one state.</summary>
public sealed record StreamSnapshot
{
    public static readonly StreamSnapshot Empty = new();

    public HelloMessage? Hello { get; init; }

    /// <summary>Latest message per target index.</summary>
    public IReadOnlyDictionary<int, TargetProfile> Targets { get; init; } = new Dictionary<int, TargetProfile>();

    public ProgressMessage? Progress { get; init; }
    public ProfileDocument? Profile { get; init; }
    public string ProfileError { get; init; } = "";
    public ByeMessage? Bye { get; init; }
    public long MissingLines { get; init; }
    public long BadLines { get; init; }

    /// <summary>When its last word or its end was read, by the clock's timestamps; null before.</summary>
    public long? EndedAt { get; init; }

    /// <summary>The log was read to its end after the container had ended: nothing more will come.</summary>
    public bool ReadToEnd { get; init; }

    /// <summary>Attached to at least one target, so time is being measured.</summary>
    public bool Started =>
        Progress is not null || Profile is not null || Targets.Values.Any(t => t.State == Core.Api.TargetState.Running);

    /// <summary>The agent said its last word, or never will.</summary>
    public bool Ended => Bye is not null || ReadToEnd;
}

/// <summary>Collects one agent's stream. One writer (the follower), any number of readers.</summary>
public sealed class AgentStream(TimeProvider time)
{
    private readonly AgentStreamReader _reader = new();
    private readonly Dictionary<int, TargetProfile> _targets = [];
    private StreamSnapshot _snapshot = StreamSnapshot.Empty;

    public StreamSnapshot Snapshot => Volatile.Read(ref _snapshot);

    /// <returns>True for news that a reconcile should see now; progress alone can wait.</returns>
    public bool Accept(ReadOnlySpan<byte> line)
    {
        var message = _reader.Accept(line);
        var now = Snapshot with { MissingLines = _reader.MissingLines, BadLines = _reader.BadLines };
        var first = !now.Started;
        switch (message)
        {
            case HelloMessage hello:
                now = now with { Hello = hello };
                break;
            case TargetMessage target when target.Index is >= 0 and < 1000:
                _targets[target.Index] = target.Target;
                now = now with { Targets = new Dictionary<int, TargetProfile>(_targets) };
                break;
            case ProgressMessage progress:
                now = now with { Progress = progress };
                break;
            case ProfilePartMessage:
                now = now with { Profile = _reader.Profile, ProfileError = _reader.ProfileError };
                break;
            case ByeMessage bye:
                now = now with
                {
                    Bye = bye,
                    Profile = _reader.Profile,
                    ProfileError = _reader.ProfileError,
                    EndedAt = now.EndedAt ?? time.GetTimestamp(),
                };
                break;
        }
        Volatile.Write(ref _snapshot, now);
        return message is HelloMessage or TargetMessage or ByeMessage || (first && now.Started);
    }

    public void End() =>
        Volatile.Write(
            ref _snapshot,
            Snapshot with
            {
                ReadToEnd = true,
                EndedAt = Snapshot.EndedAt ?? time.GetTimestamp(),
            }
        );
}
