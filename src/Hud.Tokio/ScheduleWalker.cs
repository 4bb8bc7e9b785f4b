using System.Buffers.Binary;
using Hud.Elf;
using Iced.Intel;

namespace Hud.Tokio;

/// <summary>
/// Follows <c>raw::schedule</c> from its first instruction to the first one that the kernel emulates, and knows where the header is by then.
/// The first instruction itself is usually a <c>mov</c>, which would be single-stepped:
/// <code>
/// mov %rdi,%rsi           the task's header, argument of S::schedule
/// mov 0x10(%rdi),%rax     its vtable
/// mov 0x40(%rax),%rdi     offset of the scheduler
/// add %rsi,%rdi
/// jmp *0x6b274(%rip)      Arc&lt;Handle&gt;::schedule through the GOT; with fat LTO a plain jmp, which is emulated
/// </code>
/// Only straight code is followed, so that whoever enters passes the place.
/// </summary>
internal sealed class ScheduleWalker(ElfFile elf)
{
    private const int MaxInstructions = 64;
    private const int MaxJumps = 4;
    private const int MaxLength = 15;

    /// <summary>What the number of a stack offset has room for in a probe's cookie, and far more than any of these functions uses.</summary>
    private const int MaxStackOffset = 0x7ff8;

    private readonly InstructionInfoFactory _info = new();

    /// <summary>Iced's order of the general registers to that of DWARF.</summary>
    private static readonly int[] DwarfNumbers = [0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15];

    private readonly Lazy<Dictionary<ulong, ulong>> _pointers = new(() =>
    {
        var pointers = new Dictionary<ulong, ulong>();
        foreach (var (where, value) in elf.RelativeRelocations())
            pointers[where] = value;
        return pointers;
    });

    /// <returns>Null when the header's place is lost, or the code ends, before an instruction that can be probed.</returns>
    public WakeSite? Find(ulong schedule)
    {
        if (elf.Machine != ElfMachine.X64)
            return At(schedule, schedule, new HeaderPlace(0)); // arm64 simulates or steps in place, both cheap
        var header = new HeaderTracker();
        ulong at = schedule;
        int jumps = 0;
        for (int i = 0; i < MaxInstructions; i++)
        {
            if (!TryDecode(at, out var instruction))
                return null;
            if (ProbeSite.IsEmulated(instruction))
                return header.Place is { } place ? At(instruction.IP, schedule, place) : null;
            if (instruction.FlowControl == FlowControl.IndirectBranch)
            {
                if (++jumps > MaxJumps || !TryTarget(instruction, out at))
                    return null;
                continue;
            }

            if (instruction.FlowControl != FlowControl.Next)
                return null;
            header.Follow(instruction, _info.GetInfo(instruction));
            at = instruction.NextIP;
        }

        return null;
    }

    private WakeSite? At(ulong address, ulong schedule, HeaderPlace place)
    {
        var site = ProbeSite.Check(elf, address);
        return
            site.Verdict == ProbeSiteVerdict.Cheap
            && site.Address == address
            && elf.TryAddressToFileOffset(address, out ulong offset)
            ? new WakeSite(address, offset, place, schedule) { Code = site.Bytes }
            : null;
    }

    private bool TryDecode(ulong at, out Instruction instruction)
    {
        Span<byte> code = stackalloc byte[MaxLength];
        int length = code.Length;
        while (length > 0 && !elf.TryReadAt(at, code[..length]))
            length--; // the last function of a segment may be a single jmp
        instruction =
            length > 0 ? Decoder.Create(64, new ByteArrayCodeReader(code[..length].ToArray()), at).Decode() : default;
        return length > 0 && !instruction.IsInvalid && elf.IsExecutableAddress(at);
    }

