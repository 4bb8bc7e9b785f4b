using Hud.Kubernetes;
using Hud.Operator.Reconcile;

namespace Hud.Operator.Tests;

public sealed class SlotsTests
{
    private readonly List<string> _woken = [];

    private Slots Of(int perNode = 10, int perNamespace = 20, int waiting = 100) =>
        new(
            Make.Options with
            {
                MaxSessionsPerNode = perNode,
                MaxSessionsPerNamespace = perNamespace,
                MaxWaitingSessionsPerNamespace = waiting,
            },
            key => _woken.Add(key.ToString())
        );

    /// <summary>Empty when it has its place.</summary>
    private static string Take(Slots slots, string ns, string name, params string[] nodes) =>
        slots.TryTake($"{ns}/{name}", new EntityKey(ns, name), nodes, out var wait, out var refused) ? ""
        : refused ? "refused: " + wait
        : wait;

    [Fact]
    public void A_full_namespace_makes_its_next_session_wait_and_wakes_it_when_one_ends()
    {
        var slots = Of(perNamespace: 2);
        Assert.Equal("", Take(slots, "shop", "a", "n1"));
        Assert.Equal("", Take(slots, "shop", "b", "n2"));
        Assert.StartsWith("2 sessions of this namespace are in progress", Take(slots, "shop", "c"));
        Assert.StartsWith("2 sessions of this namespace", Take(slots, "shop", "d"));
        Assert.Equal("", Take(slots, "bank", "a", "n1"));
        Assert.True(slots.IsStillBlocked("shop/c", out _));
        Assert.Empty(_woken);

        slots.Release("shop/a");
        Assert.Equal(["shop/c"], _woken);
        Assert.False(slots.IsStillBlocked("shop/c", out _));
        Assert.Equal("", Take(slots, "shop", "c", "n1"));
        Assert.True(slots.IsStillBlocked("shop/d", out _));
    }

    [Fact]
    public void A_session_that_waits_and_goes_away_does_not_keep_the_next_from_its_place()
    {
        var slots = Of(perNamespace: 1);
        Take(slots, "shop", "a");
        Take(slots, "shop", "b");
        Take(slots, "shop", "c");
        slots.Release("shop/a");
        slots.Release("shop/b");
        Assert.Equal(["shop/b", "shop/c"], _woken);
    }

    [Fact]
    public void A_full_node_is_waited_for_by_name()
    {
        var slots = Of(perNode: 2);
        Take(slots, "shop", "a", "n1");
        Take(slots, "bank", "a", "n1");
        Assert.StartsWith("2 sessions are in progress on n1", Take(slots, "other", "a", "n3", "n1"));
        Assert.Equal("", Take(slots, "other", "b", "n2"));
        slots.Release("bank/a");
        Assert.Equal(["other/a"], _woken);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(10, 8)]
    [InlineData(60, 48)]
    public void One_namespace_has_never_all_places_of_a_node(int perNode, int most)
    {
        var slots = Of(perNode, perNamespace: 1000);
        for (var i = 0; i < most; i++)
            Assert.Equal("", Take(slots, "shop", $"s{i}", "n1"));
        Assert.NotEqual("", Take(slots, "shop", "more", "n1"));
        if (perNode > 1)
            Assert.Equal("", Take(slots, "bank", "a", "n1"));
    }

    [Fact]
    public void A_place_that_becomes_free_goes_to_the_namespace_that_has_fewer()
    {
        var slots = Of(perNode: 10);
        for (var i = 0; i < 8; i++)
            Take(slots, "shop", $"s{i}", "n1");
        Take(slots, "bank", "a", "n1");
        Take(slots, "bank", "b", "n1");
        Assert.NotEqual("", Take(slots, "late", "a", "n1"));
        slots.Release("shop/s0");
        Assert.Equal(["late/a"], _woken);

        Assert.StartsWith("another namespace has fewer", Take(slots, "shop", "s9", "n1"));
        Assert.Equal("", Take(slots, "late", "a", "n1"));
    }

    [Fact]
    public void Beyond_so_many_that_wait_the_next_is_told_at_once()
    {
        var slots = Of(perNamespace: 1, waiting: 2);
        Take(slots, "shop", "a");
        Take(slots, "shop", "b");
        Take(slots, "shop", "c");
        Assert.StartsWith("refused: 2 sessions of this namespace wait", Take(slots, "shop", "d"));
        // those that wait go on waiting, and others do not care
        Assert.StartsWith("1 sessions", Take(slots, "shop", "c"));
        Assert.Equal("", Take(slots, "bank", "a"));
    }

    [Fact]
    public void Several_places_that_become_free_are_filled_one_after_the_other()
    {
        var slots = Of(perNode: 4);
        foreach (var name in (string[])["a", "b", "c"])
            Take(slots, "shop", name, "n1");
        Take(slots, "bank", "x", "n1");
        Take(slots, "late", "a", "n1");
        Take(slots, "late", "b", "n1");
        slots.Release("shop/a");
        slots.Release("shop/b");
        _woken.Clear();
        // as the operator does it: a place of the namespace, then one on the node
        Assert.Equal("", Take(slots, "late", "a"));
        Assert.Equal("", Take(slots, "late", "a", "n1"));
        Assert.Contains("late/b", _woken);
    }

    [Fact]
    public void Whoever_has_a_place_and_finds_its_node_full_gives_it_to_the_next()
    {
        var slots = Of(perNode: 1, perNamespace: 1);
        Take(slots, "bank", "a", "n1");
        Assert.Equal("", Take(slots, "shop", "a"));
        Assert.NotEqual("", Take(slots, "shop", "b"));
        Assert.StartsWith("1 sessions are in progress on n1", Take(slots, "shop", "a", "n1"));
        Assert.Equal(["shop/b"], _woken);
        Assert.Equal(1, slots.Active);
    }

    [Fact]
    public void What_runs_counts_whoever_let_it_and_only_once()
    {
        var slots = Of(perNode: 2);
        for (var i = 0; i < 3; i++)
            slots.Hold("shop/a", new EntityKey("shop", "a"), ["n1"]);
        Assert.Equal(1, slots.Active);
        Assert.Equal("", Take(slots, "bank", "a", "n1"));
        slots.Release("shop/a");
        slots.Release("shop/a");
        Assert.Equal("", Take(slots, "other", "a", "n1"));
        Assert.NotEqual("", Take(slots, "more", "a", "n1"));
    }

    [Fact]
    public void What_a_name_had_before_is_found()
    {
        var slots = Of(perNamespace: 1);
        slots.Hold("old", new EntityKey("shop", "a"), ["n1"]);
        slots.TryTake("older", new EntityKey("shop", "a"), [], out _, out _);
        Assert.Equal(
            [("old", 1), ("older", 0)],
            slots.Former(new("shop", "a"), "new").Select(f => (f.Uid, f.Nodes.Count))
        );
        Assert.Equal(["older"], slots.Former(new("shop", "a"), "old").Select(f => f.Uid));
    }
}
