using Hud.Elf;

namespace Hud.Unwinding;

/// <summary>
/// Turns registers and a copy of the stack into frames. Pure: everything about the process comes through
/// <see cref="IModuleLookup"/>. Rules are tried first; where they fail, frame pointers, then a scan for words that look like
/// return addresses; what was used is marked on the frame and the stack.
/// </summary>
public static class Unwinder
{
    /// <summary>
    /// Unwinds. <paramref name="stack"/> starts at the registers' stack pointer; <paramref name="end"/> says what its end means.
    /// </summary>
    public static UnwoundStack Unwind(
        in UserRegisters registers,
        ReadOnlySpan<byte> stack,
        IModuleLookup modules,
        CaptureEnd end = CaptureEnd.Poll,
        UnwindStatistics? statistics = null
    )
    {
        ArgumentNullException.ThrowIfNull(modules);
        var walk = new UnwindWalk(registers, new StackMemory(registers.Sp, stack), modules, end);
        var result = walk.Run();
        statistics?.Count(result);
        return result;
    }
}
