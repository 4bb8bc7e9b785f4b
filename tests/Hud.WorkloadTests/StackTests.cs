using Hud.Core.Profile;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>Stacks of stock release builds: no frame pointers, no debug information.</summary>
[Collection(Alone.Name)]
public sealed class StackTests
{
    /// <summary>Slow polls with a stack that one build must give for a share of 1 % to mean something.</summary>
    private const int Enough = 300;

    [Theory]
    [InlineData("tokio124-release")]
    [InlineData("tokio124-lto-abort")]
    [InlineData("tokio143-release")]
    [InlineData("tokio143-lto-abort")]
    public async Task Of_a_hundred_stacks_of_slow_polls_ninety_nine_reach_the_poll(string set)
    {
        var polls = new List<(SlowPoll Poll, StackEntry Stack)>();
        long withoutStack = 0;
        // two of them sleep, so that all three have a CPU
        var runs = await Task.WhenAll(
            new[] { "cpu_hog", "sleep", "mutex" }.Select(program =>
                Profiled.RunAsync(set, program, "--tasks 4 --block-ms 12 --every-ms 5")
            )
        );
        foreach (var (document, _, _, _) in runs)
        {
            polls.AddRange(document.SlowPolls.Where(p => p.Stack >= 0).Select(p => (p, document.StackTable[p.Stack])));
            withoutStack += document.SlowPolls.Count(p => p.Stack < 0 && !p.Cause.IsCpuPressure());
        }

        // frames that were guessed do not count: they may be wrong
        var astray = polls
            .Where(p => p.Stack.Stop != "ReachedPoll" || p.Stack.Quality.Contains("Scan", StringComparison.Ordinal))
            .ToList();
        var ends = string.Join(
            ", ",
            astray
                .GroupBy(p => $"{p.Stack.Stop} by {p.Stack.Quality}", StringComparer.Ordinal)
                .Select(g => $"{g.Count()} {g.Key}")
        );
        var summary =
            $"{set}: {polls.Count} slow polls with a stack, {withoutStack} without; not to the poll: {astray.Count} {ends}";
        TestContext.Current.SendDiagnosticMessage(summary);
        Assert.True(polls.Count >= Enough, summary);
        Assert.True(astray.Count <= polls.Count / 100, summary);
        // the clock takes a sample every 10 ms, and a poll between two samples has no stack to unwind
        Assert.True(withoutStack <= polls.Count / 8, summary);
    }
}
