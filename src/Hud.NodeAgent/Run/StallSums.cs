using Hud.Core.Profile;

namespace Hud.NodeAgent.Run;

/// <param name="Ns">All together.</param>
internal readonly record struct StallSum(long Count, long Ns, long LongestNs)
{
    public StallSum Plus(Stall stall) => new(Count + 1, Ns + stall.DurationNs, Math.Max(LongestNs, stall.DurationNs));
}

/// <summary>The stalls of a target since the start of the run, also of polls that are no longer kept one by one.</summary>
internal sealed class StallSums
{
    private StallSum _settled;
    private long _forgottenNs = long.MinValue;
    private List<Stall> _last = [];

    /// <param name="seen">Those of the polls that are kept.</param>
    /// <param name="forgottenNs">Polls that ended until then are not; since the start of the run. It only grows.</param>
    public StallSum Update(IEnumerable<Stall> seen, long forgottenNs)
    {
        if (forgottenNs > _forgottenNs)
        {
            foreach (var gone in _last.Where(s => s.StartNs < forgottenNs))
                _settled = _settled.Plus(gone);
            _forgottenNs = forgottenNs;
        }

        // what is left of one that began before that is in those already
        _last = [.. seen.Where(s => s.StartNs >= _forgottenNs)];
        return _last.Aggregate(_settled, (sum, stall) => sum.Plus(stall));
    }
}
