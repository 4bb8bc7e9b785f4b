using Hud.Analysis;

namespace Hud.NodeAgent.Run;

/// <summary>Makes room in the store of stacks before it is full: a run of hours meets more than there is room for.</summary>
/// <param name="users">What each of them refers to.</param>
internal sealed class StackKeeper(
    StackStore stacks,
    StackAttributor attributor,
    PollAggregator run,
    params Func<IEnumerable<StackId>>[] users
)
{
    private int _nextAt;

    /// <summary>Forgets stacks where there are many.</summary>
    /// <returns>Whether any was forgotten: what was remembered of them is of no use.</returns>
    public bool Look()
    {
        if (!stacks.IsNearlyFull || stacks.Count < _nextAt)
            return false;
        int before = stacks.Count;
        stacks.KeepOnly(Used());
        if (stacks.Count > stacks.MaxStacks / 2)
        {
            run.LetStacksGo(stacks.MaxStacks / 4);
            stacks.KeepOnly(Used());
        }

        attributor.ForgetGone();
        // where all is in use, looking each second would only cost
        _nextAt = stacks.Count + stacks.MaxStacks / 20;
        return stacks.Count < before;
    }

    private HashSet<StackId> Used() => [.. users.Append(run.Stacks).SelectMany(u => u()).Where(s => !s.IsNone)];
}
