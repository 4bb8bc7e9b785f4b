using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hud.Elf;

namespace Hud.Unwinding;

/// <summary>
/// A thread's user registers by DWARF number. x86-64: 0 rax, 1 rdx, 2 rcx, 3 rbx, 4 rsi, 5 rdi, 6 rbp, 7 rsp, 8..15 r8..r15,
/// 16 rip. aarch64: 0..30 x0..x30, 31 sp, 32 pc. A register that was not captured is not valid, and no rule may use it.
/// Source: System V ABI AMD64 figure 3.36; DWARF for the Arm 64-bit architecture, section 4.1.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public struct UserRegisters
{
    public const int Count = 33;
    public const int X64Rbp = 6;
    public const int X64Rsp = 7;
    public const int X64Rip = 16;
    public const int ArmFp = 29;
    public const int ArmLr = 30;
    public const int ArmSp = 31;
    public const int ArmPc = 32;

    private Values _values;

    public UserRegisters(ElfMachine machine)
    {
        Machine = machine;
    }

    public ElfMachine Machine { get; }

    /// <summary>Bit n set: register n holds a known value.</summary>
    public ulong Valid { get; private set; }

    public readonly int PcRegister => Machine == ElfMachine.X64 ? X64Rip : ArmPc;

    public readonly int SpRegister => Machine == ElfMachine.X64 ? X64Rsp : ArmSp;

    public readonly int FpRegister => Machine == ElfMachine.X64 ? X64Rbp : ArmFp;

    public readonly ulong Pc => _values[PcRegister];

    public readonly ulong Sp => _values[SpRegister];

    /// <summary>Gets or sets by DWARF number; setting makes it valid.</summary>
    public ulong this[int register]
    {
        readonly get => (uint)register < Count ? _values[register] : 0;
        set
        {
            _values[register] = value;
            Valid |= 1UL << register;
        }
    }

    /// <summary>The 17 registers of x86-64 in DWARF order.</summary>
    public static UserRegisters FromX64(ReadOnlySpan<ulong> dwarfOrder) => From(ElfMachine.X64, dwarfOrder, X64Rip + 1);

    /// <summary>x0..x30, sp, pc.</summary>
    public static UserRegisters FromAArch64(ReadOnlySpan<ulong> dwarfOrder) =>
        From(ElfMachine.AArch64, dwarfOrder, Count);

    /// <summary>Only what frame pointers and most rows need.</summary>
    public static UserRegisters FromX64(ulong rip, ulong rsp, ulong rbp)
    {
        var registers = new UserRegisters(ElfMachine.X64);
        registers[X64Rip] = rip;
        registers[X64Rsp] = rsp;
        registers[X64Rbp] = rbp;
        return registers;
    }

    /// <summary>
    /// The kernel's struct pt_regs of x86-64 (arch/x86/include/uapi/asm/ptrace.h): r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx
    /// si di orig_ax ip cs flags sp ss, 8 bytes each.
    /// </summary>
    public static UserRegisters FromX64PtRegs(ReadOnlySpan<byte> ptRegs)
    {
        ReadOnlySpan<sbyte> numbers = [15, 14, 13, 12, 6, 3, 11, 10, 9, 8, 0, 2, 1, 4, 5, -1, 16, -1, -1, 7];
        var registers = new UserRegisters(ElfMachine.X64);
        for (var i = 0; i < numbers.Length && ptRegs.Length >= (i + 1) * 8; i++)
        {
            if (numbers[i] >= 0)
            {
                registers[numbers[i]] = BinaryPrimitives.ReadUInt64LittleEndian(ptRegs[(i * 8)..]);
            }
        }

        return registers;
    }

    public readonly bool IsValid(int register) => (uint)register < Count && ((Valid >> register) & 1) != 0;

    public void Invalidate(int register) => Valid &= ~(1UL << register);

    private static UserRegisters From(ElfMachine machine, ReadOnlySpan<ulong> values, int count)
    {
        var registers = new UserRegisters(machine);
        for (var i = 0; i < values.Length && i < count; i++)
        {
            registers[i] = values[i];
        }

        return registers;
    }

    [InlineArray(Count)]
    private struct Values
    {
        private ulong _first;
    }
}
