using Hud.Cli.Run;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Tests.Documents;

namespace Hud.Cli.Tests.Run;

/// <summary>The last three lines of a run, level by level.</summary>
public class ClosingTests
{
    private const string Again = "hud checkout";

    private static readonly Hotspot Code = new()
    {
        Cause = HotspotCause.OnCpu,
        UserFrame = "checkout::login",
        Location = "src/login.rs:42",
        Advice = "Move the hashing to spawn_blocking.",
    };

    private static readonly Hotspot Queue = new() { Cause = HotspotCause.RunQueue, Advice = "Give it more CPU." };

    [Theory]
    [InlineData("5ms", "1ms")]
    [InlineData("1ms", "200us")]
    [InlineData("200us", "100us")]
    public void Busy_workers_without_a_hotspot_are_looked_at_with_a_lower_threshold(string threshold, string lower)
    {
        foreach (Hotspot[] hotspots in new[] { Array.Empty<Hotspot>(), [Queue] })
        {
            var profile = Profile(VerdictLevel.Saturated, threshold, hotspots);

            Assert.Equal(
                $"fix      not known yet: no poll took {threshold} or more; run again with --threshold {lower}",
                Lines(profile)[1]
            );
            string next = $"hud checkout --threshold {lower}    # shows which polls are too many";
            Assert.Equal("next     " + next, Lines(profile)[2]);
            // a page of such a run names no code either
            Assert.Equal(next, NextCommand.For(profile, ["report.html"], Again, null));
        }
    }

    [Fact]
    public void A_session_file_holds_the_threshold_itself() =>
        Assert.Equal(
            "threshold: 1ms in s.yaml, then hud run -f s.yaml    # shows which polls are too many",
            NextCommand.For(Profile(VerdictLevel.Saturated, "5ms"), [], "hud run -f s.yaml", "s.yaml")
        );

    [Fact]
    public void Below_the_least_threshold_nothing_lower_is_asked_for()
    {
        string[] saturated = Lines(Profile(VerdictLevel.Saturated, "100us")),
            healthy = Lines(Profile(VerdictLevel.Healthy, "100us"));

        Assert.StartsWith("fix      no single poll is long", saturated[1], StringComparison.Ordinal);
        Assert.DoesNotContain("--threshold", saturated[2] + healthy[2], StringComparison.Ordinal);
    }

    [Fact]
    public void With_busy_workers_and_a_hotspot_the_advice_is_to_fix_it()
    {
        string[] lines = Lines(Profile(VerdictLevel.Saturated, "5ms", Queue, Code));

        Assert.Equal("fix      checkout::login (src/login.rs:42): Move the hashing to spawn_blocking.", lines[1]);
        Assert.StartsWith("next     hud checkout --export before.json", lines[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(VerdictLevel.NoData, "nothing was measured; this does not mean all is well", "# again, under load")]
    [InlineData(
        VerdictLevel.Healthy,
        "none needed: no poll took 5ms or more",
        "--threshold 1ms    # shorter polls too"
    )]
    [InlineData(VerdictLevel.Pressure, "give it more CPU: its code was not what took long", "# to compare later")]
    public void Each_level_without_a_hotspot_has_its_own_fix_and_next(VerdictLevel level, string fix, string next)
    {
        string[] lines = Lines(Profile(level, "5ms"));

        Assert.Equal("fix      " + fix, lines[1]);
        Assert.Contains(next, lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Only_pressure_names_what_to_do_about_it() =>
        Assert.Equal("fix      Give it more CPU.", Lines(Profile(VerdictLevel.Pressure, "5ms", Queue))[1]);

    [Theory]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(120)]
    public void A_fix_ends_at_a_word_and_a_command_is_never_cut(int width)
    {
        string advice = string.Join(' ', Enumerable.Range(1, 60).Select(i => $"word{i}"));
        var profile = Profile(VerdictLevel.Blocked, "5ms", Code with { Advice = advice });
        string next = $"hud {new string('x', 200)} --export before.json";

        string[] lines = Closing.Text(profile, next, width).TrimEnd('\n').Split('\n');

        Assert.Equal("next     " + next, lines[2]);
        Assert.InRange(lines[1].Length, width - 12, width);
        string[] words = lines[1].Split(' ');
        Assert.Equal("...", words[^1]);
        Assert.Contains(words[^2], advice.Split(' '));
    }

    [Fact]
    public void One_long_word_is_cut_where_the_screen_ends()
    {
        var profile = Profile(
            VerdictLevel.Blocked,
            "5ms",
            Code with
            {
                UserFrame = new string('x', 300),
                Location = "",
            }
        );

        string fix = Closing.Text(profile, "hud", 80).Split('\n')[1];

        Assert.Equal(79, fix.Length);
        Assert.EndsWith("x...", fix, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_of_the_target_reaches_the_terminal_as_it_is()
    {
        var profile = Profile(VerdictLevel.Blocked, "5ms", Code with { UserFrame = "a\x1b[2Jb" }) with
        {
            Verdict = "BLOCKED in \x1b]0;x\a",
        };

        Assert.DoesNotContain('\x1b', Closing.Text(profile, "hud", 120));
    }

    [Fact]
    public void What_was_expected_is_met_by_fixing_the_first_hotspot_of_the_code()
    {
        Assert.Equal(
            "fix checkout::login, the first hotspot of the report, or change expect",
            Closing.ToMeetExpectations(Profile(VerdictLevel.Blocked, "5ms", Queue, Code))
        );
        Assert.Equal(
            "its code is not to blame: give it more CPU, or change expect",
            Closing.ToMeetExpectations(Profile(VerdictLevel.Pressure, "5ms", Queue))
        );
        Assert.StartsWith(
            "no poll was over the threshold of 5ms: a lower one",
            Closing.ToMeetExpectations(Profile(VerdictLevel.Healthy, "5ms")),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "send it some load",
            Closing.ToMeetExpectations(Profile(VerdictLevel.NoData, "5ms")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void In_a_cluster_the_status_says_the_same()
    {
        var code = new StatusHotspot { Cause = HotspotCause.LockWait, Function = "parking_lot::lock" };
        var queue = new StatusHotspot { Cause = HotspotCause.Throttled };

        Assert.Equal(
            "fix parking_lot::lock, the first hotspot of the report, or change expect",
            Closing.ToMeetExpectations(new ProfilingSessionStatus { Hotspots = [queue, code] })
        );
        Assert.Equal(
            "fix cart::add, the first hotspot of the report, or change expect",
            Closing.ToMeetExpectations(
                new ProfilingSessionStatus { Hotspots = [code with { UserFrame = "cart::add" }] }
            )
        );
        Assert.Equal(
            "its code is not to blame: give it more CPU, or change expect",
            Closing.ToMeetExpectations(new ProfilingSessionStatus { Hotspots = [queue] })
        );
        Assert.StartsWith(
            "no hotspot was found: a lower threshold",
            Closing.ToMeetExpectations(new ProfilingSessionStatus()),
            StringComparison.Ordinal
        );
    }

    private static ProfileDocument Profile(VerdictLevel level, string threshold, params Hotspot[] hotspots)
    {
        var healthy = RealisticDocuments.Healthy();
        return healthy with
        {
            VerdictLevel = level,
            Hotspots = hotspots,
            Session = healthy.Session with { Threshold = GoDuration.Parse(threshold) },
        };
    }

    private static string[] Lines(ProfileDocument profile) =>
        Closing.Text(profile, NextCommand.For(profile, [], Again, null), 120).TrimEnd('\n').Split('\n');
}
