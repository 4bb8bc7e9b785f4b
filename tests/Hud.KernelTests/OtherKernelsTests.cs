using System.Diagnostics;
using System.Text.Json;
using Hud.Core;
using Hud.Core.Profile;
using Hud.KernelTests.Support;

namespace Hud.KernelTests;

/// <summary>
/// The whole of Hud on kernels of other Debian releases, in an emulated machine (tests/kernels): every verifier has its own idea
/// of what is safe, and the lower probe modes are all that older kernels have.
/// </summary>
public sealed class OtherKernelsTests
{
    [Theory]
    [InlineData("bookworm", "6.1", "perf-uprobe")]
    [InlineData("trixie", "6.12", "uprobe.multi")]
    public async Task Finds_what_blocks_by_the_best_probe_mode_of_that_kernel(
        string suite,
        string version,
        string probeMode
    )
    {
        Need.Program("qemu-system-x86_64");
        Need.Workload("tokio143-release", "cpu_hog");
        Need.Workload("tokio143-release", "sleep");
        if (
            System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
            != System.Runtime.InteropServices.Architecture.X64
        )
            Need.Missing("the emulated machine is one of x86-64");
        var cancel = TestContext.Current.CancellationToken;
        string folder = Path.Combine(Need.Root, "out", "kernels", suite);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        using var machine = Process.Start(
            new ProcessStartInfo(Path.Combine(Need.Root, "tests/kernels/run.sh"), [suite, folder])
            {
                RedirectStandardError = true,
            }
        )!;
        string said = await machine.StandardError.ReadToEndAsync(cancel);
        await machine.WaitForExitAsync(cancel);
        Assert.True(machine.ExitCode == 0, said);

        var hog = await Report(folder, "cpu_hog", cancel);
        Assert.StartsWith(version, hog.Agent.Kernel, StringComparison.Ordinal);
        Assert.Equal(probeMode, hog.Agent.ProbeMode);
        var worst = hog.Hotspots[0];
        Assert.Equal((HotspotCause.OnCpu, "cpu_hog::burn"), (worst.Cause, worst.Function));
        Assert.True(worst.Count >= 10, $"{worst.Count} times");

        var sleep = await Report(folder, "sleep", cancel);
        worst = sleep.Hotspots[0];
        Assert.Equal(
            (HotspotCause.BlockingCall, "clock_nanosleep", "sleep::wait_a_little"),
            (worst.Cause, worst.Syscall, worst.UserFrame)
        );
        Assert.True(worst.Count >= 10, $"{worst.Count} times");
        Assert.All([hog, sleep], report => Assert.Equal(0, report.Losses.RingBufferDrops));
    }

    private static async Task<ProfileDocument> Report(string folder, string program, CancellationToken cancel)
    {
        string said = await File.ReadAllTextAsync(Path.Combine(folder, program + ".err"), cancel);
        Assert.True(await File.ReadAllTextAsync(Path.Combine(folder, program + ".json.code"), cancel) is "0\n", said);
        await using var json = File.OpenRead(Path.Combine(folder, program + ".json"));
        return (await JsonSerializer.DeserializeAsync(json, HudJson.Default.ProfileDocument, cancel))!;
    }
}
