using System.Diagnostics;
using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Stream;

namespace Hud.Bench;

/// <summary>The agent itself: time from its start to attached, CPU and memory while steady, and the programs' own time for each hit.</summary>
internal static class AgentBench
{
    public static int Run(string[] args)
    {
        int seconds = args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 30;
        bool stats = TrySetStats("1");
        try
        {
            Console.WriteLine("A service that blocks now and then (`cpu_hog`):\n");
            On("cpu_hog", seconds, stats);
            Console.WriteLine(
                "\nA large program with hundreds of task types (`wide`), beside threads of another that do nothing but wake each other:\n"
            );
            using (new Strangers())
                On("wide", 10, stats);
            return 0;
        }
        finally
        {
            if (stats)
                TrySetStats("0");
        }
    }

    private static void On(string workload, int seconds, bool stats)
    {
        string agent = OverheadBench.Find("out/hud-agent"),
            program = OverheadBench.Find($"out/workloads/tokio143-release/{workload}");
        using var target = Process.Start(
            new ProcessStartInfo(program, ["--seconds", $"{seconds + 30}", "--workers", "2"])
            {
                RedirectStandardOutput = true,
            }
        )!;
        target.OutputDataReceived += static (_, _) => { };
        target.BeginOutputReadLine();
        Thread.Sleep(1000);
        Measure(agent, target.Id, new FileInfo(program).Length, seconds, stats);
        target.Kill();
    }

    /// <summary>Two threads that aren't a target and switch as often as they can: what every switch of the node pays.</summary>
    private sealed class Strangers : IDisposable
    {
        private readonly AutoResetEvent _ping = new(false),
            _pong = new(false);
        private readonly Thread[] _threads;
        private volatile bool _over;

        public Strangers()
        {
            _threads = [new Thread(() => Play(_ping, _pong)), new Thread(() => Play(_pong, _ping))];
            foreach (var thread in _threads)
                thread.Start();
            _ping.Set();
        }

        private void Play(AutoResetEvent mine, AutoResetEvent other)
        {
            while (!_over)
            {
                mine.WaitOne(TimeSpan.FromSeconds(1));
                other.Set();
            }
        }

        public void Dispose()
        {
            _over = true;
            foreach (var thread in _threads)
                thread.Join();
            _ping.Dispose();
            _pong.Dispose();
        }
    }

    private static void Measure(string agent, int pid, long programBytes, int seconds, bool stats)
    {
        var task = new AgentTask
        {
            Session = new ProfilingSessionSpec { Duration = GoDuration.FromSeconds(seconds) },
            Targets = [new AgentTarget { Pid = pid }],
        };
        var start = new ProcessStartInfo(agent) { RedirectStandardOutput = true };
        start.Environment[AgentTask.EnvironmentVariable] = JsonSerializer.Serialize(task, HudJson.Default.AgentTask);
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var reader = new AgentStreamReader();
        var progress = new List<ProgressMessage>();
        double attached = 0;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            switch (reader.Accept(System.Text.Encoding.UTF8.GetBytes(line)))
            {
                case HelloMessage:
                    attached = clock.Elapsed.TotalSeconds;
                    break;
                case ProgressMessage message:
                    progress.Add(message);
                    if (stats && progress.Count == seconds / 2)
                        PrintPrograms();
                    break;
            }
        }

        process.WaitForExit();
        Console.WriteLine(
            $"\nagent: {attached:0.00} s from its start to attached ({programBytes / 1048576.0:0.0} MB program)"
        );
        if (progress.Count > 12)
        {
            var (from, to) = (progress[9], progress[^1]);
            double cpu = (to.Overhead.AgentCpuNs - from.Overhead.AgentCpuNs) * 100.0 / (to.ElapsedNs - from.ElapsedNs);
            Console.WriteLine(
                $"agent: {cpu:0.00} % of one core after the first 10 s; {to.Overhead.AgentPeakBytes / 1048576} MiB at most"
            );
            Console.WriteLine($"one timed poll on this machine: {to.Overhead.CostPerPollNs} ns, measured on a child");
        }
    }

    /// <summary>run_time_ns / run_cnt of every program of ours, as bpftool shows them.</summary>
    private static void PrintPrograms()
    {
        using var tool = Process.Start(
            new ProcessStartInfo("bpftool", ["prog", "show", "-j"]) { RedirectStandardOutput = true }
        );
        if (tool is null)
            return;
        using var json = JsonDocument.Parse(tool.StandardOutput.ReadToEnd());
        var programs = json
            .RootElement.EnumerateArray()
            .Select(p =>
                (
                    Name: p.TryGetProperty("name", out var n) ? n.GetString() ?? "" : "",
                    Runs: Number(p, "run_cnt"),
                    Ns: Number(p, "run_time_ns")
                )
            )
            .Where(p => p.Runs > 0 && p.Name.StartsWith("hud_", StringComparison.Ordinal))
            .ToList();
        // the clock is read twice for each run, which is most of what a program seems to take that does nothing
        long nothing = programs.Where(p => p.Name == "hud_poll_skip").Select(p => p.Ns / p.Runs).FirstOrDefault();
        Console.WriteLine(
            "| program | runs | ns a run | more than a program that does nothing |\n| --- | --- | --- | --- |"
        );
        foreach (var (name, runs, ns) in programs)
            Console.WriteLine(
                $"| {name} | {runs} | {ns / runs} | {(nothing > 0 && name != "hud_poll_skip" ? $"{ns / runs - nothing}" : "")} |"
            );
    }

    private static long Number(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) ? value.GetInt64() : 0;

    private static bool TrySetStats(string value)
    {
        try
        {
            File.WriteAllText("/proc/sys/kernel/bpf_stats_enabled", value);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.WriteLine("(no time for each hit: kernel.bpf_stats_enabled cannot be set)");
            return false;
        }
    }
}
