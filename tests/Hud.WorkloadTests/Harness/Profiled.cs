using System.Collections.Concurrent;
using System.Globalization;
using Hud.Core.Profile;

namespace Hud.WorkloadTests.Harness;

/// <summary>A workload profiled from outside: the report, and the program's own account of the same time.</summary>
internal sealed record Profiled(
    ProfileDocument Document,
    TruthTable Truth,
    IReadOnlyList<TruthBlock> Blocks,
    IReadOnlyList<TruthLine> Lines
)
{
    public const int ThresholdMs = 5;

    private static readonly ConcurrentDictionary<string, Lazy<Task<Profiled>>> Runs = new(StringComparer.Ordinal);

    /// <summary>Tests that look at the same run share it: it is made once.</summary>
    public static Task<Profiled> RunAsync(
        string set,
        string name,
        string arguments = "",
        int seconds = 3,
        int thresholdMs = ThresholdMs,
        string[]? prefix = null
    )
    {
        string key = string.Create(
            CultureInfo.InvariantCulture,
            $"{set}|{name}|{arguments}|{seconds}|{thresholdMs}|{string.Join(' ', prefix ?? [])}"
        );
        return Runs.GetOrAdd(
            key,
            _ => new Lazy<Task<Profiled>>(() => OnceAsync(set, name, arguments, seconds, thresholdMs, prefix ?? []))
        ).Value;
    }

    /// <summary>A run of its own, shared with no other test.</summary>
    public static Task<Profiled> OnceAsync(string set, string name, int seconds = 3) =>
        OnceAsync(set, name, "", seconds, ThresholdMs, []);

    private static async Task<Profiled> OnceAsync(
        string set,
        string name,
        string arguments,
        int seconds,
        int thresholdMs,
        string[] prefix
    )
    {
        var stolen = StolenNs();
        using var workload = await Workload.StartAsync(set, name, arguments, prefix);
        var run = await HudRun.OnAsync(
            workload,
            seconds,
            $"--threshold {thresholdMs.ToString(CultureInfo.InvariantCulture)}"
        );
        // Blocks that were open when the report ended are written a moment later.
        await Task.Delay(300, TestContext.Current.CancellationToken);
        await workload.StopAsync();
        var named = !set.EndsWith("-stripped", StringComparison.Ordinal);
        var truth = TruthTable.Compare(
            workload.Blocks,
            workload.UnixMinusMonotonicNs,
            run.Document,
            thresholdMs * 1_000_000L,
            named,
            StolenNs() - stolen
        );
        return new Profiled(run.Document, truth, workload.Blocks, workload.Lines);
    }

    /// <summary>What the host took from this machine's CPUs since it started, to a tick of 10 ms: <c>proc(5)</c>, the eighth figure.</summary>
    private static long StolenNs() =>
        long.Parse(
            File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[8],
            CultureInfo.InvariantCulture
        ) * 10_000_000;

    /// <summary>Everything the program did wrong is in the report as it was, and nothing else is.</summary>
    public void AgreesWithTheProgram()
    {
        Assert.True(
            Truth.Differences.Count == 0,
            $"{Truth.Found} of {Truth.Expected} blocks found, not judged: {Truth.Excuses}. "
                + string.Join("\n", Truth.Differences.Take(12))
                + $"\nprobe level {Document.Overhead.Level}, lost: {Lost()}"
        );
        // Two even where neighbours take most of the CPUs away; on a quiet machine there are dozens.
        Assert.True(
            Truth.Expected >= 2,
            $"only {Truth.Expected} blocks of over twice the threshold: too few to decide"
        );
        Assert.Equal(VerdictLevel.Blocked, Document.VerdictLevel);
    }

    /// <summary>What the report counts as lost, each kind by its name.</summary>
    private string Lost() =>
        string.Join(
            ", ",
            typeof(Losses)
                .GetProperties()
                .Where(property => property.GetValue(Document.Losses) is > 0L)
                .Select(property => $"{property.Name} {property.GetValue(Document.Losses)}")
        );

    /// <summary>The report blames no code. Pressure from the machine is not blame.</summary>
    public void BlamesNothing()
    {
        Assert.True(Truth.Differences.Count == 0, string.Join("\n", Truth.Differences.Take(12)));
        // A host that takes the CPU away is not seen from inside: short work then is long for its own clock too.
        var disturbed =
            Blocks.Count(block => string.Equals(block.Kind, "steady", StringComparison.Ordinal))
            + 2 * Document.SlowPolls.Count(poll => TruthTable.AtEdge(poll, Document)); // one that computed and slept is in two findings
        var blamed = Document
            .Hotspots.Where(hotspot =>
                hotspot.Cause is HotspotCause.OnCpu or HotspotCause.BlockingCall or HotspotCause.LockWait
            )
            .ToList();
        Assert.True(
            blamed.Sum(hotspot => hotspot.Count) <= disturbed,
            string.Join(
                "\n",
                blamed.Select(hotspot => $"{hotspot.Cause} {hotspot.Count} x {hotspot.MaxNs} ns {hotspot.UserFrame}")
            )
        );
        if (disturbed == 0)
            Assert.NotEqual(VerdictLevel.Blocked, Document.VerdictLevel);
    }
}
