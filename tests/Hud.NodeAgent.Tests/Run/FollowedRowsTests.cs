using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.Elf;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Run;
using Hud.Tokio;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>Places, rows and numbers of processes that come and go for days.</summary>
public sealed class FollowedRowsTests : IDisposable
{
    private readonly List<Diagnostic> _warnings = [];
    private readonly RunTargets _targets;
    private long _clock;

    public FollowedRowsTests() => _targets = new RunTargets(node: null, _warnings.Add) { Follows = true };

    public void Dispose() => _targets.Dispose();

    private static TokioFile File(string name, params string[] types)
    {
        Assert.True(FileByteSource.TryOpen("/proc/self/exe", out var source, out string error), error);
        return new TokioFile(
            source,
            name,
            name,
            new TokioBinary { Types = [.. types.Select(t => new TaskType(t, 0, 0, default, 0))] }
        );
    }

    private static TargetProcess Process(string program, string? pod, int types)
    {
        var file = File(program, [.. Enumerable.Range(0, types).Select(i => $"{program}::t{i}")]);
        return new TargetProcess
        {
            Id = new(0),
            Spec = new AgentTarget { Pod = pod, PodUid = pod },
            TokioFiles = [file],
            Tokio = file.Tokio,
        };
    }

    private TargetProcess? Come(string program = "shop", string? pod = null, int types = 3)
    {
        var target = Process(program, pod, types);
        return _targets.TryTakeIn(target, $"key {_clock++}", _ => 10) ? target : null;
    }

    private void End(TargetProcess target) => (target.Gone, target.ToNs, target.IsSettled) = (true, ++_clock, true);

    [Fact]
    public void A_thousand_restarts_take_one_row_and_a_number_each()
    {
        _targets.AssignTypes();
        var numbers = new HashSet<uint>();
        for (int i = 0; i < 1000; i++)
        {
            var target = Come()!;
            Assert.True(numbers.Add(target.Number), $"{target.Number} was another's");
            Assert.Equal(0, target.Place);
            Assert.Equal((0, 0, i), (target.Id.Index, target.Numbers.First.Number, target.Before.Processes));
            Assert.Equal(target.Number == 0 ? 0 : null, _targets.All.RowOf(0)); // what an earlier one left belongs to none
            End(target);
        }

        Assert.Equal((1, 4), (_targets.All.Count, _targets.Types));
        Assert.Equal((999, 9990), (_targets.All[0].Before.Processes, _targets.All[0].Before.WorkerNs));
        Assert.Equal(1000, Assert.Single(_targets.Describe()).Processes);
    }

    [Fact]
    public void One_that_is_there_keeps_its_row_and_its_place()
    {
        _targets.AssignTypes();
        var stays = Come()!;
        for (int i = 0; i < 200; i++)
            End(Come()!);
        Assert.Equal((2, stays), (_targets.All.Count, _targets.All[0]));
        Assert.Equal(0, _targets.All.RowOf(stays.Number));
    }

    [Fact]
    public void At_one_time_there_are_places_for_63()
    {
        _targets.AssignTypes();
        for (int i = 0; i < 63; i++)
            Assert.NotNull(Come(pod: $"pod-{i}"));
        Assert.Equal(63, _targets.All.Select(t => t.Place).Distinct().Count());
        Assert.DoesNotContain(_targets.All, t => t.Place == Abi.MaxTargets - 1); // the agent's own child's
        Assert.Null(Come(pod: "one more"));
        Assert.Equal(0, _targets.FreePlaces);
        _targets.All[7].Gone = true;
        Assert.Null(Come(pod: "one more")); // its records may still come
        End(_targets.All[7]);
        Assert.Equal(7, Come(pod: "one more")!.Place);
    }

    [Fact]
    public void Pods_have_rows_of_their_own_until_fifty_have_ended_and_then_share_them()
    {
        _targets.AssignTypes();
        for (int i = 0; i < 1000; i++)
            End(Come(pod: $"pod-{i}")!);
        Assert.Equal(RunTargets.MaxEndedRows, _targets.All.Count);
        Assert.Equal(1000, _targets.Describe().Sum(t => t.Processes));
        // the newest ones have their names there
        Assert.Contains(_targets.Describe(), t => t.Pod == "pod-999");
    }

    [Fact]
    public void Restarts_of_a_pods_container_stay_in_its_row()
    {
        _targets.AssignTypes();
        var first = Come(pod: "a")!;
        var second = Come(pod: "b")!;
        End(first);
        End(second);
        Assert.Equal((1, 0), (Come(pod: "b")!.Id.Index, Come(pod: "a")!.Id.Index));
    }

