using System.Globalization;
using Hud.Core.Profile;

namespace Hud.WorkloadTests.Harness;

/// <summary>A report beside the program's own log: which polls belong to which block, and every way in which they differ.</summary>
internal sealed class TruthTable
{
    /// <summary>Blocks this near to an end of the run may have begun before the probes were there, or may be open.</summary>
    private const long EdgeNs = 100_000_000;

    /// <summary>A block lies inside its poll, give or take what two clocks may differ.</summary>
    private const long ClockToleranceNs = 2_000_000;

    /// <summary>More polls than this share may not be left unjudged: a table that excuses everything proves nothing.</summary>
    private const double MostExcused = 0.05;

    private readonly SortedDictionary<string, int> _excuses = new(StringComparer.Ordinal);
    private readonly List<string> _differences = [];
    private readonly List<TruthBlock> _inside = [];

    private TruthTable(long thresholdNs) => ThresholdNs = thresholdNs;

    public long ThresholdNs { get; }

    /// <summary>The blocks that lay wholly inside the run.</summary>
    public IReadOnlyList<TruthBlock> Inside => _inside;

    /// <summary>Blocks of over twice the threshold that lay wholly inside the run.</summary>
    public int Expected { get; private set; }

    public int Found { get; private set; }

    /// <summary>Polls whose cause and name were not judged, by the reason; one line for a log.</summary>
    public string Excuses =>
        _excuses.Count == 0 ? "none" : string.Join(", ", _excuses.Select(e => $"{e.Value} of {Found} {e.Key}"));

    /// <summary>Empty when the report is right.</summary>
    public IReadOnlyList<string> Differences => _differences;

    /// <param name="stolenNs">What the host took from the machine's CPUs during the run.</param>
    /// <param name="named">False for binaries without symbols: nothing can name the function then.</param>
    public static TruthTable Compare(
        IReadOnlyList<TruthBlock> blocks,
        long unixMinusMonotonicNs,
        ProfileDocument document,
        long thresholdNs,
        bool named,
        long stolenNs = 0
    )
    {
        var table = new TruthTable(thresholdNs)
        {
            _stolenNs = stolenNs,
            _missed = document.Losses.MissedSwitches,
            _lost = document.Losses.Events(),
        };
        var startNs = document.Summary.StartedAt.Subtract(DateTimeOffset.UnixEpoch).Ticks * 100 - unixMinusMonotonicNs;
        var real = blocks.Where(block => !string.Equals(block.Kind, "allowed", StringComparison.Ordinal)).ToList();
        var used = new HashSet<SlowPoll>(ReferenceEqualityComparer.Instance);
        foreach (var block in real)
        {
            if (block.StartNs < startNs + EdgeNs || block.EndNs > startNs + document.Summary.ObservedNs - EdgeNs)
                continue;
            table._inside.Add(block);
            var poll = document.SlowPolls.FirstOrDefault(poll =>
                Belongs(poll, block, startNs, document) && !used.Contains(poll)
            );
            if (poll is not null)
                used.Add(poll);
            if (block.DurNs > 2 * thresholdNs && Expectation.Of(block.Kind) is { } expectation)
                table.Judge(expectation, block, poll, document, named);
        }

        table.FindBlameWithoutReason(real, startNs, document, used);
        int excused = table._excuses.Values.Sum();
        // one of a handful isn't a share
        if (excused > 1 && excused > MostExcused * table.Found)
            table._differences.Add($"too few polls were judged: {table.Excuses}");
        return table;
    }

    private static bool Belongs(SlowPoll poll, TruthBlock block, long startNs, ProfileDocument document) =>
        document.Workers[poll.Worker].Tid == block.Tid
        && startNs + poll.StartNs - ClockToleranceNs <= block.StartNs
        && block.EndNs <= startNs + poll.StartNs + poll.WallNs + ClockToleranceNs;

