using Hud.Core.Profile;

namespace Hud.WorkloadTests.Harness;

/// <summary>One case of the program <c>behind</c>: what the report says of the task that waits, and what the program noted.</summary>
internal sealed record BehindRun(string Set, ProfileDocument Document, TruthBehind Truth, TaskProfile Victim)
{
    private const string Program = "behind";
    private const string AllTimed = "--budget 10 --force-level 0 --threshold 5ms";

    /// <summary>Of the time of the long waits, in percent.</summary>
    public const double Tolerance = 12;

    public IReadOnlyList<WaitBehind> Behind => Victim.Waits!.Behind;

    /// <param name="prefix">What starts the program.</param>
    public static async Task<BehindRun> OnceAsync(string set, BehindCase which, params string[] prefix)
    {
        using var workload = await Workload.StartAsync(
            set,
            Program,
            $"--case {(int)which} --block-ms 20 --every-ms 15",
            prefix
        );
        var run = await HudRun.OnAsync(workload, 4, AllTimed);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        await workload.StopAsync();
        Assert.Equal("", Assert.Single(run.Document.Targets).WakesNotTimed);
        Assert.Equal(0, run.Document.Losses.WaitsLimited);
        var noted = Assert.Single(TruthWaits.Of(workload, run.Document));
        return new BehindRun(
            set,
            run.Document,
            TruthBehind.Of(workload, run.Document),
            VictimOf(set, which, noted, run.Document)
        );
    }

    /// <summary>By its name, where the program has one for it; else by how long it waited.</summary>
    private static TaskProfile VictimOf(string set, BehindCase which, TruthWaits noted, ProfileDocument document)
    {
        string name = which switch
        {
            BehindCase.Channel => "receiving_victim",
            BehindCase.Timer => "due_victim",
            BehindCase.Io => "reading_victim",
            BehindCase.WokeItself => "self_waking_victim",
            _ => "victim",
        };
        var named = WorkloadFile.Names(set, Program, name)
            ? document.Tasks.Where(t => t.Name.Contains($"{Program}::{name}", StringComparison.Ordinal)).ToList()
            : document.Tasks;
        // without a CPU the task notes its polls late
        if (which == BehindCase.Starved)
            return noted.NearestIn(named);
        Assert.Equal("", TruthWaits.Differences([noted], named));
        return Assert.Single(noted.TypesIn(named));
    }

    public double Percent(string function, HotspotCause cause) =>
        Behind.Where(b => b.Cause == cause && IsIn(b, function)).Sum(b => b.Percent);

    public bool IsIn(WaitBehind behind, string function) =>
        WorkloadFile.Twin(Set) is null
            ? behind.Function.EndsWith("::" + function, StringComparison.Ordinal)
            : Document
                .Hotspots.Single(h => h.Cause == behind.Cause && h.Fingerprint == behind.Fingerprint)
                .Stack.Any(frame => WorkloadFile.IsIn(Set, Program, frame.Split(' ')[0], function));
}
