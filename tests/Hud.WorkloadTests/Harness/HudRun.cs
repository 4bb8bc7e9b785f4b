using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hud.Core;
using Hud.Core.Profile;

namespace Hud.WorkloadTests.Harness;

/// <summary>One run of the command on a process, as a person would start it, and its report.</summary>
internal sealed record HudRun(ProfileDocument Document, int ExitCode, string Errors)
{
    public static Task<HudRun> OnAsync(Workload workload, int seconds, string arguments = "") =>
        OnAsync(workload.Pid, seconds, arguments);

    public static async Task<HudRun> OnAsync(int pid, int seconds, string arguments = "")
    {
        var (code, output, errors) = await RunAsync(
            $"--pid {pid.ToString(CultureInfo.InvariantCulture)} --duration {seconds.ToString(CultureInfo.InvariantCulture)}s -o json --quiet {arguments}",
            TimeSpan.FromSeconds(seconds + 60)
        );
        Assert.True(output.StartsWith('{'), $"hud ended with {code} and no document: {errors}");
        return new HudRun(JsonSerializer.Deserialize(output, HudJson.Default.ProfileDocument)!, code, errors);
    }

    public static async Task<(int Code, string Output, string Errors)> RunAsync(string arguments, TimeSpan limit)
    {
        var start = new ProcessStartInfo(Repository.Hud, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process
                .WaitForExitAsync(TestContext.Current.CancellationToken)
                .WaitAsync(limit, TestContext.Current.CancellationToken);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
