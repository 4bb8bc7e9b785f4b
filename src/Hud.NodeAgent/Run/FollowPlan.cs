namespace Hud.NodeAgent.Run;

/// <summary>
/// Which of the wanted targets are to be opened now, and which of the watched ones let go. One that can't be opened is tried again with growing
/// pauses, a few times; one that is no longer wanted is kept for some seconds, as lists flap. No input or output: time is what it is told.
/// </summary>
/// <param name="neverGivesUp">It is tried at the longest pause for as long as it is wanted: what isn't there yet may come after hours.</param>
internal sealed class FollowPlan(bool neverGivesUp = false)
{
    public const long KeepNs = 10_000_000_000;
    public const int MaxAttempts = 7;

    /// <summary>Of the time of a thread: what takes long to look into, for as long as it is wanted, is looked into seldom.</summary>
    private const int MaxShare = 20;

    /// <summary>Files of so many targets are read at one time.</summary>
    public const int MaxPending = 4;

    private const long FirstPauseNs = 1_000_000_000;

    private sealed class State
    {
        public int Attempts { get; set; }
        public long NextNs { get; set; }
        public long WantedNs { get; set; }
        public long OpenNs { get; set; }
        public bool Pending { get; set; }
    }

    private readonly Dictionary<string, State> _states = new(StringComparer.Ordinal);

    /// <param name="watched">Keys of the processes that are there and watched.</param>
    /// <param name="free">Places for more.</param>
    /// <returns>What to open, what to let go of, and how many are wanted for which there is no place.</returns>
    public (IReadOnlyList<WantedTarget> Open, IReadOnlySet<string> LetGo, int NoPlace) Decide(
        long nowNs,
        IReadOnlyList<WantedTarget> wanted,
        IReadOnlySet<string> watched,
        int free
    )
    {
        int pending = _states.Values.Count(s => s.Pending),
            noPlace = 0;
        free -= pending;
        var open = new List<WantedTarget>();
        foreach (var target in wanted)
        {
            if (!_states.TryGetValue(target.Key, out var state))
                _states[target.Key] = state = new State();
            state.WantedNs = nowNs;
            if (state.Pending)
                continue;
            if (watched.Contains(target.Key))
            {
                state.Attempts = 0; // when it ends and is wanted still, there may be another behind the same name
                state.NextNs = nowNs + FirstPauseNs;
                continue;
            }

            if ((state.Attempts >= MaxAttempts && !neverGivesUp) || nowNs < state.NextNs)
                continue;
            if (free <= 0)
                noPlace++;
            else if (pending < MaxPending)
            {
                (state.Pending, state.OpenNs) = (true, nowNs);
                pending++;
                free--;
                open.Add(target);
            }
        }

        var letGo = watched
            .Where(key => !_states.TryGetValue(key, out var state) || nowNs - state.WantedNs >= KeepNs)
            .ToHashSet(StringComparer.Ordinal);
        foreach (
            string key in _states
                .Where(s => !s.Value.Pending && nowNs - s.Value.WantedNs >= KeepNs)
                .Select(s => s.Key)
                .ToList()
        )
            _states.Remove(key);
        return (open, letGo, noPlace);
    }

    /// <summary>What became of one that was to be opened.</summary>
    public void Opened(string key, bool isWatched, long nowNs)
    {
        if (!_states.TryGetValue(key, out var state))
            return;
        state.Pending = false;
        long pause = FirstPauseNs << Math.Min(state.Attempts, MaxAttempts - 1);
        if (state.Attempts >= MaxAttempts - 1)
            pause = Math.Max(pause, (nowNs - state.OpenNs) * MaxShare);
        state.NextNs = nowNs + pause;
        state.Attempts = isWatched ? 0 : Math.Min(state.Attempts + 1, MaxAttempts);
    }

    /// <summary>Wanted or watched of late.</summary>
    public int Known => _states.Count;

    public bool IsKnown(string key) => _states.ContainsKey(key);
}
