using Hud.NodeAgent.Bpf;

namespace Hud.NodeAgent.Tests.Bpf;

public sealed class ProbeModeTests
{
    [Fact]
    public void The_ladder_goes_from_the_cheapest_to_the_oldest() =>
        Assert.Equal(
            ["uprobe.session", "uprobe.multi", "perf-uprobe", "sched-only"],
            ProbeModes.All.Select(r => r.Name())
        );

    [Fact]
    public void Every_rung_has_a_name_that_leads_back_to_it() =>
        Assert.All(ProbeModes.All, r => Assert.True(ProbeModes.TryParse(r.Name(), out var parsed) && parsed == r));

    [Theory]
    [InlineData("")]
    [InlineData("uprobe")]
    [InlineData("UPROBE.SESSION")]
    public void Other_names_are_none(string name) => Assert.False(ProbeModes.TryParse(name, out _));

    [Theory]
    [InlineData("uprobe.session", "hud_wake", 48)]
    [InlineData("uprobe.session", "hud_poll_session", 57)]
    [InlineData("uprobe.multi", "hud_wake", 48)]
    [InlineData("uprobe.multi", "hud_poll_return", 48)]
    [InlineData("perf-uprobe", "hud_wake", 0)]
    public void Wakes_are_entries_alone_in_every_mode(string mode, string program, int type)
    {
        Assert.True(ProbeModes.TryParse(mode, out var parsed));
        Assert.Contains(program, parsed.PollPrograms());
        Assert.Equal(type, parsed.AttachType(program));
    }

    [Fact]
    public void Only_the_last_rung_needs_no_poll_program() =>
        Assert.All(ProbeModes.All, r => Assert.Equal(r.Name() == "sched-only", r.PollPrograms().Length == 0));
}
