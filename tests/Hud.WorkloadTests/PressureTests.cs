using Hud.Core.Profile;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>What the machine does to a well-behaved service is named as that, and never blamed on its code.</summary>
[Collection(Alone.Name)]
public sealed class PressureTests
{
    private const string Set = "tokio143-release";
    private static readonly string[] OnCpu0 = ["taskset", "-c", "0"];

    [Fact]
    public async Task A_neighbour_on_the_same_cpu_is_named_and_the_service_is_not_blamed()
    {
        using var burner = await Workload.StartAsync(Set, "burner", "--tasks 2", OnCpu0);
        var profiled = await Profiled.RunAsync(
            Set,
            "steady_work",
            "--workers 1",
            seconds: 5,
            thresholdMs: 4,
            prefix: OnCpu0
        );
        DoesNotBlame(profiled);
        var queued = profiled.Document.Hotspots.Where(hotspot => hotspot.Cause == HotspotCause.RunQueue).ToList();
        Assert.NotEmpty(queued);
        Assert.Contains(
            queued.SelectMany(hotspot => hotspot.PreemptedBy),
            culprit => string.Equals(culprit.Name, "burner", StringComparison.Ordinal)
        );
        Assert.Equal(VerdictLevel.Pressure, profiled.Document.VerdictLevel);
    }

    [Fact]
    public async Task A_cpu_quota_is_reported_as_throttling_with_the_milliseconds_of_cpu_stat()
    {
        using var group = CpuGroup.Create("hud-test-quota", quotaPercent: 20);
        using var workload = await Workload.StartAsync(Set, "steady_work", "--tasks 2");
        group.Add(workload.Pid);
        var before = group.ThrottledNs();
        var run = await HudRun.OnAsync(workload, 6, "--threshold 5");
        var throttled = group.ThrottledNs() - before;
        Assert.True(throttled > 50_000_000, $"the group was throttled for {throttled} ns only");
        var document = run.Document;
        // A block that was long for the program's own clock computed as long; a missed switch moves waiting into computing.
        var longest = workload.Blocks.Where(block => block.CpuNs > 4_500_000).ToList();
        var blamed = document.SlowPolls.Where(poll => !poll.Cause.IsCpuPressure()).ToList();
        Assert.True(
            blamed.Count <= longest.Count + document.Losses.MissedSwitches,
            string.Join(
                "\n",
                blamed.Select(poll =>
                    $"{poll.Cause}: wall {poll.WallNs} cpu {poll.OnCpuNs} asleep {poll.BlockedNs} queued {poll.RunQueueNs} throttled {poll.ThrottledNs}"
                )
            )
                + $"; the program's own: {string.Join(", ", workload.Blocks.Select(block => block.CpuNs).OrderDescending().Take(5))}"
        );
        Assert.Contains(document.Hotspots, hotspot => hotspot.Cause == HotspotCause.Throttled);
        Assert.Equal(VerdictLevel.Pressure, document.VerdictLevel);
        // The group's own counter runs on while hud starts and ends.
        Assert.InRange(Assert.Single(document.Targets).ThrottledNs, throttled * 0.5, throttled * 1.05);
    }

    /// <summary>The limit of a pod is on the pod's cgroup, and only there is counted what it holds back.</summary>
    [Fact]
    public async Task A_cpu_quota_of_the_group_around_is_throttling_of_the_target_too()
    {
        using var pod = CpuGroup.Create("hud-test-pod", quotaPercent: 20);
        using var container = pod.Inside("container");
        using var workload = await Workload.StartAsync(Set, "steady_work", "--tasks 2");
        container.Add(workload.Pid);
        var before = pod.ThrottledNs();
        var run = await HudRun.OnAsync(workload, 4, "--threshold 5");
        var throttled = pod.ThrottledNs() - before;
        Assert.True(throttled > 50_000_000, $"the group was throttled for {throttled} ns only");
        // the group's own counter runs on while hud starts and ends
        Assert.InRange(Assert.Single(run.Document.Targets).ThrottledNs, throttled * 0.5, throttled * 1.05);
    }

    private static void DoesNotBlame(Profiled profiled) =>
        Assert.DoesNotContain(
            profiled.Document.Hotspots,
            hotspot => hotspot.Cause is HotspotCause.OnCpu or HotspotCause.BlockingCall or HotspotCause.LockWait
        );
}
