using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Hud.Bench;

internal interface ITarget : IDisposable
{
    int Pid { get; }

    /// <summary>What it gets done a second over the next stretch of time.</summary>
    double Rate(TimeSpan time);
}

/// <summary>The throughput workload: counts its own polls and prints the sum every second.</summary>
internal sealed class YieldLoop : ITarget
{
    public const int Workers = 2;
    private readonly Process _process;
    private readonly Lock _gate = new();
    private readonly List<(long AtNs, long CpuNs, long Polls)> _counts = [];

    public YieldLoop(string program, int spin, int workers = Workers)
    {
        _process = Process.Start(
            new ProcessStartInfo(program, ["--seconds", "1800", "--workers", $"{workers}", "--spin", $"{spin}"])
            {
                RedirectStandardOutput = true,
            }
        )!;
        _process.OutputDataReceived += (_, line) => Accept(line.Data);
        _process.BeginOutputReadLine();
    }

    public int Pid => _process.Id;

    /// <summary>Its threads run on this CPU only, those it has now and those it starts.</summary>
    public void Pin(int cpu)
    {
        using var taskset = Process.Start(
            new ProcessStartInfo("taskset", ["-acp", $"{cpu}", $"{Pid}"]) { RedirectStandardOutput = true }
        )!;
        taskset.WaitForExit();
    }

    private void Accept(string? line)
    {
        if (line is null || !line.Contains("\"second\"", StringComparison.Ordinal))
            return;
        using var json = JsonDocument.Parse(line);
        lock (_gate)
            _counts.Add(
                (
                    json.RootElement.GetProperty("at_ns").GetInt64(),
                    json.RootElement.GetProperty("cpu_ns").GetInt64(),
                    json.RootElement.GetProperty("polls").GetInt64()
                )
            );
    }

    /// <summary>Polls a second over the next stretch of time, by the target's own clock and count.</summary>
    public double Rate(TimeSpan time) => Over(time) is var (wall, _, polls) ? polls * 1e9 / wall : double.NaN;

    /// <summary>Polls for a second of its own CPU time.</summary>
    public double PollsPerCpuSecond(TimeSpan time) =>
        Over(time) is var (_, cpu, polls) ? polls * 1e9 / cpu : double.NaN;

    private (long WallNs, long CpuNs, long Polls)? Over(TimeSpan time)
    {
        int first;
        lock (_gate)
            first = _counts.Count;
        Thread.Sleep(time + TimeSpan.FromSeconds(1.2));
        lock (_gate)
        {
            if (_counts.Count - first < 2)
                return null;
            var (from, to) = (_counts[first], _counts[^1]);
            return (to.AtNs - from.AtNs, to.CpuNs - from.CpuNs, to.Polls - from.Polls);
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>Rounds of arithmetic a poll, so that one worker makes about this many polls a second.</summary>
    public static int SpinFor(string program, int pollsPerSecond)
    {
        int spin = 4000;
        for (int i = 0; i < 3; i++)
        {
            using var target = new YieldLoop(program, spin);
            Thread.Sleep(500);
            spin = Math.Max(1, (int)(spin * target.Rate(TimeSpan.FromSeconds(3)) / YieldLoop.Workers / pollsPerSecond));
        }

        return spin;
    }
}