    /// <summary>Of <c>jmp *disp(%rip)</c>: a constant that the loader fills in.</summary>
    private bool TryTarget(in Instruction jump, out ulong target)
    {
        target = 0;
        if (jump.Op0Kind != OpKind.Memory || !jump.IsIPRelativeMemoryOperand)
            return false;
        ulong slot = jump.IPRelativeMemoryAddress;
        Span<byte> word = stackalloc byte[8];
        if (
            !_pointers.Value.TryGetValue(slot, out target)
            && elf.Type == ElfType.Executable
            && elf.TryReadAt(slot, word)
        )
            target = BinaryPrimitives.ReadUInt64LittleEndian(word);
        return target != 0;
    }

    /// <summary>Which registers and places of the stack hold the header.</summary>
    private sealed class HeaderTracker
    {
        private readonly HashSet<Register> _registers = [Register.RDI];

        /// <summary>By their distance from the stack pointer at the entry.</summary>
        private readonly HashSet<long> _stack = [];
        private long _stackPointer;
        private bool _stackLost;

        public HeaderPlace? Place
        {
            get
            {
                if (_registers.Count > 0)
                    return new HeaderPlace(_registers.Select(r => DwarfNumbers[r - Register.RAX]).Min());
                foreach (long place in _stack.Order())
                {
                    if (!_stackLost && place - _stackPointer is >= 0 and <= MaxStackOffset and var offset)
                        return new HeaderPlace(0, (int)offset);
                }

                return null;
            }
        }

        public void Follow(in Instruction instruction, in InstructionInfo info)
        {
            bool copies =
                instruction.Mnemonic == Mnemonic.Mov
                && instruction.Op1Kind == OpKind.Register
                && _registers.Contains(instruction.Op1Register);
            foreach (var used in info.GetUsedMemory())
            {
                if (Writes(used.Access))
                    Overwrite(used, instruction);
            }

            foreach (var used in info.GetUsedRegisters())
            {
                if (Writes(used.Access) && used.Register.GetFullRegister() is var register && register != Register.RSP)
                    _registers.Remove(register);
            }

            if (copies && instruction.Op0Kind == OpKind.Register && instruction.Op0Register.IsGPR64())
                _registers.Add(instruction.Op0Register);
            if (
                copies
                && instruction.Op0Kind == OpKind.Memory
                && IsPlainStack(instruction)
                && instruction.Op1Register.IsGPR64()
            )
                _stack.Add(_stackPointer + (long)instruction.MemoryDisplacement64);
            MoveStackPointer(instruction, info);
        }

        private void Overwrite(in UsedMemory used, in Instruction instruction)
        {
            if (used.Base != Register.RSP || used.Index != Register.None)
            {
                _stack.Clear(); // it may point there
                return;
            }

            long start = _stackPointer + (long)used.Displacement,
                end = start + instruction.MemorySize.GetSize();
            _stack.RemoveWhere(place => place < end && place + 8 > start);
        }

        private static bool IsPlainStack(in Instruction instruction) =>
            instruction is { MemoryBase: Register.RSP, MemoryIndex: Register.None };

        private void MoveStackPointer(in Instruction instruction, in InstructionInfo info)
        {
            bool moved = false;
            foreach (var used in info.GetUsedRegisters())
                moved |= Writes(used.Access) && used.Register.GetFullRegister() == Register.RSP;
            if (!moved)
                return;
            if (
                instruction.Mnemonic is Mnemonic.Sub or Mnemonic.Add
                && instruction.Op0Kind == OpKind.Register
                && instruction.Op1Kind.IsImmediate()
            )
                _stackPointer +=
                    instruction.Mnemonic == Mnemonic.Add
                        ? (long)instruction.GetImmediate(1)
                        : -(long)instruction.GetImmediate(1);
            else
                _stackLost = true;
        }

        private static bool Writes(OpAccess access) =>
            access is OpAccess.Write or OpAccess.CondWrite or OpAccess.ReadWrite or OpAccess.ReadCondWrite;
    }
}

internal static class OpKindExtensions
{
    public static bool IsImmediate(this OpKind kind) => kind is >= OpKind.Immediate8 and <= OpKind.Immediate32to64;
}
