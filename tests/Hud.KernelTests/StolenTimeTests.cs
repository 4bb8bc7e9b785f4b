using System.Globalization;
using Hud.KernelTests.Support;
using Hud.NodeAgent.Kernel;

namespace Hud.KernelTests;

/// <summary>
/// What the host takes cannot be ordered, only compared: with <c>/proc/stat</c>, while polls fill every CPU. On a machine that nothing is
/// taken from, nothing may be reported.
/// </summary>
[Trait("runs", "alone")]
public sealed class StolenTimeTests
{
    private const long TickNs = 10_000_000;

    [Fact]
    public void What_the_host_took_is_in_the_polls_that_ran_and_nothing_more()
    {
        Need.ProbeMode("uprobe.session");
        int cpus = Environment.ProcessorCount;
        string all = cpus.ToString(CultureInfo.InvariantCulture);
        using var service = ProbedWorkload.Start(
            "cpu_hog",
            $"--workers {all} --tasks {all} --every-ms 0 --block-ms 20"
        );
        long before = StolenNs();
        Thread.Sleep(4000);
        service.Ring.Drain();
        long stolen = StolenNs() - before,
            slack = cpus * 2 * TickNs;

        var polls = service.Events.Where(e => e.Kind == EventKind.Poll).ToList();
        Assert.True(polls.Count >= 20, $"{polls.Count} slow polls");
        long reported = polls
            .Where(e => (e.Flags & EventFlags.Stolen) != EventFlags.None)
            .Sum(e => (long)e.WorstQueueNs);
        Assert.True(reported <= stolen + slack, $"{reported / 1e6:F1} ms reported, {stolen / 1e6:F1} ms booked");
        // others may have run on the CPU while it was taken, hence half
        long waited = polls.Sum(e => (long)e.RunDelayNs);
        Assert.True(
            waited >= stolen / 2 - slack,
            $"{waited / 1e6:F1} ms of waiting in polls, {stolen / 1e6:F1} ms booked"
        );
    }

    /// <summary>Of all CPUs, to a tick of 10 ms each: <c>proc(5)</c>, the eighth figure.</summary>
    private static long StolenNs() =>
        long.Parse(
            File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[8],
            CultureInfo.InvariantCulture
        ) * TickNs;
}