    [Fact]
    public void Another_program_has_a_row_and_numbers_of_its_own()
    {
        _targets.AssignTypes();
        End(Come("shop-1")!);
        var next = Come("shop-2")!;
        Assert.Equal((1, 4), (next.Id.Index, next.Numbers.First.Number));
        End(next);
        Assert.Equal(0, Come("shop-1")!.Id.Index); // rolled back
    }

    [Fact]
    public void Programs_without_end_are_refused_and_those_that_were_there_are_not()
    {
        _targets.AssignTypes();
        int taken = 0;
        for (int i = 0; i < 200; i++)
        {
            if (Come($"version-{i}") is not { } target)
                continue;
            taken++;
            End(target);
        }

        Assert.Equal(RunTargets.MaxEndedRows, taken);
        Assert.NotNull(Come("version-3"));
        Assert.True(_targets.Types <= _targets.TypesWithSpare);
    }

    [Fact]
    public void A_program_with_more_types_than_there_is_room_is_refused()
    {
        _targets.AssignTypes();
        Assert.Null(Come("large", types: _targets.TypesWithSpare));
        Assert.NotNull(Come("fits", types: _targets.TypesWithSpare - 1));
        Assert.Null(Come("none"));
    }

    [Fact]
    public void A_library_that_each_of_them_loads_has_the_same_numbers_each_time()
    {
        _targets.AssignTypes();
        for (int i = 0; i < 1000; i++)
        {
            var target = Come()!;
            Assert.True(_targets.TryAdd(target, File("plugin.so", "p::one", "p::two")));
            Assert.Equal((4, 5), (target.Numbers.NumberOf(3).Number, target.Numbers.NumberOf(4).Number));
            End(target);
        }

        Assert.Equal(6, _targets.Types);
        // another file that says it is the same one
        Assert.True(_targets.TryAdd(Come()!, File("plugin.so", "p::one")));
        Assert.Equal(7, _targets.Types);
    }

    [Fact]
    public void A_program_with_the_same_file_key_and_other_types_is_another_one()
    {
        _targets.AssignTypes();
        End(Come("shop", types: 3)!);
        Assert.Equal(1, Come("shop", types: 4)!.Id.Index);
    }

    [Fact]
    public void Of_many_that_are_refused_fifty_have_a_line_and_the_rest_is_counted()
    {
        for (int i = 0; i < 300; i++)
            _targets.Refuse(Refused(i), $"key {i % 150}");
        Assert.Equal((50, 200), (_targets.Describe().Count(), _targets.RefusedUnlisted));
        Assert.Equal(50, _warnings.Count);
    }

    [Fact]
    public void Of_those_that_are_refused_and_wanted_no_more_nothing_stays_and_fifty_are_told()
    {
        for (int i = 0; i < 300; i++)
        {
            _targets.Refuse(Refused(i), $"key {i}");
            _targets.ForgetRefused(key => key == $"key {i}");
            Assert.Equal(i, Assert.Single(_targets.Describe()).Pid);
        }

        Assert.Equal((0, 50), (_targets.RefusedUnlisted, _warnings.Count));
    }

    [Fact]
    public void One_that_was_refused_and_is_watched_later_has_one_line()
    {
        _targets.AssignTypes();
        _targets.Refuse(Refused(1), "key");
        Assert.True(_targets.TryTakeIn(Process("shop", null, 1), "key", _ => 0));
        Assert.Single(_targets.Describe());
    }

    [Fact]
    public void Ends_are_told_ten_times_and_then_counted()
    {
        _targets.AssignTypes();
        for (int i = 0; i < 25; i++)
        {
            var target = Come()!;
            _targets.Lose(target, RunTargets.Ended(target, "during the run", "none"));
            target.IsSettled = true;
        }

        Assert.Equal((10, 15), (_warnings.Count, _targets.EndedUntold));
        Assert.Equal(
            "15 more processes ended during the run",
            Assert.Single(ClosingWarnings.OfFollowed(_targets.EndedUntold, 0)).Message
        );
    }

    private static RefusedTarget Refused(int pid) =>
        new()
        {
            Spec = new AgentTarget { Pid = pid },
            Pid = pid,
            Problem = new Diagnostic(DiagnosticKinds.NotTokio, "it has no Tokio", "none"),
        };
}
