using System.Globalization;

namespace Hud.Analysis;

/// <summary>A stack of a <see cref="StackStore"/>. The default is none: there was nothing to keep, or no place.</summary>
public readonly record struct StackId
{
    private readonly int _behind;

    /// <param name="number">From 0 on, in the order of the stacks' first appearance.</param>
    public StackId(int number) => _behind = number + 1;

    public static StackId None => default;

    public bool IsNone => _behind == 0;

    /// <summary>-1 for none.</summary>
    public int Number => _behind - 1;

    public override string ToString() => IsNone ? "none" : Number.ToString(CultureInfo.InvariantCulture);
}
