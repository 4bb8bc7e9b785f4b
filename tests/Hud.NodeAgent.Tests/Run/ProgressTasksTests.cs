using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

public sealed class ProgressTasksTests
{
    [Fact]
    public void A_type_that_takes_no_time_and_waits_longest_is_told_of_and_the_number_of_types_is_bounded()
    {
        // the more time in polls, the shorter the wait
        var tasks = Enumerable
            .Range(1, 100)
            .Select(i => new TaskProfile
            {
                Name = $"t{i}",
                TotalNs = i * 1_000_000L,
                Waits = i % 10 == 0 ? null : new TaskWaits { Count = 1, P99Ns = 1_000_000 / i },
            })
            .ToList();

        var shown = ProgressBuilder.Shown(tasks).Select(t => t.Name).ToList();

        Assert.Equal(StreamLimits.ProgressTasks, shown.Count);
        Assert.Equal(["t1", "t2", "t3", "t4", "t5"], shown.Take(StreamLimits.ProgressWaits));
        Assert.Equal(["t100", "t99", "t98"], shown.Skip(StreamLimits.ProgressWaits).Take(3));
        Assert.Equal(shown.Distinct(), shown);
    }

    [Fact]
    public void Few_types_are_all_there_with_what_most_of_their_long_waits_were_behind()
    {
        var task = new TaskProfile
        {
            Name = "login",
            Waits = new TaskWaits
            {
                Count = 9,
                P99Ns = 62_000_000,
                Behind = [.. Enumerable.Range(0, 9).Select(i => new WaitBehind { Function = $"f{i}" })],
            },
        };

        var shown = ProgressBuilder.Shown([new TaskProfile { Name = "flush", TotalNs = 5 }, task]);

        Assert.Equal(["login", "flush"], shown.Select(t => t.Name));
        Assert.Equal(["f0", "f1", "f2"], shown[0].Waits!.Behind.Select(b => b.Function));
    }
}
