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

    private readonly List<string> _differences = [];
    private readonly List<TruthBlock> _inside = [];

    private TruthTable(long thresholdNs) => ThresholdNs = thresholdNs;

    public long ThresholdNs { get; }

    /// <summary>The blocks that lay wholly inside the run.</summary>
    public IReadOnlyList<TruthBlock> Inside => _inside;

    /// <summary>Blocks of over twice the threshold that lay wholly inside the run.</summary>
    public int Expected { get; private set; }

    public int Found { get; private set; }

    /// <summary>Empty when the report is right.</summary>
    public IReadOnlyList<string> Differences => _differences;

    /// <param name="named">False for binaries without symbols: nothing can name the function then.</param>
    public static TruthTable Compare(IReadOnlyList<TruthBlock> blocks, long unixMinusMonotonicNs, ProfileDocument document, long thresholdNs, bool named, long stolenNs = 0)
    {
        var table = new TruthTable(thresholdNs) { _stolenNs = stolenNs };
        table._excusable = document.Losses.MissedSwitches * 3;
        var startNs = document.Summary.StartedAt.Subtract(DateTimeOffset.UnixEpoch).Ticks * 100 - unixMinusMonotonicNs;
        var real = blocks.Where(block => !string.Equals(block.Kind, "allowed", StringComparison.Ordinal)).ToList();
        var used = new HashSet<SlowPoll>(ReferenceEqualityComparer.Instance);
        foreach (var block in real)
        {
            if (block.StartNs < startNs + EdgeNs || block.EndNs > startNs + document.Summary.ObservedNs - EdgeNs)
                continue;
            table._inside.Add(block);
            var poll = document.SlowPolls.FirstOrDefault(poll => Belongs(poll, block, startNs, document) && !used.Contains(poll));
            if (poll is not null)
                used.Add(poll);
            if (block.DurNs > 2 * thresholdNs && Expectation.Of(block.Kind) is { } expectation)
                table.Judge(expectation, block, poll, document, named);
        }

        table.FindBlameWithoutReason(real, startNs, document, used);
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
            Differ(block, "was not reported");
            return;
        }

        Found++;
        Near(block, "time on CPU", poll.OnCpuNs, block.CpuNs);
        Near(block, "time asleep", poll.BlockedNs, block.AsleepNs);
        // The poll may have been preempted before or after its block as well, so there may be more queueing, and only of it.
        Near(block, "run-queue delay", Math.Min(poll.RunQueueNs, block.RunDelayNs), block.RunDelayNs);
        Near(block, "wall time without queueing", poll.WallNs - poll.RunQueueNs, block.DurNs - block.RunDelayNs);
        // What the machine did to the block may outweigh what the block did itself; then that is what must be said.
        if (poll.RunQueueNs * 2 >= poll.WallNs)
            return;
        // a call that the kernel mostly computed in (a busy file system) is told as computing, and rightly
        if (poll.Cause == HotspotCause.OnCpu && !expectation.Causes.Contains(poll.Cause) && block.CpuNs > block.AsleepNs)
            return;
        if (!expectation.Causes.Contains(poll.Cause))
            Differ(block, $"was reported as {poll.Cause}");
        if (poll.Hotspot < 0)
        {
            // Only the first hotspots are kept; what was cut is counted.
            if (document.Losses.HotspotsCut == 0)
                Differ(block, "belongs to no hotspot");
            return;
        }

        var hotspot = document.Hotspots[poll.Hotspot];
        if (expectation.Syscalls.Count > 0 && !expectation.Syscalls.Contains(hotspot.Syscall, StringComparer.Ordinal))
            Differ(block, $"was reported with the system call '{hotspot.Syscall}'");
        // The function, or code of the user's that it calls: a helper of the program, or with line tables what was inlined.
        // The program's own watch and diary are not the work that is judged, but a sample may meet them.
        bool measuring = hotspot.UserFrame.StartsWith("workloads::", StringComparison.Ordinal);
        if (named && !measuring && !Names(hotspot.UserFrame, block.Function) && !hotspot.Stack.Any(frame => Names(frame.Split(' ')[0], block.Function)))
            Differ(block, $"was blamed on '{hotspot.UserFrame}'; stack: {string.Join(" < ", hotspot.Stack)}");
    }

    /// <summary>Precision: what is called blocking must be one of the program's own blocks. Pressure may be seen anywhere.</summary>
    private void FindBlameWithoutReason(List<TruthBlock> real, long startNs, ProfileDocument document, HashSet<SlowPoll> used)
    {
        foreach (var poll in document.SlowPolls)
        {
            if (used.Contains(poll) || poll.Cause is HotspotCause.RunQueue or HotspotCause.Throttled)
                continue;
            if (real.Exists(block => Belongs(poll, block, startNs, document)))
                continue;
            // The log's last lines come with a delay; the block of a poll at the edge may not be there.
            if (AtEdge(poll, document))
                continue;
            if (poll.Cause == HotspotCause.OnCpu && poll.OnCpuNs <= _stolenNs)
            {
                _stolenNs -= poll.OnCpuNs;
                PollsOfTheHost++;
                continue;
            }

            _differences.Add(string.Create(CultureInfo.InvariantCulture,
                $"reported without reason: {poll.Cause} {poll.WallNs / 1e6:F2} ms (cpu {poll.OnCpuNs / 1e6:F2}, asleep {poll.BlockedNs / 1e6:F2}, queued {poll.RunQueueNs / 1e6:F2}) in {document.Tasks[poll.Task].Name}, blamed on '{(poll.Hotspot < 0 ? "" : document.Hotspots[poll.Hotspot].UserFrame)}'"));
        }
    }

    /// <summary>Polls at an end of the run: what they did before or after it is not known.</summary>
    public static bool AtEdge(SlowPoll poll, ProfileDocument document) =>
        poll.Open || poll.StartNs < EdgeNs || poll.StartNs + poll.WallNs > document.Summary.ObservedNs - EdgeNs;

    /// <summary>Polls that were long because the host took a CPU away.</summary>
    public int PollsOfTheHost { get; private set; }

    private const long TickNs = 10_000_000;
    private long _stolenNs;
    private TruthBlock? _stolenFrom;
    private long _excused;
    private long _excusable;

    private void Near(TruthBlock block, string what, long said, long measured)
    {
        var tolerance = Math.Max(1_000_000, block.DurNs / 10);
        // A switch that the kernel did not tell is made good from sums that lag by a tick: up to three figures of one block.
        if (Math.Abs(said - measured) is var off && off > tolerance && off <= TickNs && _excused < _excusable)
            _excused++;
        else if (off > tolerance && (ReferenceEquals(_stolenFrom, block) || off <= _stolenNs))
        {
            // The host took the CPU away for a moment, which the two clocks book differently: once for each block.
            _stolenNs -= ReferenceEquals(_stolenFrom, block) ? 0 : off;
            _stolenFrom = block;
        }
        else if (off > tolerance)
            Differ(block, string.Create(CultureInfo.InvariantCulture, $"{what}: reported {said / 1e6:F2} ms, measured {measured / 1e6:F2} ms"));
    }

    private void Differ(TruthBlock block, string what) => _differences.Add(string.Create(CultureInfo.InvariantCulture,
        $"{block.Kind} in {block.Function} at {block.StartNs / 1e9:F3} s for {block.DurNs / 1e6:F2} ms (cpu {block.CpuNs / 1e6:F2}, queued {block.RunDelayNs / 1e6:F2}) {what}"));

    private static bool Names(string frame, string function) =>
        frame.Split("::").Any(part => string.Equals(part.Split('<')[0], function, StringComparison.Ordinal));
}
