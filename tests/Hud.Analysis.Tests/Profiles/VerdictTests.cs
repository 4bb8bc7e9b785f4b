using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Frames;
using Hud.Tests.Support;
using static Hud.Tests.Support.Stage;

namespace Hud.Analysis.Tests;

/// <summary>One honest sentence about what was built, and causes that are weighed before one of them is the headline.</summary>
public sealed class VerdictTests
{
    private const string Sleep = "clock_nanosleep < std::thread::sleep < shop::wait < shop::login::{{closure}}";

    private static Action<Stage> Polls(params Func<Stage, PollRecord>[] polls) =>
        stage =>
        {
            foreach (var poll in polls)
                stage.Aggregator.AddPoll(poll(stage));
        };

    private static Func<Stage, PollRecord> Asleep(long ms, string stack = Sleep) =>
        stage => Slow(blocked: ms) with { BlockStack = stage.Stack(stack), Syscall = "clock_nanosleep" };

    private static Func<Stage, PollRecord> Computing(long ms, string stack = "shop::hash < shop::login::{{closure}}") =>
        stage => Slow(cpu: ms) with { CpuStack = stage.Stack(stack) };

    private static Func<Stage, PollRecord> Waiting(long ms, long throttled = 0, string by = "burner") =>
        stage =>
            Slow(queued: ms, throttled: throttled) with
            {
                QueueStack = stage.Stack("shop::hash < shop::login::{{closure}}"),
                PreemptedBy = by,
                PreemptedByPid = 7,
                WorstQueueNs = ms * Ms,
                PreemptedByNs = ms * Ms,
            };

    private static (VerdictLevel, string) Of(params Func<Stage, PollRecord>[] polls)
    {
        var document = BuiltDocuments.Of("a", Polls(polls));
        Assert.True(document.Verdict.Length <= Verdict.MaxLength);
        return (document.VerdictLevel, document.Verdict);
    }

    [Fact]
    public void The_worst_hotspot_stands_with_its_own_share_and_its_own_maximum()
    {
        // the longest poll is another hotspot's
        Assert.Equal(
            (VerdictLevel.Blocked, "BLOCKED 31% of worker time; worst: shop::hash, 16%, max 40ms"),
            Of([.. Enumerable.Repeat(Computing(40), 8), Asleep(300)])
        );
        Assert.Equal(
            (VerdictLevel.Blocked, "BLOCKED 1% of worker time; worst: shop::wait in std::thread::sleep, 1%, max 20ms"),
            Of(Asleep(20))
        );
    }

    [Fact]
    public void A_little_blocking_beside_much_waiting_is_pressure_and_both_are_said() =>
        Assert.Equal(
            (
                VerdictLevel.Pressure,
                "PRESSURE: workers waited 640ms (32%) for a CPU, mostly for burner; 0.3% blocked: shop::wait in std::thread::sleep, max 6ms"
            ),
            Of(Waiting(640), Asleep(6))
        );

    [Fact]
    public void Where_both_are_large_both_are_said() =>
        Assert.Equal(
            (
                VerdictLevel.Blocked,
                "BLOCKED 20% of worker time; worst: shop::wait in std::thread::sleep, 20%, max 400ms; 30% more waiting for a CPU"
            ),
            Of(Waiting(600), Asleep(400))
        );

    [Fact]
    public void A_little_pressure_is_not_worth_a_warning()
    {
        Assert.Equal(
            (VerdictLevel.Healthy, "HEALTHY: 100 polls, the longest 6ms; 1 over 5ms only by waiting for a CPU (0.3%)"),
            Of(Waiting(6))
        );
        Assert.Equal(
            (VerdictLevel.Blocked, "BLOCKED 1% of worker time; worst: shop::wait in std::thread::sleep, 1%, max 20ms"),
            Of(Waiting(6), Asleep(20))
        );
    }

    [Fact]
    public void Waiting_and_throttling_are_distinguished()
    {
        Assert.Equal(
            (
                VerdictLevel.Pressure,
                "PRESSURE: workers waited 900ms (45%) for a CPU, mostly for burner; the code itself does not block"
            ),
            Of(Waiting(900))
        );
        Assert.Equal(
            (
                VerdictLevel.Pressure,
                "PRESSURE: workers were throttled by the CPU limit for 900ms (45%); the code itself does not block"
            ),
            Of(Waiting(900, throttled: 900))
        );
    }

    [Fact]
    public void A_long_name_loses_what_was_called_then_the_folders_then_its_front()
    {
        string crate = new('x', 4000);
        var (_, text) = Of(Asleep(20, $"clock_nanosleep < std::thread::sleep < {crate}::quote_price"));
        Assert.Equal(Verdict.MaxLength, text.Length);
        Assert.EndsWith("xxx::quote_price, 1%, max 20ms", text, StringComparison.Ordinal);
    }

