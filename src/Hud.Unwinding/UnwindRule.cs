using System.Runtime.InteropServices;

namespace Hud.Unwinding;

/// <summary>How a value of the caller is found. Cfa* are for registers, Cfa itself uses only Register* and Expression.</summary>
internal enum RuleKind : byte
{
    /// <summary>Not mentioned: the register keeps its value.</summary>
    Same = 0,

    /// <summary>The caller's value is lost; for the return address: the outermost frame.</summary>
    Undefined = 1,

    /// <summary>In memory at CFA + n.</summary>
    AtCfaOffset = 2,

    /// <summary>Is CFA + n.</summary>
    CfaOffset = 3,

    /// <summary>Is another register, plus n.</summary>
    Register = 4,

    /// <summary>In memory at the expression's value.</summary>
    AtExpression = 5,

    /// <summary>Is the expression's value.</summary>
    Expression = 6,

    /// <summary>Outside what Hud understands.</summary>
    Unsupported = 7,
}

/// <summary>One packed rule: kind, register, 32-bit value (an offset, or an index of an expression).</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PackedRule(long Bits)
{
    public PackedRule(RuleKind kind, int register, int value)
        : this(((long)kind << 56) | ((long)(byte)register << 48) | (uint)value) { }

    public RuleKind Kind => (RuleKind)(Bits >> 56);

    public int Register => (byte)(Bits >> 48);

    public int Value => (int)Bits;

    /// <summary>A rule with an offset, or Unsupported when the offset is beyond 2 GB.</summary>
    public static PackedRule WithOffset(RuleKind kind, int register, long offset) =>
        offset is >= int.MinValue and <= int.MaxValue
            ? new(kind, register, (int)offset)
            : new(RuleKind.Unsupported, 0, 0);
}

/// <summary>How one saved register of the caller is found.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SavedRegister(int Register, PackedRule Rule);

/// <summary>What to do in a range of code to get from a frame to its caller's.</summary>
internal sealed record UnwindRule(
    PackedRule Cfa,
    PackedRule ReturnAddress,
    SavedRegister[] Saved,
    bool SignalFrame,
    byte[][] Expressions
)
{
    public ReadOnlySpan<byte> ExpressionOf(PackedRule rule) =>
        (uint)rule.Value < (uint)Expressions.Length ? Expressions[rule.Value] : default;
}
