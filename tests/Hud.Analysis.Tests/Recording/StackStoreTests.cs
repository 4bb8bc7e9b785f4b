using Hud.Frames;
using static Hud.Tests.Support.Stage;

namespace Hud.Analysis.Tests;

public sealed class StackStoreTests
{
    private static StackId Intern(StackStore store, ulong address) =>
        store.Intern(default, [address], UnwindQuality.EhFrame, StopReason.ReachedPoll);

    [Fact]
    public void What_is_forgotten_makes_room_and_its_number_is_not_given_again()
    {
        var store = new StackStore(maxStacks: 3);
        StackId first = Intern(store, 1),
            second = Intern(store, 2);
        Intern(store, 3);
        Assert.True(Intern(store, 4).IsNone);
        Assert.Equal(1, store.Refused);

        store.KeepOnly(new HashSet<StackId> { second });
        Assert.Equal(1, store.Count);
        Assert.Equal(second, Intern(store, 2));
        Assert.Empty(store[first].Addresses);
        StackId again = Intern(store, 1);
        Assert.NotEqual(first, again);
        Assert.Equal([1UL], store[again].Addresses);
        Assert.Equal(1, store.Refused);
    }

    [Theory]
    [InlineData(90, false)]
    [InlineData(91, true)]
    public void It_is_nearly_full_when_a_tenth_of_the_room_is_left(int count, bool expected)
    {
        var store = new StackStore(maxStacks: 100);
        for (int i = 0; i < count; i++)
            Intern(store, (ulong)i + 1);
        Assert.Equal(expected, store.IsNearlyFull);
    }

    [Fact]
    public void The_names_of_stacks_that_are_gone_are_forgotten()
    {
        var stage = new Stage();
        StackId gone = stage.Stack("shop::hash"),
            kept = stage.Stack("shop::wait");
        stage.Attributor.Frames(gone, exact: true);
        stage.Attributor.Frames(kept, exact: true);
        stage.Stacks.KeepOnly(new HashSet<StackId> { kept });
        stage.Attributor.ForgetGone();
        Assert.False(stage.Attributor.IsNamed(gone));
        Assert.True(stage.Attributor.IsNamed(kept));
    }

    [Fact]
    public void The_cheapest_hotspots_let_their_stacks_go_and_nothing_of_their_time_is_lost()
    {
        var stage = new Stage();
        var stacks = Enumerable.Range(1, 5).Select(i => stage.Stack($"shop::f{i}")).ToArray();
        for (int i = 0; i < 5; i++)
            stage.Aggregator.AddPoll(Slow(cpu: 10 * (i + 1), start: 100 * i) with { CpuStack = stacks[i] });

        stage.Aggregator.LetStacksGo(most: 2);
        Assert.Equal(3, stage.Aggregator.StacksLetGo);
        Assert.Equal(150 * Ms, stage.Aggregator.Hotspots.Values.Sum(h => h.Durations.TotalNs));
        Assert.Equal(
            [StackId.None, stacks[3], stacks[4]],
            stage.Aggregator.Hotspots.Keys.Select(k => k.Stack).OrderBy(s => s.Number)
        );
        Assert.Equal(
            [StackId.None, StackId.None, StackId.None, stacks[3], stacks[4]],
            stage.Aggregator.Polls.Select(p => p.CpuStack)
        );

        stage.Stacks.KeepOnly(stage.Aggregator.Stacks().ToHashSet());
        Assert.True(stage.Stacks.Contains(stacks[4]));
    }
}
