using System.Diagnostics;
using System.Globalization;

namespace Hud.KernelTests.Support;

/// <summary>
/// gdb, which stops all threads of its target for a while. Not a tracer within the test: the target is the test's own child, and
/// the runtime would take a reported stop for the child's end.
/// </summary>
internal static class Tracer
{
    public static void StopAndGoOn(int pid, TimeSpan stopped)
    {
        Need.Program("gdb");
        string pause = string.Create(CultureInfo.InvariantCulture, $"shell sleep {stopped.TotalSeconds}");
        using var gdb = Process.Start(
            new ProcessStartInfo(
                "gdb",
                ["-nx", "-batch", "-p", $"{pid}", "-ex", pause, "-ex", "info threads", "-ex", "detach"]
            )
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var errors = gdb.StandardError.ReadToEndAsync();
        string said = gdb.StandardOutput.ReadToEnd();
        gdb.WaitForExit();
        Assert.True(
            gdb.ExitCode == 0
                && said.Contains("throughput", StringComparison.Ordinal)
                && said.Contains("detached", StringComparison.Ordinal),
            said + errors.Result
        );
    }
}
