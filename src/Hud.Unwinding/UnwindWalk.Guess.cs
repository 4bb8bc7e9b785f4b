using Hud.Elf;
using Hud.Frames;

namespace Hud.Unwinding;

/// <summary>Going on without rules: frame pointers, then a scan.</summary>
internal ref partial struct UnwindWalk
{
    /// <summary>Gives <paramref name="why"/> back when nothing plausible is found.</summary>
    private StopReason StepByGuess(StopReason why, out UnwindQuality found)
    {
        // Behind a hidden return address the frame pointer says nothing about the frame whose pc is missing; after a
        // call through a bad pointer the return address is on top of the stack and the frame pointer is the caller's.
        var hidden = _hidden;
        var scanOnly = hidden || (_interrupted && _modules.Find(_registers.Pc, out _) == AddressKind.None);
        _hidden = false;
        if (!scanOnly && (TryFrameEdge(out var reason) || TryFramePointer(out reason)))
        {
            found = UnwindQuality.FramePointer;
            return reason;
        }

        if (TryLinkRegister() && !hidden)
        {
            found = UnwindQuality.Scan;
            return Continue;
        }

        if (TryScan(out reason))
        {
            found = UnwindQuality.Scan;
            return reason;
        }

        found = UnwindQuality.None;
        return why;
    }

    // A thread interrupted where its function has not yet set up its frame, or has left it: the frame pointer is the
    // caller's, and trusting it would lose the caller. The current instruction says where the return address is.
    private bool TryFrameEdge(out StopReason reason)
    {
        reason = Continue;
        if (
            !_interrupted
            || _module is null
            || (FrameEdge.ReturnAddressOffset(_module, _registers.Pc) ?? CalledHere()) is not { } offset
        )
        {
            return false;
        }

        var at = _registers.Sp + (ulong)offset;
        if (_end == CaptureEnd.Poll && at + 8 == _memory.End)
        {
            reason = StopReason.ReachedPoll;
            return true;
        }

        if (!_memory.TryRead(at, out var pc) || !IsReturnAddress(pc, _modules.Find(pc, out var module), module))
        {
            return false;
        }

        var callersFp = _registers[UserRegisters.X64Rbp];
        if (offset == 8)
        {
            _memory.TryRead(_registers.Sp, out callersFp); // pushed and not yet replaced
        }

        Take(pc, at + 8, module);
        _registers[UserRegisters.X64Rbp] = callersFp;
        return true;
    }

    // Functions without a frame, or with a prologue stretched over others' instructions: the word on top of the stack, or
    // the one below the pushed frame pointer, returns to behind a direct CALL of this very function.
    private int? CalledHere()
    {
        for (var offset = 0; offset <= 8; offset += 8)
        {
            if (
                _memory.TryRead(_registers.Sp + (ulong)offset, out var pc)
                && _modules.Find(pc, out var module) == AddressKind.Module
                && CallSites.TryDirectTarget(module!, pc, out var target)
                && _registers.Pc - target < FrameEdge.MaxDistance
            )
            {
                return offset;
            }
        }

        return null;
    }

    // [fp] = the caller's frame pointer, [fp + 8] = the return address, on both processors.
    private bool TryFramePointer(out StopReason reason)
    {
        reason = Continue;
        var fp = _registers[_registers.FpRegister];
        if (
            !_registers.IsValid(_registers.FpRegister)
            || fp < _registers.Sp
            || (fp & 7) != 0
            || !_memory.TryRead(fp, out var callersFp)
            || !_memory.TryRead(fp + 8, out var pc)
        )
        {
            return false;
        }

        pc = StripSignature(pc);
        var isX64 = _registers.Machine == ElfMachine.X64;
        var kind = _modules.Find(pc, out var module);
        if (_end == CaptureEnd.Poll && (isX64 ? fp + 16 == _memory.End : kind == AddressKind.Trampoline))
        {
            reason = StopReason.ReachedPoll;
            return true;
        }

        if (!IsReturnAddress(pc, kind, module) && kind != AddressKind.OtherCode)
        {
            return false;
        }

        Take(pc, fp + 16, module);
        _registers[_registers.FpRegister] = callersFp;
        return true;
    }

    // A leaf without rows on aarch64 may still hold its return address in the link register.
    private bool TryLinkRegister()
    {
        if (_registers.Machine != ElfMachine.AArch64 || !_interrupted || !_registers.IsValid(UserRegisters.ArmLr))
        {
            return false;
        }

        var pc = StripSignature(_registers[UserRegisters.ArmLr]);
        if (!IsReturnAddress(pc, _modules.Find(pc, out var module), module))
        {
            return false;
        }

        Take(pc, _registers.Sp, module);
        return true;
    }

    private bool TryScan(out StopReason reason)
    {
        reason = Continue;
        var anyCode = false;
        var address = (_registers.Sp + 7) & ~7UL;
        var last = _end == CaptureEnd.Poll && _registers.Machine == ElfMachine.X64 ? _memory.End - 8 : _memory.End;
        for (
            var words = 0;
            address < last && words < StackLimits.MaxScanWords && _memory.TryRead(address, out var word);
            words++, address += 8
        )
        {
            var pc = StripSignature(word);
            var kind = _modules.Find(pc, out var module);
            if (IsReturnAddress(pc, kind, module))
            {
                Take(pc, address + 8, module);
                return true;
            }

            anyCode |= kind is AddressKind.Module or AddressKind.OtherCode;
        }

        // Nothing on the way to the poll's return address points into code, so no frame can be missing.
        reason = StopReason.ReachedPoll;
        return _end == CaptureEnd.Poll && address == last && !anyCode;
    }

    private static bool IsReturnAddress(ulong pc, AddressKind kind, Module? module) =>
        kind == AddressKind.Module && CallSites.FollowsCall(module!, pc);

    // After a guess the stack pointer is exact on x86-64 (the return pops it) and only a lower bound on aarch64.
    private void Take(ulong pc, ulong sp, Module? module)
    {
        _registers[_registers.PcRegister] = pc;
        _registers[_registers.SpRegister] = sp;
        if (_registers.Machine == ElfMachine.AArch64)
        {
            _registers.Invalidate(UserRegisters.ArmLr);
            _registers.Invalidate(UserRegisters.ArmSp);
        }

        _module = module;
        _interrupted = false;
    }
}
