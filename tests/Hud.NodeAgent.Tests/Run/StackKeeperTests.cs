using Hud.Analysis;
using Hud.NodeAgent.Run;
using Hud.Tests.Support;
using static Hud.Tests.Support.Stage;

namespace Hud.NodeAgent.Tests.Run;

public sealed class StackKeeperTests
{
    private readonly Stage _stage = new(maxStacks: 100);

    private StackKeeper Keeper(params StackId[] used) =>
        new(_stage.Stacks, _stage.Attributor, _stage.Aggregator, () => used);

    private StackId[] Fill(string name, int count) =>
        [.. Enumerable.Range(0, count).Select(i => _stage.Stack($"shop::{name}{i}"))];

    [Fact]
    public void Where_there_is_room_nothing_is_forgotten()
    {
        Fill("f", 90);
        Assert.False(Keeper().Look());
        Assert.Equal(90, _stage.Stacks.Count);
    }

    [Fact]
    public void What_nobody_refers_to_makes_room_for_what_comes()
    {
        var kept = _stage.Stack("shop::kept");
        Fill("f", 99);
        Assert.True(Keeper(kept).Look());
        Assert.Equal(1, _stage.Stacks.Count);
        Assert.True(_stage.Stacks.Contains(kept));
        Assert.All(Fill("g", 99), stack => Assert.False(stack.IsNone));
        Assert.Equal(0, _stage.Stacks.Refused);
    }

    [Fact]
    public void A_run_that_met_more_stacks_than_there_is_room_for_lets_the_cheapest_go()
    {
        var stacks = Fill("f", 95);
        for (int i = 0; i < stacks.Length; i++)
            _stage.Aggregator.AddPoll(Slow(cpu: 10 + i, start: 200 * i) with { CpuStack = stacks[i] });
        var cheap = stacks[0];
        Assert.True(Keeper(cheap).Look());
        Assert.Equal(70, _stage.Aggregator.StacksLetGo);
        Assert.True(_stage.Stacks.Contains(stacks[^1]));
        Assert.True(_stage.Stacks.Contains(cheap)); // somebody else refers to it
        Assert.False(_stage.Stacks.Contains(stacks[1]));
        Assert.Equal(Enumerable.Range(10, 95).Sum() * Ms, _stage.Aggregator.OnCpuNs);
    }

    [Fact]
    public void Where_all_is_in_use_it_does_not_try_each_second()
    {
        var stacks = Fill("f", 95);
        int asked = 0;
        var keeper = new StackKeeper(
            _stage.Stacks,
            _stage.Attributor,
            _stage.Aggregator,
            () =>
            {
                asked++;
                return stacks;
            }
        );
        Assert.False(keeper.Look());
        int before = asked;
        Assert.False(keeper.Look());
        Assert.Equal(before, asked);
    }
}
