using Hud.Core.Profile;

namespace Hud.WorkloadTests.Harness;

/// <summary>What the report has to say of each case, in any build.</summary>
internal static class BehindCheck
{
    private const double Tolerance = BehindRun.Tolerance;
    private const string Culprit = "keep_the_worker";
    private static readonly string[] OnCpu0 = ["taskset", "-c", "0"];

    /// <summary>Cases that may run side by side, because their programs sleep nearly all the time.</summary>
    public static IEnumerable<BehindCase> SideBySide =>
        Enum.GetValues<BehindCase>().Where(which => which is not (BehindCase.Starved or BehindCase.ShortPolls));

    public static Task OfAsync(string set, BehindCase which) =>
        which switch
        {
            BehindCase.TwoRuntimes => TwoRuntimesAsync(set),
            BehindCase.TwoAtOnce => TwoAtOnceAsync(set),
            BehindCase.Lock => OneAsync(set, which, "wait_for_the_lock", HotspotCause.LockWait),
            BehindCase.ShortPolls => ShortPollsAsync(set),
            BehindCase.InPlace => InPlaceAsync(set),
            BehindCase.Starved => StarvedAsync(set),
            _ => OneAsync(set, which, Culprit, HotspotCause.BlockingCall),
        };

    private static async Task OneAsync(string set, BehindCase which, string function, HotspotCause cause)
    {
        var run = await BehindRun.OnceAsync(set, which);
        Assert.True(run.Truth.Long.Count > 20, $"only {run.Truth.Long.Count} waits were long: this says nothing");
        Assert.True(run.IsIn(run.Behind[0], function), $"{which}: behind {run.Behind[0].Function}, not {function}");
        // a machine that is busy with others keeps the blocker without a CPU, too: that is a cause of its own
        double real = run.Truth.Percent(function),
            pressure = run.Behind.Where(b => b.Cause.IsCpuPressure()).Sum(b => b.Percent);
        Assert.InRange(run.Percent(function, cause), real - pressure - Tolerance, real + Tolerance);
        Assert.InRange(run.Behind[0].Count, run.Truth.Long.Count * 0.8, run.Truth.Long.Count * 1.1 + 5);
        Assert.InRange(run.Behind.Sum(b => b.Percent), 0, 101);
    }

    private static async Task TwoRuntimesAsync(string set)
    {
        var run = await BehindRun.OnceAsync(set, BehindCase.TwoRuntimes);
        Assert.True(run.Truth.Percent("run_batch") > 50, "the other runtime is not blocked");
        double real = run.Truth.Percent(Culprit);
        Assert.InRange(run.Percent(Culprit, HotspotCause.BlockingCall), real - Tolerance, real + Tolerance);
        Assert.Equal(0, run.Percent("run_batch", HotspotCause.BlockingCall));
    }

    private static async Task TwoAtOnceAsync(string set)
    {
        var run = await BehindRun.OnceAsync(set, BehindCase.TwoAtOnce);
        Assert.True(run.Truth.Long.Count > 20);
        double first = run.Percent(Culprit, HotspotCause.BlockingCall),
            second = run.Percent("keep_the_other", HotspotCause.BlockingCall);
        Assert.InRange(first, 50 - Tolerance, 50 + Tolerance);
        Assert.InRange(second, 50 - Tolerance, 50 + Tolerance);
    }

    private static async Task ShortPollsAsync(string set)
    {
        var run = await BehindRun.OnceAsync(set, BehindCase.ShortPolls);
        Assert.True(run.Truth.Long.Count > 20);
        // a machine that is busy with others makes polls slow, too
        Assert.InRange(run.Behind.Where(b => !b.Cause.IsCpuPressure()).Sum(b => b.Percent), 0, Tolerance);
    }

    private static async Task InPlaceAsync(string set)
    {
        var run = await BehindRun.OnceAsync(set, BehindCase.InPlace);
        Assert.True(run.Truth.Blocks.Count > 20);
        Assert.Equal(0, run.Percent(Culprit, HotspotCause.BlockingCall));
    }

    private static async Task StarvedAsync(string set)
    {
        using var burner = await Workload.StartAsync("tokio143-release", "burner", "--tasks 2", OnCpu0);
        var run = await BehindRun.OnceAsync(set, BehindCase.Starved, OnCpu0);
        Assert.True(run.Truth.Long.Count > 20);
        Assert.InRange(run.Behind.Where(b => b.Cause == HotspotCause.RunQueue).Sum(b => b.Percent), 30, 98);
        Assert.InRange(run.Percent("compute", HotspotCause.OnCpu), 2, 70);
    }
}
