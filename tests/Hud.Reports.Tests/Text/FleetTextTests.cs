using System.Text.Json;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Text;

namespace Hud.Reports.Tests.Text;

public sealed class FleetTextTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 4, 0, 0, TimeSpan.Zero);

    private static ProfilingSession Session(
        string name,
        TargetSpec target,
        double minutesAgo,
        ProfilingSessionStatus? status,
        string ns = "shop"
    ) =>
        new()
        {
            Metadata = new ObjectMetadata
            {
                Name = name,
                Namespace = ns,
                CreationTimestamp = Now.AddMinutes(-minutesAgo - 1),
            },
            Spec = new ProfilingSessionSpec { Target = target },
            Status = status is null
                ? null
                : status with
                {
                    CompletionTime = status.Phase is SessionPhase.Completed or SessionPhase.Failed
                        ? Now.AddMinutes(-minutesAgo)
                        : null,
                    StartTime = Now.AddMinutes(-minutesAgo - 1),
                },
        };

    private static TargetSpec Deploy(string name) =>
        new() { WorkloadRef = new WorkloadReference("apps/v1", "Deployment", name) };

    private static ProfilingSessionStatus Done(
        string verdict,
        double lost,
        string worst = "383ms",
        string wait = "62ms",
        string pods = "3/3"
    ) =>
        new()
        {
            Phase = SessionPhase.Completed,
            Verdict = verdict,
            TargetsReady = pods,
            Summary = new StatusSummary
            {
                BlockedPercent = lost,
                WorstPoll = worst,
                WorstWait = new StatusWait { P99 = wait },
            },
            Images =
            [
                new StatusImage
                {
                    Version = "v7",
                    Targets = 3,
                    BlockedPercent = lost,
                },
            ],
        };

    private static List<ProfilingSession> Fleet() =>
        [
            Session("old", Deploy("checkout"), 500, Done("HEALTHY: nothing", 0.1)),
            Session(
                "new",
                Deploy("checkout"),
                5,
                Done("BLOCKED 6.1% of worker time", 6.1, pods: "500/500") with
                {
                    Outliers =
                    [
                        new StatusOutlier
                        {
                            Pod = "checkout-7d9f-x2",
                            Text = "14% lost, its siblings 0.3%: auth::hash_password, which no other has",
                        },
                        new StatusOutlier { Pod = "checkout-7d9f-x3", Text = "9% lost, its siblings 0.3%" },
                    ],
                    Images =
                    [
                        new StatusImage
                        {
                            Version = "v1.4.2",
                            Targets = 120,
                            BlockedPercent = 6.1,
                        },
                        new StatusImage
                        {
                            Version = "v1.4.1",
                            Targets = 380,
                            BlockedPercent = 0.2,
                        },
                    ],
                }
            ),
            Session("now", Deploy("checkout"), 1, new() { Phase = SessionPhase.Profiling, TargetsReady = "0/500" }),
            Session(
                "labels",
                new TargetSpec
                {
                    PodSelector = new LabelSelector
                    {
                        MatchLabels = new Dictionary<string, string>(StringComparer.Ordinal)
                        {
                            ["tier"] = "web",
                            ["app"] = "cart",
                        },
                    },
                },
                3000,
                Done("PRESSURE: workers waited", 0, "", "4ms")
            ),
            Session("one", new TargetSpec { PodName = "db-0" }, 90, Done("HEALTHY: 3 polls", 0.02, "9ms", ""), "data"),
            Session("bad", Deploy("gone"), 20, new() { Phase = SessionPhase.Failed, Verdict = "NO DATA: no pod" }),
            Session("fresh", Deploy("waits"), 0, null),
        ];

    [Theory]
    [InlineData(80)]
    [InlineData(140)]
    [InlineData(200)]
    public void A_row_for_each_workload_the_one_that_loses_most_first(int width)
    {
        string text = FleetText.Table(FleetRow.Of(Fleet()), namespaces: true, Now, width, color: false);
        GoldenFile.Matches($"fleet-{width}.txt", text);
        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, width));
    }

    [Fact]
    public void Without_namespaces_the_workload_has_their_room() =>
        GoldenFile.Matches("fleet-one-namespace.txt", FleetText.Table(FleetRow.Of(Fleet()), false, Now, 80, false));

    [Fact]
    public void A_session_that_runs_is_shown_beside_the_last_result_but_not_an_older_one()
    {
        var checkout = FleetRow.Of(Fleet()).Where(r => r.Workload == "deploy/checkout").ToList();
        Assert.Equal(["new", "now"], checkout.Select(r => r.Session));
        var forgotten = Fleet();
        forgotten[0] = forgotten[0] with { Status = new() { Phase = SessionPhase.Pending } };
        forgotten.RemoveAt(2);
        Assert.Equal(
            ["new"],
            FleetRow.Of(forgotten).Where(r => r.Workload == "deploy/checkout").Select(r => r.Session)
        );
    }

    [Theory]
    [InlineData("BLOCKED 1% of worker time", VerdictLevel.Blocked)]
    [InlineData("SATURATED: workers", VerdictLevel.Saturated)]
    [InlineData("PRESSURE: workers", VerdictLevel.Pressure)]
    [InlineData("HEALTHY: 3 polls", VerdictLevel.Healthy)]
    [InlineData("NO DATA: idle", VerdictLevel.NoData)]
    [InlineData("something else", VerdictLevel.NoData)]
    public void A_verdict_begins_with_its_level(string verdict, VerdictLevel level) =>
        Assert.Equal(level, FleetRow.Of([Session("s", Deploy("a"), 1, Done(verdict, 1))]).Single().Level);

    [Fact]
    public void Nothing_that_a_status_says_moves_the_cursor_or_breaks_a_line()
    {
        string evil = "\u001b[2J\u001b]52;c;x\a\nshop\t" + new string('\u4e16', 90);
        var status = Done(evil, 3, evil, evil, evil) with
        {
            Outliers = [new StatusOutlier { Pod = evil, Text = evil }],
            Images = [new StatusImage { Version = evil }, new StatusImage { Version = evil }],
        };
        var rows = FleetRow.Of([
            Session(evil, Deploy(evil), 1, status, evil),
            Session("b", Deploy("b"), 1, status, evil),
        ]);
        foreach (int width in (int[])[80, 141, 200])
        {
            foreach (string line in FleetText.Table(rows, true, Now, width, false).Split('\n'))
            {
                Assert.InRange(Printable.Width(line), 0, width);
                Assert.DoesNotContain('\u001b', line);
                Assert.DoesNotContain('\a', line);
            }
        }
    }

    [Fact]
    public void Data_has_the_same_rows()
    {
        var rows = FleetRow.Of(Fleet());
        var json = JsonSerializer.SerializeToElement(rows, ReportsJson.Default.IReadOnlyListFleetRow);
        Assert.Equal(
            rows.Select(r => r.Session),
            json.EnumerateArray().Select(r => r.GetProperty("session").GetString())
        );
        Assert.Equal("Blocked", json[0].GetProperty("level").GetString());
    }

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    public void Policies_are_listed_with_what_they_found_last(int width)
    {
        PolicyRow[] rows =
        [
            PolicyRow.Of(
                new ObjectMetadata { Name = "checkout-hourly", Namespace = "shop" },
                new ProfilingPolicySpec
                {
                    Schedule = new ScheduleSpec { Cron = "0 * * * *", TimeZone = "Europe/Berlin" },
                },
                new ProfilingPolicyStatus
                {
                    LastScheduleTime = Now.AddMinutes(-40),
                    NextScheduleTime = Now.AddMinutes(20),
                    LastSession = new LastSessionStatus
                    {
                        Name = "checkout-hourly-1",
                        Verdict =
                            "BLOCKED 6.1% of worker time on 3 targets; worst: auth::hash_password (src/auth.rs:31), 5.9%, max 383ms",
                        BlockedPercent = 6.1,
                    },
                }
            ),
            PolicyRow.Of(
                new ObjectMetadata { Name = "paused", Namespace = "shop" },
                new ProfilingPolicySpec
                {
                    Schedule = new ScheduleSpec { Cron = "@daily", Suspend = true },
                },
                null
            ),
            PolicyRow.Of(
                new ObjectMetadata { Name = "busy", Namespace = "a-namespace-with-a-long-name" },
                new ProfilingPolicySpec { Schedule = new ScheduleSpec { Cron = "*/5 * * * *" } },
                new ProfilingPolicyStatus { ActiveCount = 1, LastScheduleTime = Now.AddMinutes(-1) }
            ),
            PolicyRow.Of(
                new ObjectMetadata { Name = "always", Namespace = "shop" },
                new ProfilingPolicySpec { Continuous = new ContinuousSpec() },
                new ProfilingPolicyStatus { Continuous = new ContinuousStatus { Targets = 12 } }
            ),
            PolicyRow.Of(
                new ObjectMetadata { Name = "each-release", Namespace = "shop" },
                new ProfilingPolicySpec { Triggers = new TriggersSpec { Rollout = new RolloutTriggerSpec() } },
                new ProfilingPolicyStatus
                {
                    LastSession = new LastSessionStatus { Name = "s", Verdict = "BLOCKED 9.2% of worker time" },
                    Conditions =
                    [
                        new Condition
                        {
                            Type = "RegressionFound",
                            Status = "True",
                            Reason = "Regression",
                            Message = "9.2% of worker time is lost, 0.3% was before; new: auth::hash_password",
                        },
                    ],
                }
            ),
            PolicyRow.Of(
                new ObjectMetadata { Name = "no-worse", Namespace = "shop" },
                new ProfilingPolicySpec
                {
                    Triggers = new TriggersSpec { Rollout = new RolloutTriggerSpec(), Alert = new AlertTriggerSpec() },
                },
                new ProfilingPolicyStatus
                {
                    Conditions =
                    [
                        new Condition
                        {
                            Type = "RegressionFound",
                            Status = "False",
                            Message = "as before",
                        },
                    ],
                }
            ),
            PolicyRow.Of(
                new ObjectMetadata { Name = "always-held", Namespace = "shop" },
                new ProfilingPolicySpec { Continuous = new ContinuousSpec { Suspend = true } },
                null
            ),
        ];
        string text = PolicyText.Table(rows, namespaces: true, Now, width, color: false);
        GoldenFile.Matches($"policies-{width}.txt", text);
        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, width));
    }

    [Fact]
    public void Five_hundred_of_the_largest_statuses_make_a_table()
    {
        string json = JsonSerializer.Serialize(Fleet()[1], HudJson.Default.ProfilingSession);
        var sessions = Enumerable
            .Range(0, 500)
            .Select(i =>
                JsonSerializer.Deserialize(json, HudJson.Default.ProfilingSession)! with
                {
                    Spec = new() { Target = Deploy("w" + i) },
                }
            )
            .ToList();
        Assert.Equal(500, FleetRow.Of(sessions).Count);
    }
}