    private void Judge(Expectation expectation, TruthBlock block, SlowPoll? poll, ProfileDocument document, bool named)
    {
        Expected++;
        if (poll is null)
        {
            if (_lost > 0)
            {
                _lost--;
                Excuse("were lost, and counted as lost");
            }
            else
                Differ(block, "was not reported");
            return;
        }

        Found++;
        var stolen = TakeStolen(block, poll);
        var missed = TakeMissed(block, poll);
        var around = TakeAround(block, poll);
        var lag = TakeLag(block, poll);
        Near(block, "time on CPU", poll.OnCpuNs - missed - around + lag, block.CpuNs);
        Near(block, "time asleep", poll.BlockedNs - lag, block.AsleepNs - stolen);
        // The poll may have been preempted before or after its block as well, so there may be more queueing, and only of it.
        Near(block, "run-queue delay", Math.Min(poll.RunQueueNs + missed, block.RunDelayNs), block.RunDelayNs);
        Near(
            block,
            "wall time without queueing",
            poll.WallNs - poll.RunQueueNs - missed - around,
            block.DurNs - block.RunDelayNs - stolen
        );
        // What the machine did to the block may outweigh what the block did itself; then that is what must be said.
        if (poll.Cause.IsCpuPressure() && poll.OnCpuNs + poll.BlockedNs <= ThresholdNs)
        {
            Excuse("waited for a CPU and were short themselves");
            return;
        }

        // a call that the kernel mostly computed in (a busy file system) is reported as computing, and rightly
        if (
            poll.Cause == HotspotCause.OnCpu
            && !expectation.Causes.Contains(poll.Cause)
            && block.CpuNs > block.AsleepNs
        )
        {
            Excuse("computed in the kernel instead of sleeping");
            return;
        }

        if (!expectation.Causes.Contains(poll.Cause))
            Differ(block, $"was reported as {poll.Cause}");
        if (poll.Hotspot < 0)
        {
            // Only the first hotspots are kept; what was cut is counted.
            if (document.Losses.HotspotsCut == 0)
                Differ(block, "belongs to no hotspot");
            else
                Excuse("belong to a hotspot that was cut");
            return;
        }

        var hotspot = document.Hotspots[poll.Hotspot];
        if (expectation.Syscalls.Count > 0 && !expectation.Syscalls.Contains(hotspot.Syscall, StringComparer.Ordinal))
            Differ(block, $"was reported with the system call '{hotspot.Syscall}'");
        // The function, or code of the user's that it calls: a helper of the program, or with line tables what was inlined.
        // Of a block that was preempted again and again a single sample may be all, and it may have met the program's own watch.
        var measuring =
            block.RunDelayNs > ThresholdNs && hotspot.UserFrame.StartsWith("workloads::", StringComparison.Ordinal);
        if (
            named
            && !measuring
            && !Names(hotspot.UserFrame, block.Function)
            && !hotspot.Stack.Any(frame => Names(frame.Split(' ')[0], block.Function))
        )
            Differ(block, $"was blamed on '{hotspot.UserFrame}'; stack: {string.Join(" < ", hotspot.Stack)}");
    }

    private void Excuse(string why) => _excuses[why] = _excuses.GetValueOrDefault(why) + 1;