    /// <summary>Two polls of one second, and a task that waited behind the first for most of its time.</summary>
    private static string WithWaits(Func<TaskWaits, TaskWaits> change, string stack = Sleep)
    {
        var built = BuiltDocuments.Of("a", Polls(Asleep(400, stack), Waiting(600)));
        var worst = built.Hotspots[0];
        var waits = new TaskWaits
        {
            Count = 100,
            P99Ns = 62 * Ms,
            MaxNs = 400 * Ms,
            Behind =
            [
                new WaitBehind
                {
                    Cause = worst.Cause,
                    Fingerprint = worst.Fingerprint,
                    Function = worst.UserFrame,
                    TotalNs = 300 * Ms,
                    Percent = 81.2,
                },
            ],
        };
        var document = built with { Tasks = [.. built.Tasks.Select(t => t with { Waits = change(waits) })] };
        string text = Verdict.Of(document).Text;
        Assert.True(text.Length <= Verdict.MaxLength, text);
        return text;
    }

    [Fact]
    public void Who_waited_behind_the_worst_hotspot_is_said()
    {
        Assert.Equal(
            "BLOCKED 20% of worker time; worst: shop::wait, 20%, max 400ms; tasks waited p99 62ms for a worker, 81% behind it; 30% more waiting for a CPU",
            WithWaits(w => w)
        );
        // so few that the 99th percentile does not know them
        Assert.Contains(
            "; tasks waited up to 400ms for a worker, 81% behind it",
            WithWaits(w => w with { P99Ns = 30_000 }),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Nothing_is_said_of_waits_that_were_behind_something_else()
    {
        Assert.DoesNotContain("tasks waited", WithWaits(w => w with { Behind = [] }), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "tasks waited",
            WithWaits(w => w with { Behind = [w.Behind[0] with { Cause = HotspotCause.OnCpu }] }),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(
            "tasks waited",
            WithWaits(w => w with { Behind = [w.Behind[0] with { Percent = 19 }] }),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Where_there_is_no_room_for_both_the_code_comes_before_who_waited_for_it()
    {
        string crate = new('x', 60);
        string text = WithWaits(w => w, $"clock_nanosleep < std::thread::sleep < {crate}::quote_price");
        Assert.Contains($"{crate}::quote_price", text, StringComparison.Ordinal);
        Assert.DoesNotContain("tasks waited", text, StringComparison.Ordinal);
    }

    private static ProfileDocument Busy(long busyMs, long slowMs = 0) =>
        BuiltDocuments.Of("a", slowMs == 0 ? _ => { } : Polls(Asleep(slowMs))) is var d
            ? d with
            {
                Workers = [.. d.Workers.Select(w => w with { BusyNs = busyMs * Ms })],
                Tasks =
                [
                    new TaskProfile
                    {
                        Name = "shop::spin",
                        TotalNs = 1,
                        P99Ns = 4_800_000,
                    },
                ],
            }
            : throw new InvalidOperationException();

    [Fact]
    public void Workers_that_are_always_in_short_polls_are_saturated()
    {
        Assert.Equal(
            (
                VerdictLevel.Saturated,
                "SATURATED: workers 99.7% busy in polls under 5ms, most in shop::spin (p99 4.8ms); run with a lower threshold to see where"
            ),
            Verdict.Of(Busy(997))
        );
        Assert.Equal(VerdictLevel.Saturated, Verdict.Of(Busy(997, slowMs: 10)).Level);
        Assert.Equal(VerdictLevel.Blocked, Verdict.Of(Busy(997, slowMs: 400)).Level);
        Assert.Equal(VerdictLevel.Healthy, Verdict.Of(Busy(600)).Level);
    }

    [Fact]
    public void Polls_under_the_threshold_are_not_described_by_a_figure_over_it()
    {
        var busy = Busy(997);
        string With(TaskProfile task) => Verdict.Of(busy with { Tasks = [task] }).Text;

        // the rarest of them waited for a CPU
        var waited = busy.Tasks[0] with
        {
            P50Ns = 3 * Ms,
            P99Ns = 21 * Ms,
        };
        Assert.Contains("most in shop::spin (p50 3ms);", With(waited), StringComparison.Ordinal);
        Assert.Contains("most in shop::spin;", With(waited with { P50Ns = 9 * Ms }), StringComparison.Ordinal);
    }

    [Fact]
    public void No_data_and_no_problem_are_different_answers()
    {
        Assert.Equal(
            (VerdictLevel.NoData, "NO DATA: nothing was polled: the service was idle"),
            Verdict.Of(new ProfileDocument())
        );
        Assert.Equal(
            (VerdictLevel.NoData, "NO DATA: sleep (7, /bin/sleep) has no Tokio tasks"),
            Verdict.Of(
                new ProfileDocument
                {
                    Targets = [new TargetProfile { Message = "sleep (7, /bin/sleep) has no Tokio tasks" }],
                }
            )
        );
        Assert.Equal(
            (VerdictLevel.Healthy, "HEALTHY: 12.3k polls, the longest 2ms, none over 5ms"),
            Verdict.Of(
                new ProfileDocument
                {
                    Session = new ProfilingSessionSpec { Threshold = new GoDuration(Threshold) },
                    Summary = new ProfileSummary { Polls = 12_345, LongestPollNs = 2_000_000 },
                }
            )
        );
    }

    private static Action<Stage> Unseen(Func<Stage, PollRecord> poll, bool before, bool open) =>
        stage =>
        {
            var fact = poll(stage) with { StartNs = 1_000 * Ms, Before = before, Open = open };
            if (open)
                stage.Aggregator.SetOpen(fact);
            else
                stage.Aggregator.AddPoll(fact);
            stage.Aggregator.CloseOpen();
        };

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_worker_whose_poll_began_before_or_never_returned_is_lost(bool before, bool open)
    {
        foreach (long counted in (long[])[0, 100])
        {
            var computes = BuiltDocuments.Of("a", Unseen(Computing(1000), before, open), counted);
            Assert.Equal(
                (VerdictLevel.Blocked, "BLOCKED 50% of worker time; worst: shop::hash, 50%, max 1s"),
                (computes.VerdictLevel, computes.Verdict)
            );
            var sleeps = BuiltDocuments.Of("a", Unseen(Asleep(1000), before, open), counted);
            Assert.Equal(VerdictLevel.Blocked, sleeps.VerdictLevel);
            Assert.Equal((2, ""), (sleeps.Summary.Workers, sleeps.Targets[0].Reason));
        }
    }

    [Fact]
    public void Code_of_a_worker_that_is_in_no_tasks_poll_is_blamed_like_a_polls()
    {
        var document = BuiltDocuments.Of("a", Polls(stage => Asleep(400)(stage) with { Outside = true }), counted: 0);
        Assert.Equal(
            (
                VerdictLevel.Blocked,
                "BLOCKED 20% of worker time; worst: shop::wait in std::thread::sleep, 20%, max 400ms"
            ),
            (document.VerdictLevel, document.Verdict)
        );
    }

    [Fact]
    public void A_worker_that_is_lost_for_the_whole_run_is_reported_though_all_others_are_busy()
    {
        var document = BuiltDocuments.Of("a", Unseen(Computing(180), before: true, open: true));
        var busy = document with { Workers = [.. document.Workers.Select(w => w with { BusyNs = 999 * Ms })] };
        Assert.True(document.Summary.BlockedPercent < 10);
        Assert.Equal(VerdictLevel.Blocked, Verdict.Of(busy).Level);
    }

    [Fact]
    public void All_is_well_is_not_said_while_a_worker_could_not_be_looked_into()
    {
        const string Not =
            "polls, the longest 0ns; but 1 of its threads could not be classified: seen neither idle nor in a poll";
        foreach (long counted in (long[])[0, 100])
        {
            var document = BuiltDocuments.Of("a", Polls(), counted, unclear: 1);
            Assert.Equal((VerdictLevel.NoData, $"NO DATA: {counted} {Not}"), (document.VerdictLevel, document.Verdict));
        }

        var two = Verdict.Of(
            ProfileMerge.Merge([BuiltDocuments.Of("a", Polls()), BuiltDocuments.Of("b", Polls(), unclear: 1)])
        );
        Assert.Equal(VerdictLevel.NoData, two.Level);
        Assert.StartsWith("NO DATA from 1 of 2 targets: 100 polls", two.Text, StringComparison.Ordinal);
        Assert.Equal(VerdictLevel.Healthy, BuiltDocuments.Of("a", Polls()).VerdictLevel);
    }

    [Fact]
    public void A_service_that_hardly_ran_is_not_acquitted()
    {
        var starved = new ProfileDocument
        {
            Summary = new ProfileSummary { Polls = 9 },
            Targets =
            [
                new TargetProfile
                {
                    Reason = "Starved",
                    CpuWaitNs = 4_000_000_000,
                    CpuNs = 40_000_000,
                },
            ],
        };
        Assert.Equal(
            (
                VerdictLevel.Pressure,
                "PRESSURE: workers were kept waiting 4s for a CPU between polls; they ran for 40ms, too little to judge the code"
            ),
            Verdict.Of(starved)
        );
        Assert.Equal(
            "PRESSURE: workers were throttled by the CPU limit for 3s between polls; they ran for 40ms, too little to judge the code",
            Verdict.Of(starved with { Targets = [starved.Targets[0] with { ThrottledNs = 3_000_000_000 }] }).Text
        );
    }
}
