using Hud.NodeAgent.Proc;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

public sealed class TargetFinderTests
{
    private static readonly ContainerProcess Shop = new(7, "shop", "shop"),
        Copy = new(20, "shop", "shop"),
        Child = new(20, "gzip", "gzip"),
        Worker = new(9, "worker", "worker");

    private int _waits;

    /// <param name="looks">What each look finds; the last one again and again.</param>
    private IReadOnlyList<ContainerProcess> Staying(params ContainerProcess[][] looks)
    {
        int look = 0;
        return TargetFinder.Staying(
            () => looks[Math.Min(look++, looks.Length - 1)],
            found => found.Count > 1 && !Containers.TryChoose(found, null, out _, out _),
            () => _waits++
        );
    }

    [Fact]
    public void One_process_is_taken_at_once()
    {
        Assert.Equal([Shop], Staying([Shop]));
        Assert.Equal(0, _waits);
    }

    [Fact]
    public void A_copy_of_the_service_that_becomes_another_program_and_ends_is_not_meant()
    {
        Assert.Equal([Shop], Staying([Shop, Copy], [Shop, Child], [Shop]));
        Assert.Equal(2, _waits);
    }

    [Fact]
    public void Children_that_come_and_go_all_the_time_are_not_meant() =>
        Assert.Equal([Shop], Staying([Shop, Copy], [Shop, new ContainerProcess(21, "shop", "shop")]));

    [Fact]
    public void Two_that_stay_are_two()
    {
        Assert.Equal([Shop, Worker], Staying([Shop, Worker]));
        Assert.Equal(3, _waits);
    }

    [Fact]
    public void A_container_that_ends_meanwhile_has_none() => Assert.Empty(Staying([Shop, Copy], []));
}
