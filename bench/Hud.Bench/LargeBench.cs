using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Bench;

/// <summary>A program with 500 MB of debug information: time to attached, memory of the agent and of its helper together, and what the live
/// view and the report know by then.</summary>
internal static class LargeBench
{
    private const string Program = "out/bench/big/cpu_hog";

    public static int Run(string[] args)
    {
        var seconds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 10;
        string agent = OverheadBench.Find("out/hud-agent"),
            program = OverheadBench.Find(Program);
        using var target = Process.Start(
            new ProcessStartInfo(program, ["--seconds", "600", "--workers", "2"]) { RedirectStandardOutput = true }
        )!;
        target.OutputDataReceived += static (_, _) => { };
        target.BeginOutputReadLine();
        try
        {
            Thread.Sleep(1000);
            Measure(agent, target.Id, new FileInfo(program).Length, seconds);
            return 0;
        }
        finally
        {
            target.Kill();
        }
    }

    private static void Measure(string agent, int pid, long bytes, int seconds)
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
        using var memory = new MemoryWatch(process.Id);
        var reader = new AgentStreamReader();
        TimeSpan attached = default,
            named = default,
            profile = default;
        var liveName = "";
        while (process.StandardOutput.ReadLine() is { } line)
        {
            switch (reader.Accept(System.Text.Encoding.UTF8.GetBytes(line)))
            {
                case HelloMessage:
                    attached = clock.Elapsed;
                    break;
                case ProgressMessage { Hotspots: [var first, ..] } when liveName.Length == 0:
                    (named, liveName) = (clock.Elapsed, first.UserFrame);
                    break;
                case EndMessage:
                    profile = clock.Elapsed;
                    break;
            }
        }

        process.WaitForExit();
        var top = reader.Profile?.Hotspots.FirstOrDefault() ?? new Hotspot();
        Console.WriteLine($"program                   {bytes / 1e6:F0} MB");
        Console.WriteLine($"start to attached         {attached.TotalSeconds:F2} s");
        Console.WriteLine($"first name in live view   {named.TotalSeconds:F2} s, {liveName}");
        Console.WriteLine(
            $"end of run to report      {(profile - attached).TotalSeconds - seconds:F2} s, {top.UserFrame} {top.Location}, {reader.Profile?.Summary.SymbolizedPercent} % named"
        );
        Console.WriteLine(
            $"peak memory               {memory.Agent >> 20} MiB agent, {memory.Helper >> 20} MiB helper, {memory.Together >> 20} MiB together"
        );
    }

    /// <summary>Resident memory of a process and of its children, looked at a hundred times a second.</summary>
    private sealed class MemoryWatch : IDisposable
    {
        private readonly int pid;
        private readonly Timer timer;

        public MemoryWatch(int pid)
        {
            this.pid = pid;
            timer = new Timer(_ => Look(), null, 0, 10);
        }

        public long Agent { get; private set; }

        public long Helper { get; private set; }

        public long Together { get; private set; }

        public void Dispose() => timer.Dispose();

        private void Look()
        {
            var agent = Resident(pid);
            var helper = Read($"/proc/{pid}/task/{pid}/children")
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Sum(child => Resident(int.Parse(child, CultureInfo.InvariantCulture)));
            Agent = Math.Max(Agent, agent);
            Helper = Math.Max(Helper, helper);
            Together = Math.Max(Together, agent + helper);
        }

        private static long Resident(int pid) =>
            Read($"/proc/{pid}/statm").Split(' ') is [_, var pages, ..]
                ? long.Parse(pages, CultureInfo.InvariantCulture) * Environment.SystemPageSize
                : 0;

        private static string Read(string path)
        {
            try
            {
                return File.ReadAllText(path);
            }
            catch (IOException)
            {
                return "";
            }
        }
    }
}
