using Hud.Elf;

namespace Hud.Unwinding;

/// <summary>What a program's factors are: from its CIE.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct FrameFactors(ulong CodeAlign, long DataAlign, byte PointerEncoding);

/// <summary>
/// Executes call frame instructions (DWARF 5, section 6.4.2, and GNU's additions). Each change of address is handed to
/// the sink with the rules that held before it.
/// </summary>
internal sealed class CallFrameProgram(ElfMachine machine, RuleSet rules, UnwindRowBuilder sink)
{
    private readonly FrameState _initial = new(machine);
    private readonly long[][] _remembered = NewRemembered(machine);
    private int _depth;

    public FrameState State { get; } = new(machine);

    /// <summary>Runs a CIE's instructions into <see cref="State"/> from nothing.</summary>
    public bool RunInitial(ReadOnlySpan<byte> instructions, in FrameFactors factors, bool signalFrame)
    {
        State.Clear();
        _initial.Clear();
        State.SignalFrame = signalFrame;
        _depth = 0;
        ulong pc = 0;
        return Run(instructions, factors, 0, ref pc, ulong.MaxValue, emit: false);
    }

    /// <summary>Runs an FDE's instructions over <c>[start, end)</c> from the CIE's state, giving rows to the sink.</summary>
    public bool RunFunction(
        ReadOnlySpan<long> initial,
        ReadOnlySpan<byte> instructions,
        in FrameFactors factors,
        ulong instructionsAddress,
        ulong start,
        ulong end
    )
    {
        _initial.CopyFrom(initial);
        State.CopyFrom(initial);
        _depth = 0;
        var pc = start;
        var good = Run(instructions, factors, instructionsAddress, ref pc, end, emit: true);
        if (pc < end)
        {
            sink.Row(pc, rules.Number(State.Slots));
        }

        return good;
    }

    private bool Run(
        ReadOnlySpan<byte> instructions,
        in FrameFactors factors,
        ulong address,
        ref ulong pc,
        ulong end,
        bool emit
    )
    {
        var reader = new DwarfReader(instructions);
        while (!reader.AtEnd)
        {
            var op = reader.U8();
            var low = (ulong)(op & 0x3f);
            ulong target;
            switch (op >> 6)
            {
                case 1:
                    target = unchecked(pc + (low * factors.CodeAlign));
                    break;
                case 2:
                    State.Set(low, AtCfa(reader.Uleb(), factors));
                    continue;
                case 3:
                    State.Set(low, _initial.Get(low));
                    continue;
                default:
                    switch (op)
                    {
                        case 0x01: // set_loc
                            reader.TryPointer(factors.PointerEncoding, address, out target);
                            break;
                        case 0x02:
                            target = unchecked(pc + (reader.U8() * factors.CodeAlign));
                            break;
                        case 0x03:
                            target = unchecked(pc + (reader.U16() * factors.CodeAlign));
                            break;
                        case 0x04:
                            target = unchecked(pc + (reader.U32() * factors.CodeAlign));
                            break;
                        default:
                            if (!Change(op, ref reader, factors))
                            {
                                return false;
                            }

                            continue;
                    }

                    break;
            }

            if (reader.Failed || target < pc)
            {
                return false;
            }

            if (emit && target > pc)
            {
                sink.Row(pc, rules.Number(State.Slots));
            }

            pc = target;
            if (pc >= end)
            {
                return true;
            }
        }

        return !reader.Failed;
    }

    // An instruction that changes rules and not the address.
    private bool Change(byte op, ref DwarfReader reader, in FrameFactors factors)
    {
        switch (op)
        {
            case 0x00: // nop
            case 0x2d: // aarch64: negate_ra_state (the address is signed; its signature is always stripped)
                return true;
            case 0x2e: // GNU_args_size
                reader.Uleb();
                return !reader.Failed;
            case 0x0a:
                return Remember();
            case 0x0b:
                return Restore();
            case 0x0c or 0x0d or 0x0e or 0x0f or 0x12 or 0x13:
                State.Cfa = NewCfa(op, ref reader, factors);
                return !reader.Failed;
            default:
                var register = reader.Uleb();
                if (NewRule(op, register, ref reader, factors) is not { } rule)
                {
                    return false;
                }

                State.Set(register, rule);
                return !reader.Failed;
        }
    }

    private bool Remember()
    {
        if (_depth >= StackLimits.MaxRememberedStates)
        {
            return false;
        }

        State.Slots.CopyTo(_remembered[_depth++]);
        return true;
    }

