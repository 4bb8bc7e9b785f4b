using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Hud.Bench;

/// <summary>
/// What Hud and others cost the program they watch: its own throughput with the tool on it over its throughput without, in
/// windows that take turns in one process, so that a noisy machine disturbs both sides alike. Ratios only.
/// </summary>
internal static class OverheadBench
{
    private sealed record Tool(string Name, string File, Func<int, string[]> Arguments);

    private sealed record Scenario(string Name, int Spin);

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);

    public static int Run(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5;
        string program = Find("out/workloads/tokio143-release/throughput");
        var scenarios = new List<Scenario> { new("5,000 polls/s a worker", SpinFor(program, 5000)), new("as fast as it can", 0) };
        Console.WriteLine("| target | tool | throughput with / without, median | lowest | highest | windows |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (var scenario in scenarios)
        {
            foreach (var tool in Tools())
            {
                var ratios = Compare(program, scenario, tool, rounds);
                if (ratios.Count == 0)
                {
                    Console.WriteLine($"| {scenario.Name} | {tool.Name} | not measured: the tool did not start | | | |");
                    continue;
                }

                ratios.Sort();
                Console.WriteLine($"| {scenario.Name} | {tool.Name} | {ratios[ratios.Count / 2]:0.0000} | {ratios[0]:0.0000} | {ratios[^1]:0.0000} | {ratios.Count} |");
            }
        }

        return 0;
    }

    private static IEnumerable<Tool> Tools()
    {
        yield return new Tool("none (the noise of this measurement)", "sleep", _ => ["3600"]);
        yield return new Tool("hud", Find("out/hud"), pid => ["--pid", $"{pid}", "--duration", "120s", "--headless", "--quiet", "-o", "json"]);
        if (Exists("bpftrace"))
            yield return new Tool("bpftrace, uprobe + uretprobe and a map", "bpftrace", pid => ["-p", $"{pid}", "-e", BpftraceScript(pid)]);
        if (Exists("perf"))
            yield return new Tool("perf record -F 99 -g", "perf", pid => ["record", "-F", "99", "-g", "-o", "/dev/null", "-p", $"{pid}"]);
        if (Exists("offcputime-bpfcc"))
            yield return new Tool("offcputime-bpfcc", "offcputime-bpfcc", pid => ["-p", $"{pid}", "-f"]);
    }

    /// <summary>The same functions that Hud probes, by the symbols that a release build keeps.</summary>
    private static string BpftraceScript(int pid) =>
        $"uprobe:/proc/{pid}/exe:*task*raw*poll* {{ @start[tid] = nsecs; }} uretprobe:/proc/{pid}/exe:*task*raw*poll* /@start[tid]/ {{ @ns = hist(nsecs - @start[tid]); delete(@start[tid]); }}";

    private static List<double> Compare(string program, Scenario scenario, Tool tool, int rounds)
    {
        using var target = new Target(program, scenario.Spin);
        Thread.Sleep(1000);
        var ratios = new List<double>();
        double before = target.Rate(Window);
        for (int round = 0; round < rounds; round++)
        {
            double with;
            using (var running = Start(tool, target.Pid))
            {
                Thread.Sleep(Settle);
                if (running.HasExited)
                    return [];
                with = target.Rate(Window);
                Stop(running);
            }

            Thread.Sleep(1500);
            double after = target.Rate(Window);
            ratios.Add(with / ((before + after) / 2));
            before = after;
        }

        return ratios;
    }

    private static Process Start(Tool tool, int pid)
    {
        var start = new ProcessStartInfo(tool.File, tool.Arguments(pid)) { RedirectStandardOutput = true, RedirectStandardError = true };
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static void Stop(Process process)
    {
        using (Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            if (!process.WaitForExit(15_000))
                process.Kill();
        }
    }

    /// <summary>Rounds of arithmetic a poll, so that one worker makes about this many polls a second.</summary>
    private static int SpinFor(string program, int pollsPerSecond)
    {
        int spin = 4000;
        for (int i = 0; i < 3; i++)
        {
            using var target = new Target(program, spin);
            Thread.Sleep(500);
            spin = Math.Max(1, (int)(spin * target.Rate(TimeSpan.FromSeconds(3)) / Target.Workers / pollsPerSecond));
        }

        return spin;
    }

    private static bool Exists(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, tool)));

    internal static string Find(string relative)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string path = Path.Combine(folder.FullName, relative);
            if (File.Exists(path))
                return path;
        }

        throw new FileNotFoundException($"{relative} is not built: run ./build.sh and tests/workloads/build.sh tokio143-release");
    }

    /// <summary>The throughput workload: counts its own polls and tells the sum every second.</summary>
    private sealed class Target : IDisposable
    {
        public const int Workers = 2;
        private readonly Process _process;
        private readonly Lock _gate = new();
        private readonly List<(long AtNs, long Polls)> _counts = [];

        public Target(string program, int spin)
        {
            _process = Process.Start(new ProcessStartInfo(program, ["--seconds", "600", "--workers", $"{Workers}", "--spin", $"{spin}"]) { RedirectStandardOutput = true })!;
            _process.OutputDataReceived += (_, line) => Accept(line.Data);
            _process.BeginOutputReadLine();
        }

        public int Pid => _process.Id;

        private void Accept(string? line)
        {
            if (line is null || !line.Contains("\"second\"", StringComparison.Ordinal))
                return;
            using var json = JsonDocument.Parse(line);
            lock (_gate)
                _counts.Add((json.RootElement.GetProperty("at_ns").GetInt64(), json.RootElement.GetProperty("polls").GetInt64()));
        }

        /// <summary>Polls a second over the next stretch of time, by the target's own clock and count.</summary>
        public double Rate(TimeSpan time)
        {
            int first;
            lock (_gate)
                first = _counts.Count;
            Thread.Sleep(time + TimeSpan.FromSeconds(1.2));
            lock (_gate)
            {
                if (_counts.Count - first < 2)
                    return double.NaN;
                var (from, to) = (_counts[first], _counts[^1]);
                return (to.Polls - from.Polls) * 1e9 / (to.AtNs - from.AtNs);
            }
        }

        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