    /// <summary>Precision: what is called blocking must be one of the program's own blocks. Pressure may be seen anywhere.</summary>
    private void FindBlameWithoutReason(
        List<TruthBlock> real,
        long startNs,
        ProfileDocument document,
        HashSet<SlowPoll> used
    )
    {
        foreach (var poll in document.SlowPolls)
        {
            if (used.Contains(poll) || poll.Cause.IsCpuPressure())
                continue;
            if (real.Exists(block => Belongs(poll, block, startNs, document)))
                continue;
            // The log's last lines come with a delay; the block of a poll at the edge may not be there.
            if (AtEdge(poll, document))
                continue;

            _differences.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"reported without reason: {poll.Cause} {poll.WallNs / 1e6:F2} ms (cpu {poll.OnCpuNs / 1e6:F2}, asleep {poll.BlockedNs / 1e6:F2}, queued {poll.RunQueueNs / 1e6:F2}) in {document.Tasks[poll.Task].Name}, blamed on '{(poll.Hotspot < 0 ? "" : document.Hotspots[poll.Hotspot].UserFrame)}'"
                )
            );
        }
    }

    /// <summary>Polls at an end of the run: what they did before or after it is not known.</summary>
    public static bool AtEdge(SlowPoll poll, ProfileDocument document) =>
        poll.Open || poll.StartNs < EdgeNs || poll.StartNs + poll.WallNs > document.Summary.ObservedNs - EdgeNs;

    /// <summary>
    /// What the host took is waiting for a CPU to Hud. The program has no clock for it: it is in neither its CPU time nor its
    /// run-queue delay, so it would be taken for sleep. Only where the report has as much more waiting, and the host took as much.
    /// </summary>
    private long TakeStolen(TruthBlock block, SlowPoll poll)
    {
        var moved = block.AsleepNs - poll.BlockedNs;
        if (
            moved <= Tolerance(block)
            || moved > _stolenNs
            || poll.RunQueueNs - block.RunDelayNs < moved - Tolerance(block)
        )
            return 0;
        _stolenNs -= moved;
        return moved;
    }

    /// <summary>
    /// A switch not reported by the kernel is reconstructed from sums that lag by a tick, so that waiting is reported as computing: once
    /// for each such switch, and only where exactly as much waiting is missing.
    /// </summary>
    private long TakeMissed(TruthBlock block, SlowPoll poll) =>
        TakeOfMissedSwitch(block, poll.OnCpuNs - block.CpuNs, block.RunDelayNs - poll.RunQueueNs);

    /// <summary>The other way round: those sums did not have the last computing yet, which then is sleep.</summary>
    private long TakeLag(TruthBlock block, SlowPoll poll) =>
        TakeOfMissedSwitch(block, block.CpuNs - poll.OnCpuNs, poll.BlockedNs - block.AsleepNs);

    private long TakeOfMissedSwitch(TruthBlock block, long moved, long counterpart)
    {
        if (_missed == 0 || moved <= Tolerance(block) || moved > TickNs || counterpart < moved - Tolerance(block))
            return 0;
        _missed--;
        return moved;
    }

    /// <summary>
    /// What a poll computed before its block began and after it ended: next to nothing, but a virtual machine that stands still there
    /// without telling its guest makes it longer. Never more than the poll is longer than its block, and only for a few polls of a run.
    /// </summary>
    private long TakeAround(TruthBlock block, SlowPoll poll)
    {
        var more = poll.OnCpuNs - block.CpuNs;
        if (more <= Tolerance(block) || more > TickNs || poll.WallNs - block.DurNs < more - ClockToleranceNs / 10)
            return 0;
        Excuse("computed for longer than their block");
        return more;
    }

    private const long TickNs = 10_000_000;
    private long _missed;
    private long _lost;
    private long _stolenNs;

    private static long Tolerance(TruthBlock block) => Math.Max(1_000_000, block.DurNs / 10);

    private void Near(TruthBlock block, string what, long said, long measured)
    {
        if (Math.Abs(said - measured) > Tolerance(block))
            Differ(
                block,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{what}: reported {said / 1e6:F2} ms, measured {measured / 1e6:F2} ms"
                )
            );
    }

    private void Differ(TruthBlock block, string what) =>
        _differences.Add(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{block.Kind} in {block.Function} at {block.StartNs / 1e9:F3} s for {block.DurNs / 1e6:F2} ms (cpu {block.CpuNs / 1e6:F2}, queued {block.RunDelayNs / 1e6:F2}) {what}"
            )
        );

    private static bool Names(string frame, string function) =>
        frame.Split("::").Any(part => string.Equals(part.Split('<')[0], function, StringComparison.Ordinal));
}
