using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hud.Core.Stream;

namespace Hud.Cli.Tests.Run;

/// <summary><c>--metrics</c> from outside: hud, the process that it starts to serve, and a client.</summary>
public sealed partial class MetricsTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly Process _target = Process.Start("sleep", "300");
    private readonly HttpClient _http = new();

    private string Pid => $"{_target.Id}";

    public void Dispose()
    {
        _target.Kill();
        _target.WaitForExit();
        _target.Dispose();
        _http.Dispose();
    }

    [Fact]
    public async Task The_agents_counters_are_served_while_it_runs_and_not_after()
    {
        using var hud = Start("--metrics", "127.0.0.1:0");
        string url = UrlOf(hud);

        string text = await ScrapeAsync(url, "hud_slow_polls_total");

        Assert.Contains("hud_up 1\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "hud_slow_polls_total{process=\"demo\",task=\"checkout::handle\"} 7\n",
            text,
            StringComparison.Ordinal
        );
        hud.Signal(PosixSignal.SIGINT);
        var (exit, output, error) = hud.Wait();
        Assert.Equal(0, exit);
        Assert.Contains("# BLOCKED", output, StringComparison.Ordinal);
        Assert.DoesNotContain("HUD318", error, StringComparison.Ordinal);
        await Assert.ThrowsAsync<HttpRequestException>(() => _http.GetStringAsync(url));
    }

    [Fact]
    public void The_agent_is_asked_for_them_and_runs_until_it_is_stopped()
    {
        string file = Path.GetTempFileName();
        using var hud = StartWith(new() { ["FAKE_TASK"] = file }, "--metrics", "127.0.0.1:0");
        UrlOf(hud);
        hud.WaitForError("1000 polls");
        hud.Signal(PosixSignal.SIGTERM);
        hud.Wait();
        var task = JsonSerializer.Deserialize(File.ReadAllText(file), HudJson.Default.AgentTask)!;
        File.Delete(file);

        Assert.True(task.Options.Metrics);
        Assert.Equal("24h", task.Session.Duration.ToString());
    }

    [Fact]
    public async Task Who_serves_has_no_rights_and_nothing_but_its_socket_and_its_pipes()
    {
        using var hud = StartWith(new() { ["HUD_TEST_SECRET"] = "hunter2" }, "--metrics", "127.0.0.1:0");
        await ScrapeAsync(UrlOf(hud), "hud_up 1");
        int server = ServerOf(hud);

        var status = File.ReadAllLines($"/proc/{server}/status")
            .Select(l => l.Split(':', 2))
            .ToDictionary(p => p[0], p => p[1].Trim());
        Assert.Equal("1", status["NoNewPrivs"]);
        if (Environment.IsPrivilegedProcess)
        {
            Assert.Equal("65534\t65534\t65534\t65534", status["Uid"]);
            Assert.Equal("65534\t65534\t65534\t65534", status["Gid"]);
            Assert.Equal("", status["Groups"]);
        }

        Assert.Equal(0ul, ulong.Parse(status["CapEff"], System.Globalization.NumberStyles.HexNumber));
        Assert.Equal(0ul, ulong.Parse(status["CapPrm"], System.Globalization.NumberStyles.HexNumber));
        Assert.All(
            Directory.GetDirectories($"/proc/{server}/task"),
            thread => Assert.Contains("CapEff:\t0000000000000000", File.ReadAllText(thread + "/status"))
        );
        Assert.DoesNotContain("hunter2", File.ReadAllText($"/proc/{server}/environ"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_dies_does_not_end_the_run_and_it_says_so()
    {
        using var hud = Start("--metrics", "127.0.0.1:0");
        await ScrapeAsync(UrlOf(hud), "hud_up 1");

        Process.Start("kill", ["-KILL", $"{ServerOf(hud)}"]).WaitForExit();
        hud.WaitForError("HUD318: the process that serves metrics ended (exit code 137)");
        hud.Signal(PosixSignal.SIGINT);
        var (exit, output, error) = hud.Wait();

        Assert.Equal(0, exit);
        Assert.Contains("# BLOCKED", output, StringComparison.Ordinal);
        Assert.Equal(2, error.Split("HUD318").Length);
    }

    [Fact]
    public async Task A_server_that_does_not_read_does_not_hold_up_the_run()
    {
        using var hud = Start("--metrics", "127.0.0.1:0");
        await ScrapeAsync(UrlOf(hud), "hud_up 1");
        int server = ServerOf(hud);

        Process.Start("kill", ["-STOP", $"{server}"]).WaitForExit();
        hud.WaitForError("1000 polls");
        hud.Signal(PosixSignal.SIGINT);

        Assert.Equal(0, hud.Wait().Exit);
        Assert.False(Directory.Exists($"/proc/{server}"));
    }

    [Fact]
    public async Task When_hud_is_killed_nobody_serves_any_more()
    {
        using var hud = Start("--metrics", "127.0.0.1:0");
        await ScrapeAsync(UrlOf(hud), "hud_up 1");
        int server = ServerOf(hud);

        Process.Start("kill", ["-KILL", $"{hud.Id}"]).WaitForExit();

        var watch = Stopwatch.StartNew();
        while (Directory.Exists($"/proc/{server}") && Running(server))
        {
            Assert.True(watch.Elapsed < Deadline, "it still serves");
            Thread.Sleep(10);
        }
    }

    [Fact]
    public void An_address_that_is_taken_is_said_before_anything_is_started()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        var (exit, output, error) = HudProcess.Run(
            "live",
            "--pid",
            Pid,
            "--metrics",
            $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"
        );

        Assert.Equal((2, ""), (exit, output));
        Assert.StartsWith("HUD005: --metrics 127.0.0.1:", error, StringComparison.Ordinal);
        Assert.Contains("another program listens there\n  next: choose another port", error, StringComparison.Ordinal);
    }

    private HudProcess Start(params string[] arguments) => StartWith([], arguments);

    private HudProcess StartWith(Dictionary<string, string> variables, params string[] arguments) =>
        new("live", ["--pid", Pid, .. arguments], variables);

    private static string UrlOf(HudProcess hud)
    {
        hud.WaitForError("/metrics\n");
        return Url().Match(hud.Error).Value;
    }

    private async Task<string> ScrapeAsync(string url, string until)
    {
        var watch = Stopwatch.StartNew();
        string text;
        while (!(text = await _http.GetStringAsync(url)).Contains(until, StringComparison.Ordinal))
        {
            Assert.True(watch.Elapsed < Deadline, $"{until} never came:\n{text}");
            await Task.Delay(10);
        }

        return text;
    }

    private static int ServerOf(HudProcess hud) =>
        Process
            .GetProcesses()
            .Select(p => p.Id)
            .Single(p =>
                Text(p, "status").Contains($"\nPPid:\t{hud.Id}\n", StringComparison.Ordinal)
                && Text(p, "cmdline").Contains("--metrics-server", StringComparison.Ordinal)
            );

    /// <summary>Empty when it is gone.</summary>
    private static string Text(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>Not a zombie that nobody has waited for.</summary>
    private static bool Running(int pid) =>
        Text(pid, "stat") is { Length: > 0 } stat && !stat.Contains(") Z ", StringComparison.Ordinal);

    [GeneratedRegex(@"http://[^\s,]+/metrics", RegexOptions.None, 1000)]
    private static partial Regex Url();
}
