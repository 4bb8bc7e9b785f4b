using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

public sealed class MetricsSinceTests
{
    private static TargetMetrics Target(long n, params TaskMetrics[] tasks) =>
        new()
        {
            Pid = 7,
            Workers = 4,
            OnCpuNs = n,
            BlockedNs = n,
            RunQueueNs = n,
            ThrottledNs = n,
            Stalls = n,
            StallNs = n,
            CpuNs = n,
            CpuWaitNs = n,
            CpuThrottledNs = n,
            CpuThrottledPeriods = n,
            OpenPolls = 3,
            Tasks = tasks,
        };

    [Fact]
    public void Counters_are_the_difference_and_the_rest_stays()
    {
        var since = MetricsSince.Of(Target(100), Target(30));
        Assert.Equal(Target(70) with { Tasks = since.Tasks }, since);
    }

    [Fact]
    public void Tasks_are_subtracted_by_their_series_and_one_that_is_new_is_whole()
    {
        var known = new TaskMetrics
        {
            Series = 3,
            Name = "a",
            SlowPolls = 5,
            PollNs = 50,
            Polls = [0, 4, 2],
            WaitNs = 9,
            Waits = [1],
        };
        var since = MetricsSince.Of(
            Target(
                0,
                known with
                {
                    SlowPolls = 6,
                    PollNs = 70,
                    Polls = [0, 5, 2],
                    WaitNs = 11,
                    Waits = [1, 0, 1],
                    Exemplars =
                    [
                        new PollExemplar(HotspotCause.OnCpu, "f", 3, 0),
                        new PollExemplar(HotspotCause.OnCpu, "f", 5, 0),
                    ],
                },
                known with
                {
                    Series = 4,
                }
            ),
            Target(0, known)
        );
        var task = since.Tasks[0];
        Assert.Equal((1, 20, 2), (task.SlowPolls, task.PollNs, task.WaitNs));
        Assert.Equal([0, 1], task.Polls);
        Assert.Equal([0, 0, 1], task.Waits);
        Assert.Equal(3, Assert.Single(task.Exemplars).WallNs); // of the slot that has a poll
        Assert.Equal(5, since.Tasks[1].SlowPolls);
    }
}
