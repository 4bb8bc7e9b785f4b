using Hud.Core.Profile;

namespace Hud.NodeAgent.Run;

/// <summary>What to say of a target whose tasks' wakes are not all timed. Pure.</summary>
internal static class WakeNotes
{
    /// <summary>Because of the target itself; what the budget left out comes on top. Null when every task type shows its wakes.</summary>
    public static string? Of(TargetProcess target)
    {
        if (target.WakesNotTimed is { } refused)
            return refused;
        if (target.Tokio.Types.Count == 0)
            return null;
        if (!target.ReturnProbesAllowed)
            return "its polls are not probed";
        if (target.Tokio.FromSymbols)
            return "Tokio before 1.23 has no table in its programs that leads to where tasks are woken";
        if (target.Tokio.Wakes.Count == 0)
            return "the code that wakes pass has no place where a probe is cheap";
        int without = target.Tokio.Types.Count(t => !t.ShowsWakes);
        return without == 0
            ? null
            : $"those of {without} of {target.Tokio.Types.Count} task types are not, as the code that they pass has no place where a probe is cheap";
    }

    /// <param name="leftOut">What the budget left out, if anything.</param>
    public static string With(TargetProfile target, string? leftOut) =>
        leftOut is null || target.TaskTypes == 0 ? target.WakesNotTimed
        : target.WakesNotTimed.Length == 0 ? leftOut
        : $"{target.WakesNotTimed}; {leftOut}";
}
