using System.Runtime.InteropServices;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Proc;
using Hud.Profiling.Events;
using Hud.Profiling.Stacks;

namespace Hud.NodeAgent.Run;

/// <summary>
/// Reads the stacks of threads that were asleep before the programs saw them: they are not switched out while anybody looks, and
/// a worker that sleeps in a poll for ever would never show. Twice around the reading the kernel says whether they still sleep.
/// </summary>
internal sealed class Sleepers(
    KernelSide kernel,
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
        var read = new List<(SleeperRecord Sleeper, int Stack, ulong[] Words)>();
        foreach (var sleeper in kernel.RecordOpenPolls())
        {
            if (sleeper.Target < targets.Count && !outside.IsKnown(sleeper) && read.Count < MaxAtOnce)
                read.Add(Read(targets[(int)sleeper.Target], sleeper));
        }

        if (read.Count == 0)
            return;
        var still = kernel.RecordOpenPolls().Select(Identity).ToHashSet();
        foreach (var (sleeper, stack, words) in read)
        {
            if (still.Contains(Identity(sleeper)))
                outside.AddSleeper(sleeper, stack, words);
        }

        kernel.RecordOpenPolls(); // takes the roles over
    }

    private static (uint, ulong, ulong) Identity(SleeperRecord sleeper) =>
        (sleeper.NsTid, sleeper.OffAtNs, sleeper.Switches);

    private (SleeperRecord, int, ulong[]) Read(TargetProcess target, in SleeperRecord sleeper)
    {
        var registers = UserRegisters.FromX64(sleeper.Registers);
        return
            target.Modules is not null
            && TargetFiles.TryReadMemory(target.Pid, registers.Sp, StackBytes, out byte[]? stack)
            ? (
                sleeper,
                keep(target, registers, stack),
                MemoryMarshal.Cast<byte, ulong>(stack.AsSpan(0, Math.Min(stack.Length, ParkBytes) & ~7)).ToArray()
            )
            : (sleeper, -1, []);
    }
}

/// <summary>Unwinds a stack and keeps it; its number, or -1.</summary>
internal delegate int StackStoreOf(TargetProcess target, UserRegisters registers, ReadOnlySpan<byte> stack);
