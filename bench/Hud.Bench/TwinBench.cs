using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Hud.Bench;

/// <summary>
/// The loss at 5,000 polls a worker and second, which is smaller than what one machine's speed changes by from second to second:
/// two programs, each with one worker, take turns on one CPU every few milliseconds, and Hud watches the one and then the other.
/// What disturbs that CPU disturbs both, and each is measured by the polls it makes for a second of its own CPU time.
/// </summary>
internal static class TwinBench
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    public static int Run(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 12;
        if (args.Length > 1)
            Budget = args[1];
        string program = OverheadBench.Find("out/workloads/tokio143-release/throughput");
        int spin = YieldLoop.SpinFor(program, 5_000);
        using var left = new YieldLoop(program, spin, workers: 1);
        using var right = new YieldLoop(program, spin, workers: 1);
        YieldLoop[] twins = [left, right];
        left.Pin(0);
        right.Pin(0);
        Thread.Sleep(1000);

        Console.WriteLine(
            "| tool on one of the twins | its throughput, median | lowest | highest | standard error of the mean | pairs | reported cost, median |"
        );
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- |");
        foreach (bool hud in (bool[])[false, true])
        {
            Reported.Clear();
            var ratios = Enumerable.Range(0, rounds).Select(_ => Measure(twins, hud)).Order().ToList();
            double mean = ratios.Average(),
                error = Math.Sqrt(ratios.Sum(r => (r - mean) * (r - mean)) / (ratios.Count - 1) / ratios.Count);
            Console.WriteLine(
                $"| {(hud ? "hud" : "none (the noise of this measurement)")} | {Median(ratios):0.0000} | {ratios[0]:0.0000} | {ratios[^1]:0.0000} | {error:0.0000} | {ratios.Count} | {(hud ? $"{Median([.. Reported.Order()]):0.00} %" : "")} |"
            );
        }

        return 0;
    }

    /// <summary>In percent. 10 has every poll timed: then the loss is the cost itself, and must be what is reported.</summary>
    private static string Budget = "1";

    /// <summary>What the runs' own reports said that the target paid, in percent.</summary>
    private static readonly List<double> Reported = [];

    private static double Median(List<double> sorted) =>
        (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;

    /// <summary>
    /// One turn each. With s for how much faster the left one is by nature and r for what the tool leaves of a program's throughput,
    /// the turns see s r and s / r: the square root of their ratio is r.
    /// </summary>
    private static double Measure(YieldLoop[] twins, bool hud) =>
        Math.Sqrt(Turn(twins, twins[0].Pid, hud) / Turn(twins, twins[1].Pid, hud));

    /// <summary>Left over right, with the tool on one of them.</summary>
    private static double Turn(YieldLoop[] twins, int pid, bool hud)
    {
        using var tool = Process.Start(
            new ProcessStartInfo(
                hud ? OverheadBench.Find("out/hud") : "sleep",
                hud
                    ?
                    [
                        "--pid",
                        $"{pid}",
                        "--duration",
                        "60s",
                        "--budget",
                        Budget,
                        "--headless",
                        "--quiet",
                        "-o",
                        "json",
                    ]
                    : ["60"]
            )
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        tool.ErrorDataReceived += static (_, _) => { };
        var report = tool.StandardOutput.ReadToEndAsync();
        tool.BeginErrorReadLine();
        Thread.Sleep(Settle);
        double[] rates = new double[2];
        Parallel.For(0, 2, i => rates[i] = twins[i].PollsPerCpuSecond(Window));
        OverheadBench.Stop(tool);
        if (hud)
            Reported.Add(MeasuredPercent(report.GetAwaiter().GetResult()));
        Thread.Sleep(500);
        return rates[0] / rates[1];
    }

    private static double MeasuredPercent(string report)
    {
        using var document = JsonDocument.Parse(report);
        return document.RootElement.GetProperty("overhead").GetProperty("measuredPercent").GetDouble();
    }
}
