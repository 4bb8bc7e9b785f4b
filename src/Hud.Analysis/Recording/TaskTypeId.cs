using System.Globalization;

namespace Hud.Analysis;

/// <summary>
/// The number under which the kernel counts a task type: its place in <see cref="ProfileInputs.Types"/>, over all targets. The default
/// is none: no type is known. A type's place among those of its own target is another number.
/// </summary>
public readonly record struct TaskTypeId
{
    private readonly int _behind;

    public TaskTypeId(int number) => _behind = number + 1;

    public static TaskTypeId None => default;

    public bool IsNone => _behind == 0;

    /// <summary>-1 for none.</summary>
    public int Number => _behind - 1;

    public override string ToString() => IsNone ? "none" : Number.ToString(CultureInfo.InvariantCulture);
}
