using Hud.Elf;
using Hud.Frames;

namespace Hud.Unwinding;

/// <summary>One unwinding in progress.</summary>
internal ref partial struct UnwindWalk
{
    // "No reason to stop": a value outside the enumeration's names.
    private const StopReason Continue = (StopReason)(-1);

    private readonly StackMemory _memory;
    private readonly IModuleLookup _modules;
    private readonly CaptureEnd _end;
    private readonly List<UnwoundFrame> _frames = new(32);
    private UserRegisters _registers;
    private UnwindQuality _quality;
    private Module? _module;
    private bool _interrupted = true;

    // The pc of _registers was replaced by a return probe and is not known.
    private bool _hidden;

    private bool _missed;

    public UnwindWalk(in UserRegisters registers, StackMemory memory, IModuleLookup modules, CaptureEnd end)
    {
        _registers = registers;
        _memory = memory;
        _modules = modules;
        _end = end;
    }

    // The address to find the current frame's rule and name with: the instruction itself where the thread was
    // interrupted (leaf, and the frame below a signal handler), the call before a return address.
    private readonly ulong Lookup => _interrupted ? _registers.Pc : unchecked(_registers.Pc - 1);

    public UnwoundStack Run()
    {
        var found = UnwindQuality.None;
        while (true)
        {
            _frames.Add(new UnwoundFrame(_registers.Pc, Lookup, found));
            if (_frames.Count >= StackLimits.MaxFrames)
            {
                return Result(StopReason.FrameLimit);
            }

            if (_memory.End == _memory.Start)
            {
                return Result(StopReason.NoStack);
            }

            var reason = StepByRule(out found);
            if (reason is not (Continue or StopReason.ReachedPoll or StopReason.EndOfStack or StopReason.EndOfCapture))
            {
                reason = StepByGuess(reason, out found);
            }

            _quality |= found;
            if (reason != Continue)
            {
                return Result(reason);
            }
        }
    }

    private readonly UnwoundStack Result(StopReason reason) =>
        new([.. _frames], reason, _quality) { MissedMapping = _missed };

    private StopReason StepByRule(out UnwindQuality found)
    {
        found = UnwindQuality.None;
        if (_module is null || !_module.Contains(Lookup))
        {
            var kind = _modules.Find(Lookup, out _module);
            if (kind != AddressKind.Module)
            {
                _missed |= kind == AddressKind.None;
                return StopReason.NoModule;
            }
        }

        if (!_module!.Table.TryFind(_module.ToElfAddress(Lookup), out var rule, out var fromDebugFrame))
        {
            return StopReason.NoRows;
        }

        var reason = Apply(rule);
        found = reason is Continue or StopReason.ReachedPoll or StopReason.EndOfStack or StopReason.EndOfCapture
            ? fromDebugFrame
                ? UnwindQuality.DebugFrame
                : UnwindQuality.EhFrame
            : UnwindQuality.None;
        return reason;
    }

    private StopReason Apply(UnwindRule rule)
    {
        if (rule.ReturnAddress.Kind == RuleKind.Undefined)
        {
            return StopReason.EndOfStack;
        }

        if (!TryCfa(rule, out var cfa))
        {
            return rule.Cfa.Kind == RuleKind.Unsupported ? StopReason.UnsupportedRule : StopReason.MissingValue;
        }

        // A leaf of aarch64 may have no frame of its own; a signal frame may switch back from an alternate stack.
        var sp = _registers.Sp;
        var mayStay = _registers.Machine == ElfMachine.AArch64 && _interrupted;
        if (!rule.SignalFrame && (cfa < sp || (cfa == sp && !mayStay)))
        {
            return StopReason.NoProgress;
        }

        if ((cfa & 7) != 0 || (cfa > _memory.End && _end == CaptureEnd.Poll))
        {
            return StopReason.FrameOutsideStack;
        }

        return Move(rule, cfa);
    }

    private StopReason Move(UnwindRule rule, ulong cfa)
    {
        var caller = _registers;
        caller[caller.SpRegister] = cfa;
        foreach (var saved in rule.Saved)
        {
            if (TryValue(rule, saved.Rule, saved.Register, cfa, out var value))
            {
                caller[saved.Register] = value;
            }
            else
            {
                caller.Invalidate(saved.Register);
            }
        }

        if (cfa == _memory.End && _end == CaptureEnd.Poll && !rule.SignalFrame)
        {
            return StopReason.ReachedPoll;
        }

        var source = caller.Machine == ElfMachine.X64 ? UserRegisters.X64Rip : UserRegisters.ArmLr;
        if (!TryValue(rule, rule.ReturnAddress, source, cfa, out var pc))
        {
            return rule.ReturnAddress.Kind == RuleKind.AtCfaOffset && cfa > _memory.End ? StopReason.EndOfCapture
                : rule.ReturnAddress.Kind is RuleKind.Unsupported or RuleKind.Same ? StopReason.UnsupportedRule
                : StopReason.MissingValue;
        }

        return Enter(caller, pc, rule.SignalFrame);
    }

    // The caller's registers are known: is its pc a place to go on from?
    private StopReason Enter(UserRegisters caller, ulong pc, bool interrupted)
    {
        pc = StripSignature(pc);
        if (pc == 0)
        {
            return StopReason.EndOfStack;
        }

        var kind = _modules.Find(pc, out var module);
        if (kind == AddressKind.None && !interrupted)
        {
            kind = _modules.Find(pc - 1, out module); // a call that never returns may end its mapping
        }

        if (kind == AddressKind.Trampoline)
        {
            // A return probe on a frame in between hides that caller's address; what lies above is intact.
            _registers = caller;
            _hidden = _end == CaptureEnd.Poll;
            return _hidden ? StopReason.BadReturnAddress : StopReason.ReachedPoll;
        }

        if (kind == AddressKind.None)
        {
            _missed = true;
            return StopReason.BadReturnAddress;
        }

        caller[caller.PcRegister] = pc;
        if (caller.Machine == ElfMachine.AArch64 && !interrupted)
        {
            caller.Invalidate(UserRegisters.ArmLr); // used up: a caller must have saved its own
        }

        _registers = caller;
        _module = module;
        _interrupted = interrupted;
        return Continue;
    }

    private readonly bool TryCfa(UnwindRule rule, out ulong cfa)
    {
        cfa = 0;
        switch (rule.Cfa.Kind)
        {
            case RuleKind.Register when _registers.IsValid(rule.Cfa.Register):
                cfa = unchecked(_registers[rule.Cfa.Register] + (ulong)rule.Cfa.Value);
                return true;
            case RuleKind.Expression:
                return StackExpression.TryEvaluate(rule.ExpressionOf(rule.Cfa), _registers, _memory, null, out cfa);
            default:
                return false;
        }
    }

    private readonly bool TryValue(UnwindRule rule, PackedRule how, int register, ulong cfa, out ulong value)
    {
        value = 0;
        switch (how.Kind)
        {
            case RuleKind.Same:
                value = _registers[register];
                return _registers.IsValid(register)
                    && (_registers.Machine == ElfMachine.AArch64 || register != UserRegisters.X64Rip);
            case RuleKind.AtCfaOffset when unchecked(cfa + (ulong)how.Value) < _memory.Start:
                // Below the stack pointer: an epilogue has popped the register already, and compilers leave its rule
                // in place because the word is still there. That part of the stack is not captured, nor needed.
                value = _registers[register];
                return _registers.IsValid(register);
            case RuleKind.AtCfaOffset:
                return _memory.TryRead(unchecked(cfa + (ulong)how.Value), out value);
            case RuleKind.CfaOffset:
                value = unchecked(cfa + (ulong)how.Value);
                return true;
            case RuleKind.Register:
                value = unchecked(_registers[how.Register] + (ulong)how.Value);
                return _registers.IsValid(how.Register);
            case RuleKind.AtExpression:
                return StackExpression.TryEvaluate(rule.ExpressionOf(how), _registers, _memory, cfa, out var address)
                    && _memory.TryRead(address, out value);
            case RuleKind.Expression:
                return StackExpression.TryEvaluate(rule.ExpressionOf(how), _registers, _memory, cfa, out value);
            default:
                return false;
        }
    }

    // Pointer authentication and tags live above bit 47 of a user address.
    private readonly ulong StripSignature(ulong pc) =>
        _registers.Machine == ElfMachine.AArch64 ? pc & 0x0000_ffff_ffff_ffff : pc;
}
