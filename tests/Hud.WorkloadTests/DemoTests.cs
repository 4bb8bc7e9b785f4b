using System.Diagnostics;
using System.Text.Json;
using Hud.Analysis;
using Hud.Core;
using Hud.Core.Profile;
using Hud.Reports;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>
/// The demo as a newcomer runs it: each of its mistakes is found for what it is, and <c>hud diff</c> says that fixing them
/// (<c>spawn_blocking</c>, mostly) made them go.
/// </summary>
[Collection(Alone.Name)]
public sealed class DemoTests : IDisposable
{
    private static readonly (string Function, string Cause, string Category)[] Mistakes =
    [
        ("demo_service::auth::hash_password", "OnCpu", "Crypto"),
        ("demo_service::export::compress_report", "OnCpu", "Compression"),
        ("demo_service::cart::discounted_price", "OnCpu", "Cpu"),
        ("demo_service::cart::update_totals", "LockWait", "Mutex"),
        ("demo_service::upstream::resolve", "BlockingCall", "Dns"),
        ("demo_service::audit::append", "BlockingCall", "FileSync"),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("hud-demo-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_mistake_of_the_demo_is_found_and_gone_when_it_is_fixed()
    {
        Repository.Require(
            Path.Combine(Repository.Root, "out", "demo", "release", "demo-service"),
            "examples/demo-service/build.sh"
        );

        var (code, output, errors) = await RunAsync(
            Path.Combine(Repository.Root, "demo.sh"),
            "--no-build",
            "--compare",
            "--seconds",
            "10",
            "--into",
            _folder
        );

        Assert.True(code == 0, $"the demo ended with {code}: {errors}");
        ProfileDocument mistakes = Read("mistakes"),
            fixedShop = Read("fixed");
        var found = mistakes.Hotspots.Select(h => (h.UserFrame, h.Cause.ToString(), h.Category)).ToList();
        Assert.All(Mistakes, mistake => Assert.Contains(mistake, found));
        Assert.All(
            Mistakes,
            mistake => Assert.DoesNotContain(fixedShop.Hotspots, h => h.UserFrame == mistake.Function && !Pressure(h))
        );
        Assert.Equal(VerdictLevel.Blocked, mistakes.VerdictLevel);
        Assert.NotEmpty(mistakes.Hotspots.First(h => h.Cause == HotspotCause.LockWait).HolderStack);

        Assert.Contains("# BETTER", output, StringComparison.Ordinal);
        foreach (string page in (string[])["mistakes.html", "fixed.html"])
        {
            Assert.Contains($"the page: file://{Path.Combine(_folder, page)}", errors, StringComparison.Ordinal);
            Assert.Contains(
                "<html",
                await File.ReadAllTextAsync(Path.Combine(_folder, page), TestContext.Current.CancellationToken),
                StringComparison.Ordinal
            );
        }

        var diff = await RunAsync(Repository.Hud, "diff", Json("mistakes"), Json("fixed"), "-o", "json");
        var hotspots = JsonSerializer.Deserialize(diff.Output, ReportsJson.Default.ProfileDiff)!.Hotspots;
        Assert.Equal(0, diff.Code);
        Assert.All(
            Mistakes,
            mistake => Assert.Contains(hotspots, h => h.UserFrame == mistake.Function && h.Change == HotspotChange.Gone)
        );
        Assert.Equal(6, (await RunAsync(Repository.Hud, "diff", Json("fixed"), Json("mistakes"))).Code);
    }

    private static bool Pressure(Hotspot hotspot) => hotspot.Cause.IsCpuPressure();

    private string Json(string run) => Path.Combine(_folder, run + ".json");

    private ProfileDocument Read(string run) =>
        JsonSerializer.Deserialize(File.ReadAllText(Json(run)), HudJson.Default.ProfileDocument)!;

    private static async Task<(int Code, string Output, string Errors)> RunAsync(
        string program,
        params string[] arguments
    )
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
        var stop = TestContext.Current.CancellationToken;
        var output = process.StandardOutput.ReadToEndAsync(stop);
        var errors = process.StandardError.ReadToEndAsync(stop);
        await process.WaitForExitAsync(stop);
        return (process.ExitCode, await output, await errors);
    }
}
