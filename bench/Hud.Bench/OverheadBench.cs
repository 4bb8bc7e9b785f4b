using System.Diagnostics;
using System.Globalization;

namespace Hud.Bench;

/// <summary>
/// What Hud and others cost the program they watch: its own throughput with the tool on it over its throughput without, in
/// windows that take turns in one process, so that a noisy machine disturbs both sides alike. Ratios only.
/// </summary>
internal static class OverheadBench
{
    private sealed record Tool(string Name, string File, Func<int, string[]> Arguments, bool Ours = false);

    /// <param name="Settle">From a tool's start to its window: what it does once, to begin with, is not what it costs.</param>
    /// <param name="Times">More windows for what is small beside the noise; the other tools' losses are not.</param>
    private sealed record Scenario(string Name, TimeSpan Settle, int Times, Func<ITarget> Start);

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    public static int Run(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5;
        string program = Find("out/workloads/tokio143-release/throughput");
        int slow = YieldLoop.SpinFor(program, 5_000),
            fast = YieldLoop.SpinFor(program, 250_000);
        var scenarios = new List<Scenario>
        {
            new("5,000 polls/s a worker", TimeSpan.FromSeconds(5), 5, () => new YieldLoop(program, slow)),
            // the governor has three seconds to find its level
            new("500,000 polls/s in all", TimeSpan.FromSeconds(3), 2, () => new YieldLoop(program, fast)),
            new("as many polls as it can", TimeSpan.FromSeconds(3), 1, () => new YieldLoop(program, 0)),
            new("the demo shop, fixed, /health", TimeSpan.FromSeconds(5), 2, () => new Shop()),
        };
        if (args.Length > 1)
            scenarios = [.. scenarios.Where(s => s.Name.Contains(args[1], StringComparison.OrdinalIgnoreCase))];
        Console.WriteLine("| target | tool | throughput with / without, median | lowest | highest | windows |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (var scenario in scenarios)
        {
            foreach (
                var tool in Tools()
                    .Where(t => args.Length < 3 || t.Name.Contains(args[2], StringComparison.OrdinalIgnoreCase))
            )
            {
                var ratios = Compare(scenario, tool, tool.Ours ? rounds * scenario.Times : rounds);
                if (ratios.Count == 0)
                {
                    Console.WriteLine(
                        $"| {scenario.Name} | {tool.Name} | not measured: the tool did not start | | | |"
                    );
                    continue;
                }

                ratios.Sort();
                Console.WriteLine(
                    $"| {scenario.Name} | {tool.Name} | {ratios[ratios.Count / 2]:0.0000} | {ratios[0]:0.0000} | {ratios[^1]:0.0000} | {ratios.Count} |"
                );
            }
        }

        return 0;
    }

    private static IEnumerable<Tool> Tools()
    {
        yield return new Tool("none (the noise of this measurement)", "sleep", _ => ["3600"], Ours: true);
        yield return new Tool(
            "hud",
            Find("out/hud"),
            pid => ["--pid", $"{pid}", "--duration", "120s", "--headless", "--quiet", "-o", "json"],
            Ours: true
        );
        if (Exists("bpftrace"))
            yield return new Tool(
                "bpftrace, uprobe + uretprobe and a map",
                "bpftrace",
                pid => ["-p", $"{pid}", "-e", BpftraceScript(pid)]
            );
        if (Exists("perf"))
            yield return new Tool(
                "perf record -F 99 -g",
                "perf",
                pid => ["record", "-F", "99", "-g", "-o", "/dev/null", "-p", $"{pid}"]
            );
        // bcc's, in the form that needs no headers of the running kernel
        if (Exists("offcputime"))
            yield return new Tool("offcputime of bcc (libbpf)", "offcputime", pid => ["-p", $"{pid}"]);
    }

    /// <summary>The same functions that Hud probes, by the symbols that a release build keeps.</summary>
    private static string BpftraceScript(int pid) =>
        $"uprobe:/proc/{pid}/exe:*task*raw*poll* {{ @start[tid] = nsecs; }} uretprobe:/proc/{pid}/exe:*task*raw*poll* /@start[tid]/ {{ @ns = hist(nsecs - @start[tid]); delete(@start[tid]); }}";

    private static List<double> Compare(Scenario scenario, Tool tool, int rounds)
    {
        using var target = scenario.Start();
        Thread.Sleep(1000);
        var ratios = new List<double>();
        double before = target.Rate(Window);
        for (int round = 0; round < rounds; round++)
        {
            double with;
            using (var running = Start(tool, target.Pid))
            {
                Thread.Sleep(scenario.Settle);
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
        var start = new ProcessStartInfo(tool.File, tool.Arguments(pid))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    internal static void Stop(Process process)
    {
        using (Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            if (!process.WaitForExit(15_000))
                process.Kill();
        }
    }

    private static bool Exists(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Any(folder => File.Exists(Path.Combine(folder, tool)));

    internal static string Find(string relative)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string path = Path.Combine(folder.FullName, relative);
            if (File.Exists(path))
                return path;
        }

        throw new FileNotFoundException(
            $"{relative} is not built: run ./build.sh and tests/workloads/build.sh tokio143-release"
        );
    }

    /// <summary>The demo service with its mistakes fixed, asked by a few connections that never wait between two requests.</summary>
    private sealed class Shop : ITarget
    {
        private const int Connections = 4;
        private static readonly byte[] Request =
            "GET /health HTTP/1.1\r\nHost: bench\r\nContent-Length: 0\r\n\r\n"u8.ToArray();
        private readonly Process _process;
        private readonly List<Thread> _clients = [];
        private volatile bool _over;
        private long _answers;

        public Shop()
        {
            var start = new ProcessStartInfo(Find("out/demo/release/demo-service"), ["0"])
            {
                RedirectStandardOutput = true,
            };
            start.Environment["DEMO_FIXED"] = "1";
            _process = Process.Start(start)!;
            string line = _process.StandardOutput.ReadLine() ?? "";
            int port = int.Parse(line[(line.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture);
            for (int i = 0; i < Connections; i++)
            {
                var client = new Thread(() => Ask(port)) { IsBackground = true };
                client.Start();
                _clients.Add(client);
            }
        }

        public int Pid => _process.Id;

        public double Rate(TimeSpan time)
        {
            long first = Interlocked.Read(ref _answers);
            var clock = Stopwatch.StartNew();
            Thread.Sleep(time);
            return (Interlocked.Read(ref _answers) - first) / clock.Elapsed.TotalSeconds;
        }

        private void Ask(int port)
        {
            using var client = new System.Net.Sockets.TcpClient("127.0.0.1", port) { NoDelay = true };
            var socket = client.Client;
            var buffer = new byte[4096];
            while (!_over)
            {
                socket.Send(Request);
                // the answer is one small piece: a head and a few bytes
                if (socket.Receive(buffer) == 0)
                    return;
                Interlocked.Increment(ref _answers);
            }
        }

        public void Dispose()
        {
            _over = true;
            foreach (var client in _clients)
                client.Join(TimeSpan.FromSeconds(5));
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
