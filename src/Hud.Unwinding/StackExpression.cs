using Hud.Elf;

namespace Hud.Unwinding;

/// <summary>
/// Evaluates DWARF expressions (DWARF 5, section 2.5) over registers and the captured stack. Bounded in steps and depth;
/// anything that cannot be known here (other memory, threads, entry values) makes it fail.
/// </summary>
internal static class StackExpression
{
    private const int MaxDepth = 32;

    public static bool TryEvaluate(
        ReadOnlySpan<byte> expression,
        in UserRegisters registers,
        StackMemory memory,
        ulong? cfa,
        out ulong value
    )
    {
        Span<ulong> stack = stackalloc ulong[MaxDepth];
        var depth = 0;
        value = 0;
        if (cfa is { } pushed)
        {
            stack[depth++] = pushed; // register rules start with the CFA on the stack
        }

        var reader = new DwarfReader(expression);
        for (var steps = 0; !reader.AtEnd; steps++)
        {
            if (
                steps >= StackLimits.MaxExpressionSteps
                || depth >= MaxDepth - 1
                || !Step(reader.U8(), ref reader, stack, ref depth, registers, memory)
            )
            {
                return false;
            }
        }

        if (reader.Failed || depth == 0)
        {
            return false;
        }

        value = stack[depth - 1];
        return true;
    }

    private static bool Step(
        byte op,
        ref DwarfReader reader,
        scoped Span<ulong> stack,
        ref int depth,
        in UserRegisters registers,
        StackMemory memory
    )
    {
        if (op is >= 0x30 and <= 0x4f)
        {
            stack[depth++] = (ulong)(op - 0x30);
            return true;
        }

        if (op is >= 0x70 and <= 0x8f)
        {
            return PushRegister(op - 0x70u, reader.Sleb(), stack, ref depth, registers);
        }

        if (Constant(op, ref reader) is { } constant)
        {
            stack[depth++] = constant;
            return true;
        }

        switch (op)
        {
            case 0x92: // bregx
                return PushRegister(reader.Uleb(), reader.Sleb(), stack, ref depth, registers);
            case 0x2f: // skip
                reader.Skip((short)reader.U16());
                return true;
            case 0x96: // nop
                return true;
            case 0x14 when depth >= 2: // over
                stack[depth] = stack[depth - 2];
                depth++;
                return true;
            case 0x15: // pick
                var index = reader.U8();
                if (index >= depth)
                {
                    return false;
                }

                stack[depth] = stack[depth - 1 - index];
                depth++;
                return true;
            default:
                return depth >= 1 && Unary(op, ref reader, stack, ref depth, memory);
        }
    }

    /// <summary>What a constant pushes; null for other operations.</summary>
    private static ulong? Constant(byte op, ref DwarfReader reader) =>
        op switch
        {
            0x08 => reader.U8(),
            0x09 => (ulong)(sbyte)reader.U8(),
            0x0a => reader.U16(),
            0x0b => (ulong)(short)reader.U16(),
            0x0c => reader.U32(),
            0x0d => (ulong)(int)reader.U32(),
            0x0e or 0x0f => reader.U64(),
            0x10 => reader.Uleb(),
            0x11 => (ulong)reader.Sleb(),
            _ => null,
        };

    private static bool Unary(
        byte op,
        ref DwarfReader reader,
        scoped Span<ulong> stack,
        ref int depth,
        StackMemory memory
    )
    {
        ref var top = ref stack[depth - 1];
        switch (op)
        {
            case 0x06: // deref
                return memory.TryRead(top, out top);
            case 0x94: // deref_size
                var size = reader.U8();
                if (size is not (1 or 2 or 4 or 8) || !memory.TryRead(top, out top))
                {
                    return false;
                }

                top &= size == 8 ? ulong.MaxValue : (1UL << (size * 8)) - 1;
                return true;
            case 0x12:
                stack[depth++] = top;
                return true;
            case 0x13:
                depth--;
                return true;
            case 0x19:
                top = (long)top < 0 ? unchecked(0 - top) : top;
                return true;
            case 0x1f:
                top = unchecked(0 - top);
                return true;
            case 0x20:
                top = ~top;
                return true;
            case 0x23:
                top = unchecked(top + reader.Uleb());
                return true;
            case 0x28: // bra
                var distance = (short)reader.U16();
                depth--;
                if (stack[depth] != 0)
                {
                    reader.Skip(distance);
                }

                return true;
            default:
                return depth >= 2 && Binary(op, stack, ref depth);
        }
    }

    private static bool Binary(byte op, scoped Span<ulong> stack, ref int depth)
    {
        var b = stack[depth - 1];
        var a = stack[depth - 2];
        switch (op)
        {
            case 0x16: // swap
                (stack[depth - 1], stack[depth - 2]) = (a, b);
                return true;
            case 0x17: // rot
                if (depth < 3)
                {
                    return false;
                }

                (stack[depth - 1], stack[depth - 2], stack[depth - 3]) = (a, stack[depth - 3], b);
                return true;
        }

        if (Computed(op, a, b) is not { } result)
        {
            return false;
        }

        stack[--depth - 1] = result;
        return true;
    }

    /// <summary>Null for what isn't an operator of two values, and for what a processor would trap on.</summary>
    private static ulong? Computed(byte op, ulong a, ulong b) =>
        op switch
        {
            0x1a => a & b,
            0x1b when b != 0 && !(b == ulong.MaxValue && a == 1UL << 63) => (ulong)((long)a / (long)b),
            0x1c => unchecked(a - b),
            0x1d when b != 0 => a % b,
            0x1e => unchecked(a * b),
            0x21 => a | b,
            0x22 => unchecked(a + b),
            0x24 => b < 64 ? a << (int)b : 0,
            0x25 => b < 64 ? a >> (int)b : 0,
            0x26 => (ulong)((long)a >> (int)Math.Min(b, 63)),
            0x27 => a ^ b,
            0x29 => a == b ? 1u : 0,
            0x2a => (long)a >= (long)b ? 1u : 0,
            0x2b => (long)a > (long)b ? 1u : 0,
            0x2c => (long)a <= (long)b ? 1u : 0,
            0x2d => (long)a < (long)b ? 1u : 0,
            0x2e => a != b ? 1u : 0,
            _ => null,
        };

    private static bool PushRegister(
        ulong register,
        long offset,
        scoped Span<ulong> stack,
        ref int depth,
        in UserRegisters registers
    )
    {
        if (register >= UserRegisters.Count || !registers.IsValid((int)register))
        {
            return false;
        }

        stack[depth++] = unchecked(registers[(int)register] + (ulong)offset);
        return true;
    }
}
