using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

public sealed class ClosingWarningsTests
{
    private static List<Diagnostic> OfRun(
        Losses? losses = null,
        long stacks = 0,
        long guessed = 0,
        long leftOut = 0,
        IReadOnlyList<LevelChange>? lowered = null
    ) => [.. ClosingWarnings.OfRun(losses ?? new Losses(), stacks, guessed, leftOut, lowered ?? [])];

    private static List<Diagnostic> OfTarget(TargetProfile target, string prefixes = "") =>
        [.. new ClosingWarnings(prefixes).OfTargets(new ProfileDocument { Targets = [target] })];

    [Fact]
    public void A_run_without_a_loss_says_nothing() => Assert.Empty(OfRun());

    [Fact]
    public void Events_that_were_dropped_are_counted_by_their_cause()
    {
        var warning = Assert.Single(
            OfRun(
                new Losses
                {
                    RingBufferDrops = 3,
                    RateLimited = 4,
                    MissedReturns = 5,
                }
            )
        );
        Assert.Equal(DiagnosticKinds.EventsDropped, warning.Kind);
        Assert.Contains(
            "12 events did not reach the report: 3 ring buffer full, 4 rate-limited, 5 other",
            warning.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(100, 10, false)]
    [InlineData(100, 11, true)]
    public void Guessed_callers_are_reported_from_a_tenth_of_the_stacks_on(int stacks, int guessed, bool reported)
    {
        Assert.Equal(
            reported,
            OfRun(stacks: stacks, guessed: guessed).Exists(d => d.Kind == DiagnosticKinds.GuessedCallers)
        );
    }

    [Fact]
    public void The_lowest_level_of_detail_is_reported_with_its_reason()
    {
        LevelChange[] changes = [new(0, 1, 4, "first"), new(1, 2, 8, "worst"), new(2, 0, 1, "back")];
        var warning = Assert.Single(OfRun(lowered: changes));
        Assert.Equal(DiagnosticKinds.BudgetLowered, warning.Kind);
        Assert.Contains("level of detail went down to 2: worst", warning.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Idle", "", "send it some load")]
    [InlineData("NotTimed", "", "send it some load")]
    [InlineData("Starved", "", "resources.requests.cpu")]
    [InlineData("Unclear", "", "gdb -p 7")]
    [InlineData("NoSuchWorkers", "api*", "workerThreadNames")]
    [InlineData("Idle", "api*", "ps -T -p 7")]
    public void A_silent_target_gets_the_next_step_of_its_reason(string reason, string prefixes, string next)
    {
        var warning = Assert.Single(
            OfTarget(
                new TargetProfile
                {
                    Pid = 7,
                    Process = "api",
                    Reason = reason,
                },
                prefixes
            )
        );
        Assert.Contains(next, warning.NextStep, StringComparison.Ordinal);
        Assert.Equal(
            prefixes.Length > 0 && reason == "Idle",
            warning.Message.EndsWith(", on threads named api*", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_target_that_polled_and_hardly_ran_is_reported_as_starved()
    {
        var target = new TargetProfile
        {
            Pid = 7,
            Process = "api",
            Reason = "Starved",
            Polls = 3,
            CpuWaitNs = 9_000_000_000,
            CpuNs = 1_000_000,
        };
        var warning = Assert.Single(OfTarget(target));
        Assert.Equal(DiagnosticKinds.Starved, warning.Kind);
        Assert.Contains("waited 9s for a CPU and ran for 1ms", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_target_that_polled_says_nothing() =>
        Assert.Empty(
            OfTarget(
                new TargetProfile
                {
                    Pid = 7,
                    Process = "api",
                    Reason = "Idle",
                    Polls = 3,
                }
            )
        );
}
