using Hud.NodeAgent.Budget;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

public sealed class CalibrationTests
{
    /// <summary>The child answers within five seconds or not at all, and each of its two answers may be the one that is missing.</summary>
    [Theory]
    [InlineData(1000.0, 100.0, 1200, 120)]
    [InlineData(1000.0, -3.0, 1200, 0)] // noise
    [InlineData(1000.0, null, 1200, 1080)]
    [InlineData(null, null, 2000, 1000)]
    [InlineData(null, 100.0, 2000, 1000)]
    [InlineData(-3.0, 100.0, 2000, 1000)]
    [InlineData(double.NaN, 100.0, 2000, 1000)]
    public void A_child_that_does_not_answer_costs_no_more_than_its_answer(
        double? timed,
        double? skipped,
        double timedNs,
        double skippedNs
    )
    {
        var cost = Calibration.Of(timed, skipped);
        Assert.Equal((timedNs, skippedNs), (Math.Round(cost.TimedNs), Math.Round(cost.SkippedNs)));
    }

    [Theory]
    [InlineData(700.0, 840)]
    [InlineData(null, 840)] // 0.7 of a timed poll
    [InlineData(-3.0, 840)]
    [InlineData(1000.0, 1200)]
    public void A_wake_costs_what_was_measured_or_a_part_of_a_poll(double? wake, double wakeNs) =>
        Assert.Equal(wakeNs, Math.Round(Calibration.Of(1000, 100, wake).WakeNs));
}
