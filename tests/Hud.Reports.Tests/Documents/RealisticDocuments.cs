using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Reports.Tests.Documents;

/// <summary>
/// Documents as an agent would write them, from a seed: every index valid, every sum adding up. The same seed gives
/// the same document.
/// </summary>
internal static class RealisticDocuments
{
    public static readonly DateTimeOffset Start = new(2026, 3, 14, 2, 7, 31, TimeSpan.Zero);

    /// <summary>A minute of a web service with the usual mistakes: about 900 slow polls on 8 workers.</summary>
    public static ProfileDocument Checkout(int seed = 1, int polls = 900, string pod = "checkout-0") =>
        DocumentBuilder.Build(
            new DocumentShape
            {
                Seed = seed,
                SlowPolls = polls,
                Pod = pod,
            }
        );

    /// <summary>The same service as the page tests and pictures show it: busy to the end.</summary>
    public static ProfileDocument CheckoutBusy() =>
        DocumentBuilder.Build(
            new DocumentShape
            {
                Seed = 11,
                SlowPolls = 1100,
                Spread = 1.8,
                AllStuck = true,
            }
        );

    /// <summary>What the benchmark opens: as many distinct stacks and slow polls as the issue asks for.</summary>
    public static ProfileDocument Large(int stacks = 5_000, int polls = 20_000) =>
        DocumentBuilder.Build(
            new DocumentShape
            {
                Seed = 7,
                SlowPolls = polls,
                Stacks = stacks,
                Workers = 16,
                MeanScale = 0.12,
                Spread = 1.9,
                AllStuck = true,
            }
        );

    /// <summary>After the fix: the hashing moved to spawn_blocking.</summary>
    public static ProfileDocument CheckoutFixed(int seed = 2) =>
        DocumentBuilder.Build(
            new DocumentShape
            {
                Seed = seed,
                SlowPolls = 600,
                Blockers = [.. Blockers.Checkout.Where(b => b.Category != "Crypto")],
            }
        );

    public static ProfileDocument Healthy()
    {
        var document = DocumentBuilder.Build(new DocumentShape { Seed = 3, SlowPolls = 0 });
        return document with
        {
            Verdict = "HEALTHY: no poll over 5ms; 3.8M polls, the longest 1.2ms",
            VerdictLevel = VerdictLevel.Healthy,
            Targets = [document.Targets[0] with { Reason = "BelowThreshold" }],
        };
    }

    public static ProfileDocument NoData() =>
        new()
        {
            Verdict = "NO DATA: no Tokio runtime in checkout (pid 4242)",
            VerdictLevel = VerdictLevel.NoData,
            Session = DocumentBuilder.Session("checkout-0"),
            Targets =
            [
                new TargetProfile
                {
                    Pid = 4242,
                    Process = "checkout",
                    State = TargetState.Failed,
                    Reason = "NoTokioRuntime",
                    Message = "no task vtable in /usr/bin/checkout",
                },
            ],
            Warnings =
            [
                new ProfileWarning("HUD201", "Not a Tokio program", "check the container and the process name"),
            ],
        };

    /// <summary>Every text that a target controls tries to break out of the format it lands in.</summary>
    public static ProfileDocument Hostile()
    {
        string[] names =
        [
            "</script><script>document.title='owned'</script>",
            "\"><img src=x onerror=alert(1)>",
            "]]>&lt;!--<svg onload=alert(2)>",
            "a;b c;d 999",
            "new\nline\r\nand\ttab\0nul\u0007",
            "\u202Egnp.exe\u202C",
            "\ud83d\udca5\ud83d",
            "{{constructor.constructor('alert(3)')()}}",
            "'; alert(4); //",
            "`${alert(5)}`",
            new string('x', 6000),
            "\\u003cscript\\u003e",
            "-->",
            "\u2028\u2029",
            " ",
        ];
        var document = Checkout(5, 300);
        int n = 0;
        string Next() => names[n++ % names.Length];
        return document with
        {
            Verdict = document.Verdict + names[0],
            Hotspots =
            [
                .. document.Hotspots.Select(h =>
                    h with
                    {
                        Function = Next(),
                        UserFrame = Next(),
                        Location = Next(),
                        Task = Next(),
                        Syscall = Next(),
                        Category = Next(),
                        Advice = Next(),
                        Stack = [.. h.Stack.Select(_ => Next())],
                        PreemptedBy = [new Culprit(Next(), 1, 50)],
                    }
                ),
            ],
            Tasks = [.. document.Tasks.Select(t => t with { Name = Next() })],
            Workers = [.. document.Workers.Select(w => w with { Name = Next() })],
            StackTable =
            [
                .. document.StackTable.Select(s =>
                    s with
                    {
                        Frames =
                        [
                            .. s.Frames.Select(f => f with { Function = Next(), Location = Next(), Module = Next() }),
                        ],
                        Stop = Next(),
                    }
                ),
            ],
            Targets =
            [
                .. document.Targets.Select(t =>
                    t with
                    {
                        Process = Next(),
                        Executable = Next(),
                        Pod = Next(),
                        Container = Next(),
                        Node = Next(),
                        Message = Next(),
                        TokioVersion = Next(),
                    }
                ),
            ],
            Warnings = [new ProfileWarning(Next(), Next(), Next())],
            Session = document.Session with
            {
                Target = new TargetSpec { ProcessName = names[4], ContainerName = names[0] },
            },
            Losses = document.Losses with
            {
                UnwindStops = new Dictionary<string, long>(StringComparer.Ordinal) { [names[0]] = 3 },
            },
        };
    }

    /// <summary>Indexes that point nowhere, negative and overflowing numbers: a damaged or forged document.</summary>
    public static ProfileDocument Damaged()
    {
        var document = Checkout(6, 200);
        return document with
        {
            SlowPolls =
            [
                .. document.SlowPolls.Select(
                    (p, i) =>
                        p with
                        {
                            Stack = i % 5 == 0 ? 99_999 : p.Stack,
                            Task = i % 7 == 0 ? -3 : p.Task,
                            Worker = i % 3 == 0 ? 12_345 : p.Worker,
                            Hotspot = i % 4 == 0 ? 777 : p.Hotspot,
                            Target = i % 6 == 0 ? 50 : p.Target,
                            StartNs = i % 11 == 0 ? -5_000_000 : p.StartNs,
                            WallNs = i % 13 == 0 ? -1 : p.WallNs,
                        }
                ),
            ],
            Hotspots =
            [
                .. document.Hotspots.Select(h =>
                    h with
                    {
                        StackIndex = 4_444,
                        HolderStackIndex = -9,
                        Target = 9,
                        Percent = 250,
                    }
                ),
            ],
            Stalls =
            [
                .. document.Stalls.Select(s => s with { Target = 4, StartNs = -1, DurationNs = long.MaxValue / 4 }),
            ],
            Summary = document.Summary with { ObservedNs = 0, Workers = 0 },
        };
    }
}
