using System.Runtime.InteropServices;
using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.ScriptedAgent;

// Stands in for hud-agent where a test is about the operator: speaks the real stream, measures nothing, and misbehaves on demand.
// The part to play is the session's target.processName; nothing else of a session reaches an agent that a test could use.
//   play-good       a good run that finds one hotspot
//   play-no-tokio   ends with HUD201 and no profile       play-crash     exits with 3 in mid-run
//   play-cut        ends without a last word              play-gap       leaves a sequence number out
//   play-deaf       never begins                          play-bad-hash  sends a profile whose hash is wrong

var task = JsonSerializer.Deserialize(
    Environment.GetEnvironmentVariable(AgentTask.EnvironmentVariable) ?? "",
    HudJson.Default.AgentTask
)!;
var part = (task.Session.Target.ProcessName ?? "").Replace("play-", "", StringComparison.Ordinal);
using var stop = new ManualResetEventSlim();
using var term = PosixSignalRegistration.Create(
    PosixSignal.SIGTERM,
    c =>
    {
        c.Cancel = true;
        stop.Set();
    }
);
using var stdout = Console.OpenStandardOutput();
if (part == "deaf")
{
    stop.Wait();
    return 0;
}
var output = part is "gap" or "bad-hash" ? new Spoiler(stdout, part) : stdout;
var stream = new AgentStreamWriter(output);
var started = DateTimeOffset.UtcNow;
stream.Write(
    new HelloMessage
    {
        Agent = new AgentInfo { Version = "scripted", ProbeMode = "scripted" },
        StartedAt = started,
        Session = task.Session,
    }
);
if (part == "no-tokio")
{
    stream.Write(
        new TargetMessage
        {
            Index = 0,
            Target = Target(0) with
            {
                State = TargetState.Failed,
                Reason = "NoTokioRuntime",
                Message = "not a Tokio program",
            },
        }
    );
    stream.Write(new EndMessage { Reason = "HUD201", ExitCode = 4 });
    return 4;
}
for (var i = 0; i < task.Targets.Count; i++)
    stream.Write(new TargetMessage { Index = i, Target = Target(0, i) with { State = TargetState.Running } });

var duration = task.Session.Duration.ToTimeSpan();
var early = false;
long polls = 0;

// at least once, so that a part is played however late the machine got here
do
{
    polls += 1000;
    stream.Write(
        new ProgressMessage
        {
            ElapsedNs = (DateTimeOffset.UtcNow - started).Ticks * 100,
            Summary = Summary(polls),
            VerdictLevel = VerdictLevel.Blocked,
            Verdict = "BLOCKED so far",
            Hotspots = [Spot()],
        }
    );
    var left = duration - (DateTimeOffset.UtcNow - started);
    early = left > TimeSpan.Zero && stop.Wait(left < TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1));
    if (part == "crash")
    {
        await Console.Error.WriteLineAsync("scripted crash");
        return 3;
    }
} while (DateTimeOffset.UtcNow - started < duration && !early);

stream.WriteProfile(
    new ProfileDocument
    {
        Session = task.Session,
        Agent = new AgentInfo { Version = "scripted", ProbeMode = "scripted" },
        Verdict = "BLOCKED 12.5% of worker time; worst poll 412ms; bcrypt::hash in checkout::login (src/login.rs:42)",
        VerdictLevel = VerdictLevel.Blocked,
        Summary = Summary(polls),
        Targets = [.. task.Targets.Select((_, i) => Target(polls, i) with { State = TargetState.Succeeded })],
        Hotspots = [Spot()],
        StackTable =
        [
            new StackEntry
            {
                Frames =
                [
                    new ProfileFrame
                    {
                        Function = "bcrypt::hash",
                        Kind = FrameKind.ThirdParty,
                        Blamed = true,
                    },
                ],
                Quality = "EhFrame",
                Stop = "ReachedPoll",
            },
        ],
    }
);
if (part != "cut")
    stream.Write(new EndMessage { Reason = early ? "Interrupted" : "Completed" });
return 0;

TargetProfile Target(long seen, int index = 0) =>
    new()
    {
        Pid = 4242 + index,
        Process = "scripted",
        Pod = task.Targets[index].Pod,
        PodUid = task.Targets[index].PodUid,
        Container = task.Targets[index].Container,
        Node = task.Node,
        Runtimes = 1,
        Workers = 4,
        TokioVersion = "1.43",
        Polls = seen,
        SlowPolls = seen / 100,
        SymbolizedPercent = 98,
    };

ProfileSummary Summary(long seen) =>
    new()
    {
        StartedAt = started,
        ObservedNs = duration.Ticks * 100,
        Polls = seen,
        SlowPolls = seen / 100,
        BlockedPercent = 12.5,
        WorstPollNs = 412_000_000,
        LongestPollNs = 412_000_000,
        Workers = 4,
        Runtimes = 1,
        CpuHogNs = 1_000_000_000,
        SymbolizedPercent = 98,
    };

Hotspot Spot() =>
    new()
    {
        Rank = 1,
        Cause = HotspotCause.OnCpu,
        Category = "Crypto",
        Function = "bcrypt::hash",
        UserFrame = "checkout::login",
        Location = "src/login.rs:42",
        Task = "checkout::handle_request",
        Count = 311,
        TotalNs = 62_200_000_000,
        P50Ns = 190_000_000,
        P99Ns = 240_000_000,
        MaxNs = 412_000_000,
        Percent = 12.5,
        Advice = "move it to spawn_blocking",
        Stack = ["bcrypt::hash", "checkout::login (src/login.rs:42)"],
        StackIndex = 0,
        Fingerprint = "scripted",
    };
