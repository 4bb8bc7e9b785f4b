using Hud.Core.Profile;

namespace Hud.WorkloadTests.Harness;

/// <summary>What a report may say about one kind of block.</summary>
internal sealed record Expectation(IReadOnlyList<HotspotCause> Causes, IReadOnlyList<string> Syscalls)
{
    /// <summary>The truth table. A wait in a futex is a lock wait when the frames say so, else a blocking call: both are right for a channel.</summary>
    public static Expectation? Of(string kind) =>
        kind switch
        {
            "cpu" => new([HotspotCause.OnCpu], []),
            "sleep" => new([HotspotCause.BlockingCall], ["clock_nanosleep", "nanosleep"]),
            "file" => new([HotspotCause.BlockingCall], ["read", "openat"]),
            "fsync" => new([HotspotCause.BlockingCall], ["fsync", "fdatasync"]),
            "dns" => new([HotspotCause.BlockingCall], ["poll", "ppoll", "recvfrom"]),
            // clone3: the parent waits until the child has become the other program.
            "process" => new(
                [HotspotCause.BlockingCall],
                ["poll", "ppoll", "read", "wait4", "waitid", "clone3", "vfork"]
            ),
            "mutex" => new([HotspotCause.LockWait], ["futex"]),
            "channel" or "block_on" => new([HotspotCause.LockWait, HotspotCause.BlockingCall], ["futex"]),
            // Short by design; what makes it long is the machine, and a stolen CPU looks like computing. Outside any task: no poll.
            "steady" or "root" => null,
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no row in the truth table"),
        };
}