    // Restores the CFA as well, as every producer expects.
    private bool Restore()
    {
        if (_depth == 0)
        {
            return false;
        }

        State.CopyFrom(_remembered[--_depth]);
        return true;
    }

    private PackedRule NewCfa(byte op, ref DwarfReader reader, in FrameFactors factors) =>
        op switch
        {
            0x0c => FromRegister(reader.Uleb(), unchecked((long)reader.Uleb())), // def_cfa
            0x0d when State.Cfa.Kind == RuleKind.Register => FromRegister(reader.Uleb(), State.Cfa.Value), // def_cfa_register
            0x0d => Unsupported(ref reader),
            0x0e => MoveCfa(unchecked((long)reader.Uleb())), // def_cfa_offset
            0x0f => FromExpression(RuleKind.Expression, ref reader), // def_cfa_expression
            0x12 => FromRegister(reader.Uleb(), Scale(reader.Sleb(), factors)), // def_cfa_sf
            _ => MoveCfa(Scale(reader.Sleb(), factors)), // def_cfa_offset_sf
        };

    /// <summary>Null for an instruction that isn't known.</summary>
    private PackedRule? NewRule(byte op, ulong register, ref DwarfReader reader, in FrameFactors factors) =>
        op switch
        {
            0x05 => AtCfa(reader.Uleb(), factors), // offset_extended
            0x06 => _initial.Get(register), // restore_extended
            0x07 => new PackedRule(RuleKind.Undefined, 0, 0), // undefined
            0x08 => default(PackedRule), // same_value
            0x09 => FromRegister(reader.Uleb(), 0), // register
            0x10 => FromExpression(RuleKind.AtExpression, ref reader), // expression
            0x11 => PackedRule.WithOffset(RuleKind.AtCfaOffset, 0, Scale(reader.Sleb(), factors)), // offset_extended_sf
            0x14 => PackedRule.WithOffset(RuleKind.CfaOffset, 0, Scale(unchecked((long)reader.Uleb()), factors)), // val_offset
            0x15 => PackedRule.WithOffset(RuleKind.CfaOffset, 0, Scale(reader.Sleb(), factors)), // val_offset_sf
            0x16 => FromExpression(RuleKind.Expression, ref reader), // val_expression
            0x2f => PackedRule.WithOffset( // GNU_negative_offset_extended
                RuleKind.AtCfaOffset,
                0,
                unchecked(-Scale((long)reader.Uleb(), factors))
            ),
            _ => null,
        };

    private PackedRule MoveCfa(long offset) =>
        State.Cfa.Kind == RuleKind.Register
            ? FromRegister((ulong)State.Cfa.Register, offset)
            : new PackedRule(RuleKind.Unsupported, 0, 0);

    private static PackedRule Unsupported(ref DwarfReader reader)
    {
        reader.Uleb();
        return new PackedRule(RuleKind.Unsupported, 0, 0);
    }

    private PackedRule FromRegister(ulong register, long offset) =>
        register < (ulong)State.Registers
            ? PackedRule.WithOffset(RuleKind.Register, (int)register, offset)
            : new PackedRule(RuleKind.Unsupported, 0, 0);

    private PackedRule FromExpression(RuleKind kind, ref DwarfReader reader)
    {
        var number = rules.AddExpression(reader.Take(reader.Uleb()));
        return number < 0 || reader.Failed
            ? new PackedRule(RuleKind.Unsupported, 0, 0)
            : new PackedRule(kind, 0, number);
    }

    private static PackedRule AtCfa(ulong factored, in FrameFactors factors) =>
        PackedRule.WithOffset(RuleKind.AtCfaOffset, 0, Scale(unchecked((long)factored), factors));

    // Factored offsets are small; a product that overflows is nonsense and becomes an impossible offset.
    private static long Scale(long factored, in FrameFactors factors) =>
        factored is >= int.MinValue and <= int.MaxValue && factors.DataAlign is >= int.MinValue and <= int.MaxValue
            ? factored * factors.DataAlign
            : long.MaxValue;

    private static long[][] NewRemembered(ElfMachine machine)
    {
        var states = new long[StackLimits.MaxRememberedStates][];
        for (var i = 0; i < states.Length; i++)
        {
            states[i] = new long[FrameState.RegistersOf(machine) + 2];
        }

        return states;
    }
}
