using Hud.Elf;

namespace Hud.Unwinding;

/// <summary>
/// The rules while a call frame program runs: slot 0 is the CFA's, then one slot per register, then the signal-frame flag.
/// A flat array of words, so that comparing, hashing and copying are cheap.
/// </summary>
internal sealed class FrameState
{
    private readonly long[] _slots;

    public FrameState(ElfMachine machine)
    {
        Registers = RegistersOf(machine);
        _slots = new long[Registers + 2];
    }

    public int Registers { get; }

    public Span<long> Slots => _slots;

    public PackedRule Cfa
    {
        get => new(_slots[0]);
        set => _slots[0] = value.Bits;
    }

    public bool SignalFrame
    {
        get => _slots[^1] != 0;
        set => _slots[^1] = value ? 1 : 0;
    }

    public static int RegistersOf(ElfMachine machine) =>
        machine == ElfMachine.X64 ? UserRegisters.X64Rip + 1 : UserRegisters.Count - 1;

    public static int ReturnAddressOf(ElfMachine machine) =>
        machine == ElfMachine.X64 ? UserRegisters.X64Rip : UserRegisters.ArmLr;

    public PackedRule Get(ulong register) =>
        register < (ulong)Registers ? new PackedRule(_slots[register + 1]) : default;

    /// <summary>Registers beyond the integer ones (vector registers) carry nothing that unwinding needs.</summary>
    public void Set(ulong register, PackedRule rule)
    {
        if (register < (ulong)Registers)
        {
            _slots[register + 1] = rule.Bits;
        }
    }

    public void CopyFrom(FrameState other) => other._slots.CopyTo(_slots, 0);

    public void CopyFrom(ReadOnlySpan<long> slots) => slots.CopyTo(_slots);

    public void Clear() => Array.Clear(_slots);
}
