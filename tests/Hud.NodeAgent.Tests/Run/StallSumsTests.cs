using Hud.Core.Profile;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

public sealed class StallSumsTests
{
    private readonly StallSums _sums = new();

    private static Stall At(long start, long duration) => new() { StartNs = start, DurationNs = duration };

    [Fact]
    public void Those_of_polls_that_are_forgotten_go_on_counting()
    {
        Assert.Equal(new StallSum(2, 30, 20), _sums.Update([At(100, 10), At(200, 20)], long.MinValue));
        // the first is forgotten, and one has come
        Assert.Equal(new StallSum(3, 35, 20), _sums.Update([At(200, 20), At(300, 5)], 150));
        Assert.Equal(new StallSum(4, 42, 20), _sums.Update([At(400, 7)], 350));
        Assert.Equal(new StallSum(4, 42, 20), _sums.Update([At(400, 7)], 350));
    }

    [Fact]
    public void One_that_goes_on_counts_once_with_all_of_its_time()
    {
        Assert.Equal(new StallSum(1, 10, 10), _sums.Update([At(100, 10)], long.MinValue));
        Assert.Equal(new StallSum(1, 90, 90), _sums.Update([At(100, 90)], long.MinValue));
        // of its polls some are forgotten
        Assert.Equal(new StallSum(1, 90, 90), _sums.Update([At(120, 70)], 130));
    }
}
