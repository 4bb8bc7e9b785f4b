using System.Globalization;
using Hud.Analysis;
using Hud.Frames;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;
using Hud.Unwinding;

namespace Hud.NodeAgent.Run;

/// <summary>
/// Finds workers that sleep: no task polls on them, so no probe ever sees them, but they count when a share of worker time is
/// reported. Pool threads have the same name, so the stack in which a thread is parked decides.
/// </summary>
internal static class ParkedWorkers
{
    private const int MaxThreads = 512;
    private const int StackBytes = 16 * 1024;

    public static List<WorkerFacts> Find(TargetProcess target, IFrameSource names)
    {
        var found = new List<WorkerFacts>();
        if (target.Modules is null)
            return found;
        foreach (int tid in ProcFs.Threads(target.Pid).Take(MaxThreads))
        {
            if (
                !TryParseSyscall(
                    ProcFs.ReadText($"/proc/{target.Pid}/task/{tid}/syscall"),
                    out string syscall,
                    out ulong sp,
                    out ulong pc
                ) || !TargetFiles.TryReadMemory(target.Pid, sp, StackBytes, out byte[]? stack)
            )
                continue;
            var registers = new UserRegisters(TargetInspector.NativeMachine);
            registers[registers.PcRegister] = pc;
            registers[registers.SpRegister] = sp;
            var unwound = Unwinder.Unwind(registers, stack, target.Modules, CaptureEnd.Anywhere);
            ulong[] addresses = [.. unwound.Frames.Select(f => f.LookupAddress)];
            var frames = names.Resolve(target.Id, addresses, exact: false);
            if (ThreadActivities.Of(frames, taskPoll: false, syscall, whole: true) == ThreadActivity.Parked)
                found.Add(
                    new WorkerFacts
                    {
                        Target = target.Id,
                        Tid = tid,
                        Name = ProcFs.ThreadName(target.Pid, tid),
                        Histogram = new long[Abi.HistogramSlots],
                        Idle = true,
                        Alone = ThreadActivities.IsAlone(frames),
                    }
                );
        }

        return found;
    }

    /// <summary>
    /// /proc/PID/task/TID/syscall: <c>232 0x3 0x... (six arguments) 0x7ffd1c6bb8a8 0x7f1e5f3e2a3d</c>: number, arguments, stack
    /// pointer, program counter; <c>running</c> for a thread on a CPU.
    /// </summary>
    internal static bool TryParseSyscall(string text, out string syscall, out ulong sp, out ulong pc)
    {
        sp = pc = 0;
        string[] fields = text.TrimEnd('\n').Split(' ');
        syscall = int.TryParse(fields[0], CultureInfo.InvariantCulture, out int number)
            ? OutsidePolls.Name(number)
            : "";
        return fields.Length >= 3 && TryHex(fields[^2], out sp) && TryHex(fields[^1], out pc);
    }

    private static bool TryHex(string text, out ulong value)
    {
        value = 0;
        return text.StartsWith("0x", StringComparison.Ordinal)
            && ulong.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out value);
    }
}
