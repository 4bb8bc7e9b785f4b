using Hud.Cli.Tests.Cockpit;
using Hud.Cli.Tests.Run;
using Hud.Reports.Tests.Documents;

namespace Hud.Cli.Tests.Kubectl;

/// <summary>The cockpit of a session in a cluster, fed by the log of its agent, in a real terminal.</summary>
public sealed class WatchTests : IDisposable
{
    private readonly FakeCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [Fact]
    public void The_log_of_the_agent_feeds_the_cockpit_and_the_report_follows()
    {
        var document = RealisticDocuments.Checkout();
        _cluster.With("p99", FakeCluster.Profiling, FakeCluster.Completed("m", document)).WithReport("m", document);
        using var terminal = Start("watch p99");

        string first = terminal.WaitFor("HOTSPOTS 2");
        Assert.Contains("checkout::login", first, StringComparison.Ordinal);
        Assert.Contains("Move the hashing to spawn_blocking.", first, StringComparison.Ordinal);
        terminal.Send("Enter");
        Assert.Contains("src/login.rs:42", terminal.WaitFor("stack, leaf first"), StringComparison.Ordinal);
        terminal.Send("Escape");
        terminal.WaitFor("HOTSPOTS 2");
        terminal.Send("q");

        string report = terminal.WaitFor("exit code 0");
        Assert.Contains("# BLOCKED 11% of worker time", report, StringComparison.Ordinal);
        Assert.DoesNotContain("HOTSPOTS", report, StringComparison.Ordinal);
        Assert.Contains("\"logs\", \"-f\", \"pod/hud-agent-p99-node\"", _cluster.Calls, StringComparison.Ordinal);
        Assert.Contains("\"--namespace=hud-system\"", _cluster.Calls, StringComparison.Ordinal);
    }

    [Fact]
    public void Control_c_gives_the_terminal_back_and_leaves_the_session_alone()
    {
        _cluster.With("p99", FakeCluster.Profiling);
        using var terminal = Start("watch p99");
        terminal.WaitFor("HOTSPOTS 2");

        terminal.Send("C-c");

        string screen = terminal.WaitFor("exit code 130");
        Assert.Contains("session p99 goes on in the cluster", screen, StringComparison.Ordinal);
        Assert.DoesNotContain("HOTSPOTS", screen, StringComparison.Ordinal);
        Assert.DoesNotContain("delete", _cluster.Calls, StringComparison.Ordinal);
    }

    [Fact]
    public void Agents_of_several_nodes_are_shown_together()
    {
        var document = RealisticDocuments.Checkout();
        _cluster
            .With("p99", FakeCluster.Profiling, FakeCluster.Completed("m", document))
            .WithReport("m", document)
            .WithAgents("a", "b", "late");
        using var terminal = Start("watch p99");

        // the same hotspot on every node is one, the other one has another name on each
        terminal.WaitFor("HOTSPOTS 4");
        string screen = terminal.WaitFor("WORKERS 6");
        Assert.Contains(" +2", screen.Split('\n')[0], StringComparison.Ordinal);
        foreach (string name in new[] { "checkout::login ", "catalog::loada", "catalog::loadb", "catalog::loadlate" })
            Assert.Contains(name, screen, StringComparison.Ordinal);
        Assert.Contains("BLOCKED 18.4% of worker time", screen, StringComparison.Ordinal);
        Assert.Contains("on 3 targets", screen, StringComparison.Ordinal);
        terminal.Send("q");

        Assert.Contains("# BLOCKED 11% of worker time", terminal.WaitFor("exit code 0"), StringComparison.Ordinal);
        Assert.Equal(2, _cluster.Calls.Split("\"pod/hud-agent-p99#late\"").Length - 1);
    }

    [Fact]
    public void E_exports_to_the_current_folder()
    {
        _cluster.With("p99", FakeCluster.Profiling);
        using var terminal = Start("watch p99");
        terminal.WaitFor("HOTSPOTS 2");

        terminal.Send("e");

        terminal.WaitFor("exported what is known so far to hud-p99-");
        Assert.Contains(
            "checkout::login",
            File.ReadAllText(Assert.Single(Directory.GetFiles(_cluster.Folder, "hud-p99-*.json"))),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_folder_that_cannot_be_written_to_is_reported_and_the_picture_goes_on()
    {
        var document = RealisticDocuments.Checkout();
        _cluster.With("p99", FakeCluster.Profiling, FakeCluster.Completed("m", document)).WithReport("m", document);
        // not even root makes a file there
        using var terminal = Start("watch p99", folder: "/proc");
        terminal.WaitFor("HOTSPOTS 2");

        terminal.Send("e");
        terminal.WaitFor("cannot export");
        terminal.Send("s");
        terminal.WaitFor("by count");
        terminal.Send("q");

        Assert.Contains("# BLOCKED 11% of worker time", terminal.WaitFor("exit code 0"), StringComparison.Ordinal);
    }

    private TmuxTerminal Start(string verb, string? folder = null)
    {
        TmuxTerminal.Require();
        return new TmuxTerminal(
            120,
            140,
            $"env -C {folder ?? _cluster.Folder} {HudProcess.Hud} kubectl {verb}",
            ("HUD_KUBECTL", FakeCluster.Kubectl),
            ("FAKE_CLUSTER", _cluster.Folder),
            ("FAKE", "live")
        );
    }
}
