using Hud.Analysis;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.Elf;
using Hud.NodeAgent.Budget;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Run;
using Hud.Tokio;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>Types of libraries that a target loads in mid-run get numbers behind those of all targets.</summary>
public sealed class LateTypesTests : IDisposable
{
    private readonly PlayedKernel _kernel = new();
    private readonly RunTargets _targets = new(node: null, _ => { });

    public void Dispose() => _targets.Dispose();

    private static TokioBinary Binary(params string[] types) =>
        new() { Types = [.. types.Select(t => new TaskType(t, 0, 0, default, 0))] };

    private static TokioFile File(string name, params string[] types)
    {
        Assert.True(FileByteSource.TryOpen("/proc/self/exe", out var source, out string error), error);
        return new TokioFile(source, name, name, Binary(types));
    }

    private TargetProcess Add(params string[] types)
    {
        var file = File("service", types);
        var target = new TargetProcess
        {
            Id = new(_targets.All.Count),
            Spec = new AgentTarget(),
            TokioFiles = [file],
            Tokio = file.Tokio,
        };
        _targets.Add(target);
        return target;
    }

    [Fact]
    public void They_keep_the_numbers_of_all_others()
    {
        var first = Add("shop::cart", "shop::login");
        var second = Add("api::get");
        _targets.AssignTypes();
        Assert.Equal((5, 2, 4), (_targets.Types, first.Numbers.Outside.Number, second.Numbers.Outside.Number));

        Assert.True(_targets.TryAdd(first, File("a.so", "a::one")));
        Assert.True(_targets.TryAdd(second, File("b.so", "b::one", "b::two")));
        Assert.True(_targets.TryAdd(first, File("c.so", "c::one")));

        Assert.Equal([0, 1, 5, 8], Enumerable.Range(0, 4).Select(i => first.Numbers.NumberOf(i).Number));
        Assert.Equal([3, 6, 7], Enumerable.Range(0, 3).Select(i => second.Numbers.NumberOf(i).Number));
        Assert.Equal((2, 4, 9), (first.Numbers.Outside.Number, second.Numbers.Outside.Number, _targets.Types));
        Assert.Equal(
            [0, 1, -1, -1, -1, 2, -1, -1, 3, -1],
            Enumerable.Range(0, 10).Select(i => first.Numbers.TypeOf(new(i)))
        );
        Assert.Equal(
            [-1, -1, -1, 0, -1, -1, 1, 2, -1, -1],
            Enumerable.Range(0, 10).Select(i => second.Numbers.TypeOf(new(i)))
        );
        Assert.Equal([0, 0, 1, 2], first.Tokio.Types.Select(t => t.File));
    }

    [Fact]
    public void What_finds_no_room_or_has_nothing_to_time_is_not_taken()
    {
        var target = Add("shop::cart");
        _targets.AssignTypes();
        string[] many = [.. Enumerable.Range(0, RunTargets.SpareTypes).Select(i => $"p::t{i}")];

        Assert.False(_targets.TryAdd(target, File("none.so")));
        Assert.False(_targets.TryAdd(target, File("large.so", [.. many, "p::more"])));
        Assert.True(_targets.TryAdd(target, File("fits.so", many)));
        Assert.False(_targets.TryAdd(target, File("one.so", "q::one")));
        Assert.Equal(_targets.TypesWithSpare, _targets.Types);
        Assert.Equal(1 + many.Length, target.Tokio.Types.Count);
    }

    [Fact]
    public void Their_polls_are_counted_under_their_names()
    {
        var target = Add("shop::cart");
        _targets.AssignTypes();
        var totals = new RunTotals(_kernel, _targets.All, _targets.Types);
        totals.Read(new PollWeights());
        Assert.Equal(["shop::cart", TaskTypeFacts.OutsidePolls], totals.Types.Select(t => t.Name));

        Assert.True(_targets.TryAdd(target, File("plugin.so", "plugin::run")));
        totals.GrowTo(_targets.Types);
        _kernel.Types[2] = new TypeStats { Polls = 7 };
        totals.Read(new PollWeights());
        Assert.Equal(["shop::cart", TaskTypeFacts.OutsidePolls, "plugin::run"], totals.Types.Select(t => t.Name));
        Assert.Equal((0, 7L), (totals.Types[2].Target.Index, totals.Types[2].Polls));
        Assert.Equal([(new TaskTypeId(2), 7L)], totals.NewHits);
    }

    [Fact]
    public void It_is_reported_from_when_on_they_were_timed_or_that_they_were_not()
    {
        var target = Add("shop::cart");
        Assert.Contains(
            "were timed from 4.2s on",
            ClosingWarnings.OfLateTokio(new LateLibrary(target, "plugin.so", 4_200_000_000)).Message,
            StringComparison.Ordinal
        );
        var untold = ClosingWarnings.OfLateTokio(new LateLibrary(target, "plugin.so", TimedFromNs: null));
        Assert.Equal(DiagnosticKinds.LoadedLate, untold.Kind);
        Assert.Contains("were not timed", untold.Message, StringComparison.Ordinal);
    }
}
