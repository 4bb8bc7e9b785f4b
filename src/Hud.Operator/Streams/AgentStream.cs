using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Operator.Reconcile;

namespace Hud.Operator.Streams;

/// <summary>What is known of one agent's stream at one moment. Immutable, so a reconcile sees one state.</summary>
public sealed record StreamSnapshot
{
    public static readonly StreamSnapshot Empty = new();

    public HelloMessage? Hello { get; init; }

    /// <summary>Latest message per target index.</summary>
    public IReadOnlyDictionary<int, TargetProfile> Targets { get; init; } = new Dictionary<int, TargetProfile>();

    public ProgressMessage? Progress { get; init; }
    public PackedProfile? Profile { get; init; }
    public string ProfileError { get; init; } = "";
    public EndMessage? EndMessage { get; init; }
    public long MissingLines { get; init; }
    public long BadLines { get; init; }

    /// <summary>Number of the last message that was read; 0 before the first.</summary>
    public long LastSeq { get; init; }

    /// <summary>Why the log could not be read the last time; empty since a message came.</summary>
    public string Trouble { get; init; } = "";

    /// <summary>When its last word or its end was read, by the clock's timestamps; null before.</summary>
    public long? EndedAt { get; init; }

    /// <summary>The log was read to its end after the container had ended: nothing more will come.</summary>
    public bool ReadToEnd { get; init; }

    /// <summary>Attached to at least one target, so time is being measured.</summary>
    public bool Started =>
        Progress is not null || Profile is not null || Targets.Values.Any(t => t.State == Core.Api.TargetState.Running);

    /// <summary>The agent said its last word, or never will.</summary>
    public bool Ended => EndMessage is not null || ReadToEnd;
}

/// <summary>Collects one agent's stream. One writer (the follower), any number of readers.</summary>
public sealed class AgentStream(TimeProvider time)
{
    // what a status of any session can show of the stacks in a progress line
    private const int ProgressStack = StatusSizeLimiter.MaxStack;

    private readonly AgentStreamReader _reader = new(open: false);
    private readonly Lock _keeping = new();
    private bool _closed;
    private readonly Dictionary<int, TargetProfile> _targets = [];
    private StreamSnapshot _snapshot = StreamSnapshot.Empty;

    public StreamSnapshot Snapshot => Volatile.Read(ref _snapshot);

    /// <summary>The highest number of all messages up to now.</summary>
    public long LastSeq => _reader.LastSeq;

    /// <summary>The highest number of the messages of this reading, new or not.</summary>
    public long ReadSeq => _reader.ReadSeq;

    /// <summary>The log is about to be read from its start.</summary>
    public void BeginReading() => _reader.BeginReading();

    /// <summary>The log could not be read, or not further.</summary>
    public void Fail(string trouble) => Volatile.Write(ref _snapshot, Snapshot with { Trouble = trouble });

    /// <returns>True for news that a reconcile should see now; progress alone can wait.</returns>
    public bool Accept(ReadOnlySpan<byte> line)
    {
        var message = _reader.Accept(line);
        var now = Snapshot with
        {
            MissingLines = _reader.MissingLines,
            BadLines = _reader.BadLines,
            LastSeq = _reader.LastSeq,
            Trouble = message is null ? Snapshot.Trouble : "",
        };
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
                now = now with { Progress = Shown(progress) };
                break;
            case ProfilePartMessage:
                now = now with { ProfileError = _reader.ProfileError };
                break;
            case EndMessage ending:
                now = now with
                {
                    EndMessage = ending,
                    ProfileError =
                        now.Profile is null && now.ProfileError.Length == 0 ? _reader.ProfileError : now.ProfileError,
                    EndedAt = now.EndedAt ?? time.GetTimestamp(),
                };
                break;
        }
        Volatile.Write(ref _snapshot, now);
        return message is HelloMessage or TargetMessage or EndMessage || (first && now.Started);
    }

    /// <summary>Parts of the profile have come and others are missing.</summary>
    public bool IsReceiving => _reader.IsReceiving;

    /// <summary>After a reading that ended: what came of an unfinished profile is let go, and comes again with the next.</summary>
    public void Rewind() => _reader.Rewind();

    /// <summary>The profile that the last line made whole; null after any other.</summary>
    public byte[]? TakePacked() => _reader.TakePacked();

    /// <returns>False when it is no longer wanted.</returns>
    public bool Keep(PackedProfile? profile, string error)
    {
        lock (_keeping)
        {
            if (_closed)
                return false;
            Volatile.Write(ref _snapshot, Snapshot with { Profile = profile, ProfileError = error });
            return true;
        }
    }

    /// <summary>Nothing is kept from now on.</summary>
    /// <returns>What was kept.</returns>
    public PackedProfile? Close()
    {
        lock (_keeping)
        {
            _closed = true;
            return Snapshot.Profile;
        }
    }

    /// <summary>What decisions look at. The rest of a line is for cockpits, and hundreds of agents speak at once.</summary>
    private static ProgressMessage Shown(ProgressMessage progress) =>
        progress with
        {
            Workers = [],
            Tasks = [.. progress.Tasks.ByWait().Take(1).Select(Shown)],
            SlowPolls = [],
            Hotspots =
            [
                .. progress
                    .Hotspots.Where(h => h is not null)
                    .Take(StreamLimits.ProgressHotspots)
                    .Select(h => h with { Stack = [.. h.Stack.Take(ProgressStack)], HolderStack = [] }),
            ],
        };

    private static TaskProfile Shown(TaskProfile task) =>
        task with
        {
            Histogram = [],
            Waits = task.Waits! with { Histogram = [], Behind = [.. task.Waits.Behind.Take(1)] },
        };

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
