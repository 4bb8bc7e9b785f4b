using Hud.Elf;

namespace Hud.NodeAgent.Kernel;

/// <summary>System call numbers as names. The same name means the same call on both processors.</summary>
public static class SyscallNames
{
    private static readonly string?[] X64 = Table(X64Calls.Runs);
    private static readonly string?[] AArch64 = Table(AArch64Calls.Runs);

    /// <summary>The name, <c>syscall_NNN</c> for a number without one, and "" for -1: no call, the thread was
    /// preempted or faulted.</summary>
    public static string Name(ElfMachine machine, long number)
    {
        var table = machine == ElfMachine.AArch64 ? AArch64 : X64;
        if (number < 0)
        {
            return "";
        }

        return number < table.Length && table[number] is { } name ? name : $"syscall_{number}";
    }

    private static string?[] Table((int First, string Names)[] runs)
    {
        var (lastFirst, lastNames) = runs[^1];
        var table = new string?[lastFirst + lastNames.Split(' ').Length];
        foreach (var (first, names) in runs)
        {
            names.Split(' ').CopyTo(table, first);
        }

        return table;
    }
}
