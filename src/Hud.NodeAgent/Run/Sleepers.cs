using System.Runtime.InteropServices;
using Hud.Analysis;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;
using Hud.Unwinding;

namespace Hud.NodeAgent.Run;

/// <summary>
/// Reads the stacks of threads that were asleep before the programs saw them: they are not switched out while the agent looks, and
/// a worker that sleeps in a poll forever would never show. Twice around the reading the kernel says whether they still sleep.
/// </summary>
internal sealed class Sleepers(
    IKernelProbes kernel,
    IReadOnlyList<TargetProcess> targets,
    StackStoreOf keep,
    OutsidePolls outside
)
{
    private const int MaxAtOnce = 1024;
    private const int StackBytes = 64 * 1024;
    private const int ParkBytes = 4 * 1024; // a parked worker stands near the beginning of its stack

    /// <summary>Also has the polls recorded that are open.</summary>
    public void Look()
    {
        // first all memory, then all stacks: finding the unwind tables of a large program takes longer than many a sleep
        var read = new List<(SleeperRecord Sleeper, byte[] Stack)>();
        foreach (var seen in kernel.RecordOpenPolls())
        {
            if (targets.RowOf(seen.Target) is not { } row)
                continue;
            var sleeper = seen with { Target = (uint)row };
            if (!outside.IsKnown(sleeper) && read.Count < MaxAtOnce)
                read.Add((sleeper, Read(targets[(int)sleeper.Target], sleeper)));
        }

        if (read.Count == 0)
            return;
        var still = kernel.RecordOpenPolls().Select(Identity).ToHashSet();
        foreach (var (sleeper, stack) in read)
        {
            if (still.Contains(Identity(sleeper)))
                outside.AddSleeper(sleeper, Keep(targets[(int)sleeper.Target], sleeper, stack), Words(stack));
        }

        kernel.RecordOpenPolls(); // takes the roles over
    }

    private static (uint, ulong, ulong) Identity(SleeperRecord sleeper) =>
        (sleeper.NsTid, sleeper.OffAtNs, sleeper.Switches);

    private static byte[] Read(TargetProcess target, in SleeperRecord sleeper) =>
        TargetFiles.TryReadMemory(
            target.Pid,
            UserRegisters.FromX64(sleeper.Registers).Sp,
            StackBytes,
            out byte[]? stack
        )
            ? stack
            : [];

    private StackId Keep(TargetProcess target, in SleeperRecord sleeper, byte[] stack) =>
        stack.Length > 0 && target.Modules is not null
            ? keep(target, UserRegisters.FromX64(sleeper.Registers), stack)
            : StackId.None;

    private static ulong[] Words(byte[] stack) =>
        MemoryMarshal.Cast<byte, ulong>(stack.AsSpan(0, Math.Min(stack.Length, ParkBytes) & ~7)).ToArray();
}

/// <summary>Unwinds a stack and keeps it.</summary>
internal delegate StackId StackStoreOf(TargetProcess target, UserRegisters registers, ReadOnlySpan<byte> stack);
