using Hud.Core.Profile;

namespace Hud.WorkloadTests.Harness;

/// <summary>What a report may say about one kind of block.</summary>
internal sealed record Expectation(IReadOnlyList<HotspotCause> Causes, IReadOnlyList<string> Syscalls)
{
    /// <summary>The truth table. A sleep in a futex is a wait for another thread, in every build.</summary>
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
            "mutex" or "channel" or "block_on" or "condvar" or "join" => new([HotspotCause.LockWait], ["futex"]),
            // gives its CPU away again and again: the code's own time, whoever had the CPU meanwhile
            "spin" => new([HotspotCause.OnCpu], []),
            // Short by design; what makes it long is the machine, and a stolen CPU looks like computing. Outside any task: no poll.
            "steady" or "root" => null,
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no row in the truth table"),
        };
}
