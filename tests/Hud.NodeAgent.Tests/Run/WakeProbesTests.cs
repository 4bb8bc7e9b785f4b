using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Elf;
using Hud.NodeAgent.Kernel;
using Hud.NodeAgent.Proc;
using Hud.NodeAgent.Run;
using Hud.Tokio;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>The probes on wakes come and go with those on polls, and where they can't be put on, the report says why.</summary>
public sealed class WakeProbesTests
{
    private static readonly WakeSite Site = new(0x1010, 0x10, new HeaderPlace(4), Schedule: 0);

    private static TargetProcess Target(TokioBinary tokio)
    {
        Assert.True(FileByteSource.TryOpen("/proc/self/exe", out var source, out string error), error);
        var target = new TargetProcess
        {
            Id = new(0),
            Spec = new AgentTarget(),
            Pid = Environment.ProcessId,
            Identity = ProcessIdentity.Of(Environment.ProcessId),
            TokioFiles = [new TokioFile(source, "service", "key", tokio)],
            Tokio = tokio,
        };
        target.AssignNumbers(0);
        return target;
    }

    private static TaskType Type(string name, bool showsWakes = true) =>
        new(name, 0, 0, default, 0) { ShowsWakes = showsWakes };

    private static TokioBinary Shop(params TaskType[] types) => new() { Types = types, Wakes = [Site] };

    [Fact]
    public void They_are_put_on_where_the_file_says_with_the_place_of_the_header()
    {
        var kernel = new PlayedKernel();
        var target = Target(Shop(Type("shop::cart")));
        target.Probes.AttachWakes(kernel);
        Assert.Empty(kernel.Wakes); // without polls nothing would end a wait

        target.Probes.Attach(kernel, new HashSet<Hud.Analysis.TaskTypeId>());
        target.Probes.AttachWakes(kernel);
        var (path, pid, offsets, cookies) = Assert.Single(kernel.Wakes);
        Assert.Equal(target.TokioFiles[0].OpenPath, path);
        Assert.Equal((target.Pid, 0x10UL, 4UL), (pid, offsets.Single(), cookies.Single()));
        Assert.Null(WakeNotes.Of(target));
    }

    [Fact]
    public void A_kernel_that_refuses_them_is_told_and_the_polls_stay()
    {
        var kernel = new PlayedKernel { RefusesWakes = true };
        var target = Target(Shop(Type("shop::cart")));
        target.Probes.Attach(kernel, new HashSet<Hud.Analysis.TaskTypeId>());
        target.Probes.AttachWakes(kernel);

        Assert.True(target.Probes.Any);
        Assert.Contains("Invalid argument", target.Describe(null).WakesNotTimed, StringComparison.Ordinal);
    }

    [Fact]
    public void Code_that_is_not_what_it_was_is_not_probed()
    {
        var kernel = new PlayedKernel();
        var tokio = Shop(Type("shop::cart")) with { Wakes = [Site with { Code = [1, 2, 3, 4] }] };
        var target = Target(tokio);
        target.Probes.Attach(kernel, new HashSet<Hud.Analysis.TaskTypeId>());
        target.Probes.AttachWakes(kernel);

        Assert.Empty(kernel.Wakes);
        Assert.Contains("the code of a wake", target.WakesNotTimed, StringComparison.Ordinal);
        Assert.True(target.Probes.Any);
    }

    [Fact]
    public void Every_reason_has_words()
    {
        Assert.Null(WakeNotes.Of(Target(new TokioBinary())));
        Assert.Contains(
            "no place where a probe is cheap",
            WakeNotes.Of(Target(new TokioBinary { Types = [Type("shop::cart", showsWakes: false)] })),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "those of 1 of 2 task types are not",
            WakeNotes.Of(Target(Shop(Type("shop::cart"), Type("shop::login", showsWakes: false)))),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "before 1.23",
            WakeNotes.Of(Target(new TokioBinary { Types = [Type("shop::cart")], FromSymbols = true })),
            StringComparison.Ordinal
        );
        var confined = Target(Shop(Type("shop::cart")));
        confined.ReturnProbesAllowed = false;
        Assert.Equal("its polls are not probed", WakeNotes.Of(confined));
    }

    [Fact]
    public void What_the_budget_left_out_comes_on_top()
    {
        var all = new TargetProfile { TaskTypes = 2 };
        var some = all with { WakesNotTimed = "no place" };
        Assert.Equal("", WakeNotes.With(all, null));
        Assert.Equal("1 of 4", WakeNotes.With(all, "1 of 4"));
        Assert.Equal("no place; 1 of 4", WakeNotes.With(some, "1 of 4"));
        Assert.Equal("", WakeNotes.With(new TargetProfile(), "1 of 4"));
    }
}
