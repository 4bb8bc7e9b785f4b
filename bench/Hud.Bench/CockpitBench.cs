using System.Diagnostics;
using System.Globalization;

namespace Hud.Bench;

/// <summary>
/// <c>cockpit [SECONDS]</c>: what the cockpit itself costs, as a share of one core: the CPU time of hud (not of its agent) in a
/// real terminal, with the real agent on the demo's shop under its load. Ends with 1 when it costs more than its goal, or was not drawn. Needs root and util-linux' script.
/// </summary>
internal static class CockpitBench
{
    /// <summary>Percent of one core.</summary>
    private const double Goal = 1;

    private static readonly (int Width, int Height)[] Sizes = [(80, 24), (200, 60)];

    public static int Run(string[] args)
    {
        int seconds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 20;
        string shop = OverheadBench.Find("out/demo/release/demo-service"),
            load = OverheadBench.Find("out/demo/release/demo-load"),
            hud = OverheadBench.Find("out/hud");
        var start = new ProcessStartInfo(shop, ["0"]) { RedirectStandardOutput = true };
        using var target = Process.Start(start)!;
        try
        {
            string line = target.StandardOutput.ReadLine() ?? "";
            using var clients = Process.Start(
                new ProcessStartInfo(load, [line[(line.LastIndexOf(':') + 1)..], $"{Sizes.Length * (seconds + 15)}"])
                {
                    RedirectStandardOutput = true,
                }
            )!;
            Console.WriteLine("| terminal | hud, share of one core | picture, KB/s |");
            Console.WriteLine("| --- | --- | --- |");
            bool met = true;
            foreach (var (width, height) in Sizes)
                met &= Measure(hud, target.Id, width, height, seconds) < Goal;
            clients.Kill();
            if (!met)
                Console.Error.WriteLine($"cockpit: its goal is under {Goal} % of one core");
            return met ? 0 : 1;
        }
        finally
        {
            target.Kill();
        }
    }

    /// <returns>Percent of one core; infinite when nothing was drawn.</returns>
    private static double Measure(string hud, int pid, int width, int height, int seconds)
    {
        // script gives it a terminal; what is drawn there comes out of script's own output
        var start = new ProcessStartInfo(
            "script",
            ["-qfc", $"stty cols {width} rows {height}; exec {hud} --pid {pid} --duration {seconds + 10}s", "/dev/null"]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        (start.Environment["TERM"], start.Environment["COLORTERM"], start.Environment["LANG"]) = (
            "xterm-256color",
            "truecolor",
            "C.UTF-8"
        );
        start.Environment.Remove("NO_COLOR");
        using var terminal = Process.Start(start)!;
        long drawn = 0;
        var reading = Task.Run(() =>
        {
            var buffer = new byte[65536];
            int read;
            while ((read = terminal.StandardOutput.BaseStream.Read(buffer)) > 0)
                Interlocked.Add(ref drawn, read);
        });
        // the start pays for the attach and the first picture
        Thread.Sleep(5000);
        int child = int.Parse(
            File.ReadAllText($"/proc/{terminal.Id}/task/{terminal.Id}/children").Split(' ')[0],
            CultureInfo.InvariantCulture
        );
        using var cockpit = Process.GetProcessById(child);
        var (clock, before, bytes) = (Stopwatch.StartNew(), cockpit.TotalProcessorTime, Interlocked.Read(ref drawn));
        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        cockpit.Refresh();
        double wall = clock.Elapsed.TotalSeconds,
            cpu = (cockpit.TotalProcessorTime - before).TotalSeconds,
            kilobytes = (Interlocked.Read(ref drawn) - bytes) / 1000.0;
        double share = bytes < 1000 ? double.PositiveInfinity : 100 * cpu / wall;
        Console.WriteLine(
            bytes < 1000
                ? $"| {width}x{height} | not measured: no cockpit was drawn | |"
                : $"| {width}x{height} | {share:0.00} % | {kilobytes / wall:0.0} |"
        );
        terminal.WaitForExit(20_000);
        if (!terminal.HasExited)
            terminal.Kill(entireProcessTree: true);
        reading.Wait(5000);
        return share;
    }
}
