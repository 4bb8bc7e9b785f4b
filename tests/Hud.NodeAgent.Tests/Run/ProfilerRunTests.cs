using System.Text.Json.Nodes;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.NodeAgent.Bpf;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

public sealed class ProfilerRunTests
{
    private static (int Code, IReadOnlyList<JsonNode> Lines) Run(Func<int> run)
    {
        using var output = new MemoryStream();
        var profiler = new ProfilerRun(new AgentTask(), new AgentStreamWriter(output), CancellationToken.None);
        int code = profiler.Execute(run);
        string text = System.Text.Encoding.UTF8.GetString(output.ToArray());
        return (code, [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!)]);
    }

    [Fact]
    public void A_fault_of_the_agent_is_the_reason_in_its_stream_and_no_crash()
    {
        var (code, lines) = Run(() => throw new InvalidDataException("NaN is not JSON"));

        Assert.Equal(DiagnosticKinds.AgentDied.ExitCode, code);
        Assert.Equal("HUD207", lines[0]["id"]!.GetValue<string>());
        Assert.Contains(
            "InvalidDataException: NaN is not JSON",
            lines[0]["text"]!.GetValue<string>(),
            StringComparison.Ordinal
        );
        Assert.Equal(
            ("HUD207", code),
            (lines[^1]["reason"]!.GetValue<string>(), lines[^1]["exitCode"]!.GetValue<int>())
        );
    }

    [Fact]
    public void What_the_kernel_refuses_is_explained()
    {
        var (code, lines) = Run(() => throw BpfException.FromErrno("load a program", 1));

        Assert.Equal(3, code);
        Assert.NotEqual("HUD207", lines[^1]["reason"]!.GetValue<string>());
    }

    [Fact]
    public void A_run_that_ends_by_itself_says_nothing_more()
    {
        var (code, lines) = Run(() => 0);
        Assert.Equal((0, 0), (code, lines.Count));
    }
}
