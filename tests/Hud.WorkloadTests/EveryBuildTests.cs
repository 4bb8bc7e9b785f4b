using System.Globalization;
using Hud.Core.Profile;
using Hud.WorkloadTests.Harness;

namespace Hud.WorkloadTests;

/// <summary>
/// The same programs in every build that people deliver, most of them many times each. Some forty minutes, and as many sets to build, so run only
/// when asked for: <c>tests/workloads/every-build.sh [RUNS]</c>.
/// </summary>
[Collection(Alone.Name)]
public sealed class EveryBuildTests
{
    private static readonly string[] Tokios = ["tokio124", "tokio143", "tokio-new"];
    private static readonly string[] Profiles =
    [
        "release",
        "lines",
        "stripped",
        "lto-abort",
        "lto-stripped",
        "abort",
        "opt1",
        "optz",
    ];

    public static TheoryData<string> Sets =>
        [.. Tokios.SelectMany(_ => Profiles, (tokio, profile) => $"{tokio}-{profile}")];

    private static int Times =>
        int.Parse(Environment.GetEnvironmentVariable("HUD_RUNS") ?? "1", CultureInfo.InvariantCulture);

    [Theory(Explicit = true)]
    [MemberData(nameof(Sets))]
    public async Task Work_on_the_blocking_pool_and_work_in_place_are_never_blamed(string set)
    {
        for (var time = 0; time < Times; time++)
        {
            var runs = await Task.WhenAll(
                Profiled.OnceAsync(set, "block_in_place"),
                Profiled.OnceAsync(set, "spawn_blocking")
            );
            foreach (var profiled in runs)
            {
                Assert.NotEmpty(profiled.Blocks);
                profiled.BlamesNothing();
            }
        }
    }

    [Theory(Explicit = true)]
    [MemberData(nameof(Sets))]
    public async Task A_poll_that_starts_a_closure_and_then_blocks_by_itself_is_found_beside_them(string set)
    {
        for (var time = 0; time < Times; time++)
            (await Profiled.OnceAsync(set, "pool_mix", seconds: 4)).AgreesWithTheProgram();
    }

    [Theory(Explicit = true)]
    [MemberData(nameof(Sets))]
    public async Task The_same_work_has_the_same_cause(string set)
    {
        foreach (
            var (program, cause) in ((string, HotspotCause)[])
                [
                    ("cpu_hog", HotspotCause.OnCpu),
                    ("sleep", HotspotCause.BlockingCall),
                    ("mutex", HotspotCause.LockWait),
                ]
        )
        {
            var profiled = await Profiled.OnceAsync(set, program);
            profiled.AgreesWithTheProgram();
            Assert.Contains(profiled.Document.Hotspots, h => h.Cause == cause);
        }
    }

    [Theory(Explicit = true)]
    [MemberData(nameof(Sets))]
    public async Task A_task_waits_behind_the_same_code(string set)
    {
        foreach (var four in BehindCheck.SideBySide.Chunk(4))
            await Task.WhenAll(four.Select(which => BehindCheck.OfAsync(set, which)));
        foreach (var which in Enum.GetValues<BehindCase>().Except(BehindCheck.SideBySide))
            await BehindCheck.OfAsync(set, which);
    }
}
