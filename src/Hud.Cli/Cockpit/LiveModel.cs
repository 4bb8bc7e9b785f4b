using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Cli.Cockpit;

/// <summary>
/// What the stream has said so far, and enough of the past to draw trends. Fed by messages alone; every list is bounded.
/// </summary>
internal sealed class LiveModel
{
    /// <summary>One sample a second: the longest session.</summary>
    public const int MaxSamples = 1800;

    public const int MaxSlowPolls = 20_000;
    private const int MaxWarnings = 100;
    private const int MaxTargets = 100;
    private const int MaxHotspotsKept = 500;
    private const int MaxWorkersKept = 256;

    private readonly List<Sample> _samples = [];
    private readonly List<SlowPoll> _slowPolls = [];
    private readonly List<WarningMessage> _warnings = [];
    private readonly SortedDictionary<int, TargetProfile> _targets = [];

    private readonly Dictionary<string, Dictionary<int, long>> _workersOf = new(StringComparer.Ordinal);

    /// <summary>What was asked for, such as "checkout 4242": shown until the first target is found.</summary>
    public string Asked { get; init; } = "";

    public HelloMessage? Hello { get; private set; }

    public ProgressMessage? Now { get; private set; }

    public EndMessage? EndMessage { get; private set; }

    /// <summary>True from the first signal on: the agent sums up.</summary>
    public bool Stopping { get; set; }

    public IReadOnlyList<Sample> Samples => _samples;

    public IReadOnlyList<SlowPoll> SlowPolls => _slowPolls;

    public IReadOnlyList<WarningMessage> Warnings => _warnings;

    public IEnumerable<TargetProfile> Targets => _targets.Values;

    /// <summary>Slow polls that fell out of memory here; the report has them.</summary>
    public long SlowPollsForgotten { get; private set; }

    public void Accept(StreamMessage message)
    {
        switch (message)
        {
            case HelloMessage hello:
                Hello = hello;
                break;
            case TargetMessage target when _targets.Count < MaxTargets || _targets.ContainsKey(target.Index):
                _targets[target.Index] = target.Target;
                break;
            case WarningMessage warning when _warnings.Count < MaxWarnings:
                _warnings.Add(warning);
                break;
            case ProgressMessage progress:
                AcceptProgress(progress);
                break;
            case EndMessage ending:
                EndMessage = ending;
                break;
        }
    }

    /// <summary>The sample that a look back over the window is measured from; null means from the start.</summary>
    public Sample? Before(TimeSpan window)
    {
        if (window <= TimeSpan.Zero || Now is null)
            return null;
        long from = Now.ElapsedNs - (long)window.TotalNanoseconds;
        return _samples.FindLast(s => s.AtNs <= from);
    }

    /// <summary>Slow polls that ended after this time, as far as they are still known.</summary>
    public IEnumerable<SlowPoll> Recent(long fromNs) => _slowPolls.Where(p => p.StartNs + p.WallNs > fromNs);

    /// <summary>Threads on which a hotspot's polls ran, most polls first.</summary>
    public IReadOnlyList<(int Tid, long Polls)> WorkersOf(string hotspot) =>
        _workersOf.TryGetValue(hotspot, out var workers)
            ? [.. workers.OrderByDescending(w => w.Value).ThenBy(w => w.Key).Select(w => (w.Key, w.Value))]
            : [];

    /// <summary>The numbers of a message's slow polls are those of its own lists, so they are looked up at once.</summary>
    private void CountWorkers(ProgressMessage progress)
    {
        foreach (var poll in progress.SlowPolls.Take(StreamLimits.ProgressSlowPolls))
        {
            if (
                poll.Hotspot < 0
                || poll.Hotspot >= progress.Hotspots.Count
                || poll.Worker < 0
                || poll.Worker >= progress.Workers.Count
            )
                continue;
            string key = Key(progress.Hotspots[poll.Hotspot]);
            if (!_workersOf.TryGetValue(key, out var workers))
            {
                if (_workersOf.Count >= MaxHotspotsKept)
                    continue;
                _workersOf[key] = workers = [];
            }

            int tid = progress.Workers[poll.Worker].Tid;
            if (workers.Count < MaxWorkersKept || workers.ContainsKey(tid))
                workers[tid] = workers.GetValueOrDefault(tid) + 1;
        }
    }

    private void AcceptProgress(ProgressMessage progress)
    {
        Now = progress;
        CountWorkers(progress);
        if (_samples.Count == MaxSamples)
            _samples.RemoveAt(0);
        var hotspots = new Dictionary<string, HotspotSample>(StringComparer.Ordinal);
        var worst = progress
            .SlowPolls.Take(StreamLimits.ProgressSlowPolls)
            .GroupBy(p => p.Hotspot)
            .ToDictionary(g => g.Key, g => g.Max(p => p.WallNs));
        foreach (var (i, h) in progress.Hotspots.Take(StreamLimits.ProgressHotspots).Index())
            hotspots.TryAdd(Key(h), new(h.Count, h.TotalNs, worst.GetValueOrDefault(i)));
        _samples.Add(
            new Sample(
                progress.ElapsedNs,
                progress.Summary,
                progress.LostEvents,
                hotspots,
                [
                    .. progress
                        .Workers.Take(256)
                        .Select(w => new WorkerSample(w.Target, w.Tid, w.BusyPercent, w.LostPercent)),
                ]
            )
        );
        _slowPolls.AddRange(progress.SlowPolls.Take(StreamLimits.ProgressSlowPolls));
        int over = _slowPolls.Count - MaxSlowPolls;
        if (over > 0)
        {
            SlowPollsForgotten += over;
            _slowPolls.RemoveRange(0, over);
        }
    }

    /// <summary>With the cause: the same place may compute, sleep and wait for a CPU.</summary>
    public static string Key(Hotspot h) =>
        $"{h.Cause} {h.Target} "
        + (h.Fingerprint.Length > 0 ? h.Fingerprint : $"{h.UserFrame} {h.Function} {h.Syscall}");
}

/// <summary>One second of the past.</summary>
internal sealed record Sample(
    long AtNs,
    ProfileSummary Summary,
    long Dropped,
    IReadOnlyDictionary<string, HotspotSample> Hotspots,
    IReadOnlyList<WorkerSample> Workers
);

/// <param name="WorstNs">The longest of its polls that ended in this second; 0 when none did.</param>
internal readonly record struct HotspotSample(long Count, long TotalNs, long WorstNs);

internal readonly record struct WorkerSample(int Target, int Tid, double BusyPercent, double LostPercent);
