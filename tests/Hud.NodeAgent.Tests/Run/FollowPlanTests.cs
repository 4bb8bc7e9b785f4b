using System.Globalization;
using Hud.Core.Stream;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>Which of the wanted targets are opened and let go of, second by second, whatever the list does.</summary>
public sealed class FollowPlanTests
{
    private const long Second = 1_000_000_000;
    private readonly FollowPlan _plan = new();
    private readonly HashSet<string> _watched = new(StringComparer.Ordinal);

    private static WantedTarget[] Wanted(params int[] pids) =>
        [.. pids.Select(pid => WantedTarget.Of(new AgentTarget { Pid = pid }))];

    private (int[] Open, string[] LetGo, int NoPlace) At(long second, WantedTarget[] wanted, int free = 63)
    {
        var (open, letGo, noPlace) = _plan.Decide(second * Second, wanted, _watched, free - _watched.Count);
        return ([.. open.Select(t => t.Spec.Pid!.Value)], [.. letGo], noPlace);
    }

    private void Opened(long second, int pid, bool isWatched)
    {
        string key = $"pid {pid.ToString(CultureInfo.InvariantCulture)}";
        _plan.Opened(key, isWatched, second * Second);
        if (isWatched)
            _watched.Add(key);
    }

    [Fact]
    public void What_is_wanted_is_opened_once_and_let_go_when_it_has_not_been_wanted_for_a_while()
    {
        Assert.Equal([7], At(0, Wanted(7)).Open);
        Assert.Empty(At(1, Wanted(7)).Open);
        Opened(1, 7, isWatched: true);
        Assert.Empty(At(2, Wanted(7)).Open);
        Assert.Empty(At(11, []).LetGo);
        Assert.Equal(["pid 7"], At(12, []).LetGo);
    }

    [Fact]
    public void A_list_that_flaps_each_second_changes_nothing()
    {
        At(0, Wanted(1, 2));
        Opened(0, 1, isWatched: true);
        Opened(0, 2, isWatched: true);
        for (int second = 1; second < 600; second++)
        {
            var (open, letGo, _) = At(second, second % 2 == 0 ? Wanted(1, 2) : []);
            Assert.Empty(open);
            Assert.Empty(letGo);
        }
    }

    [Fact]
    public void One_that_ended_and_is_still_wanted_is_looked_for_again()
    {
        At(0, Wanted(7));
        Opened(0, 7, isWatched: true);
        At(5, Wanted(7));
        _watched.Clear();
        Assert.Equal([7], At(6, Wanted(7)).Open);
    }

    [Fact]
    public void What_cannot_be_opened_is_tried_with_growing_pauses_and_not_for_ever()
    {
        var tried = new List<int>();
        for (int second = 0; second < 10_000; second++)
        {
            if (At(second, Wanted(7)).Open.Length == 0)
                continue;
            tried.Add(second);
            Opened(second, 7, isWatched: false);
        }

        Assert.Equal([0, 1, 3, 7, 15, 31, 63], tried);
        // out of the list and in again: it is meant anew
        Assert.Empty(At(10_000, []).Open);
        At(10_020, []);
        Assert.Equal([7], At(10_021, Wanted(7)).Open);
    }

    [Fact]
    public void A_run_without_end_tries_once_a_minute_for_as_long_as_it_is_wanted()
    {
        var plan = new FollowPlan(neverGivesUp: true);
        var tried = new List<int>();
        for (int second = 0; second < 400; second++)
        {
            if (plan.Decide(second * Second, Wanted(7), _watched, 63).Open.Count == 0)
                continue;
            tried.Add(second);
            plan.Opened("pid 7", isWatched: false, second * Second);
        }

        Assert.Equal([0, 1, 3, 7, 15, 31, 63, 127, 191, 255, 319, 383], tried);
        // and begins anew once it was watched
        Assert.Single(plan.Decide(447 * Second, Wanted(7), _watched, 63).Open);
        plan.Opened("pid 7", isWatched: true, 447 * Second);
        Assert.Single(plan.Decide(511 * Second, Wanted(7), _watched, 63).Open);
        plan.Opened("pid 7", isWatched: false, 511 * Second);
        Assert.Single(plan.Decide(512 * Second, Wanted(7), _watched, 63).Open);
    }

    [Fact]
    public void What_takes_long_to_look_into_is_tried_for_ever_but_seldom()
    {
        var plan = new FollowPlan(neverGivesUp: true);
        long second = 0,
            opening = 0;
        while (second < 100_000)
        {
            if (plan.Decide(second * Second, Wanted(7), _watched, 63).Open.Count > 0)
            {
                opening += 30;
                second += 30;
                plan.Opened("pid 7", isWatched: false, second * Second);
            }

            second++;
        }

        Assert.InRange(opening, 3000, 5500);
    }

    [Fact]
    public void Ten_thousand_wanted_ones_are_opened_a_few_at_a_time_and_no_more_than_there_are_places()
    {
        var all = Wanted([.. Enumerable.Range(1, 10_000)]);
        int noPlace = 0;
        for (int second = 0; second < 60; second++)
        {
            var (open, letGo, without) = At(second, all);
            Assert.InRange(open.Length, 0, FollowPlan.MaxPending);
            Assert.Empty(letGo);
            foreach (int pid in open)
                Opened(second, pid, isWatched: true);
            noPlace = without;
        }

        Assert.Equal((63, 10_000 - 63), (_watched.Count, noPlace));
    }

    [Fact]
    public void Of_lists_that_name_others_each_second_nothing_is_remembered_for_long()
    {
        for (int second = 0; second < 1000; second++)
        {
            foreach (int pid in At(second, Wanted([.. Enumerable.Range(second * 100, 100)])).Open)
                Opened(second, pid, isWatched: false);
            Assert.InRange(_plan.Known, 0, 1100);
        }
    }
}
