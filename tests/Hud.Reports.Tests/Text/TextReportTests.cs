using System.Text.RegularExpressions;
using Hud.Core.Profile;
using Hud.Reports.Tests.Documents;
using Hud.Reports.Text;

namespace Hud.Reports.Tests.Text;

public partial class TextReportTests
{
    public static TheoryData<string> Names =>
        ["checkout", "healthy", "no-tokio", "idle", "not-timed", "pressure", "losses", "two-targets", "waits"];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_report_is_the_golden_one(string name) =>
        GoldenFile.Matches(name + ".txt", TextReport.Render(TextDocuments.Get(name)));

    [Theory]
    [MemberData(nameof(Names))]
    public void No_line_is_wider_than_asked_for(string name)
    {
        foreach (int width in new[] { 60, 80, 120 })
            Assert.All(
                TextReport.Render(TextDocuments.Get(name), width).Split('\n'),
                line => Assert.True(Printable.Width(line) <= width, $"{Printable.Width(line)} columns: {line}")
            );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Colours_change_nothing_but_colours(string name)
    {
        string plain = TextReport.Render(TextDocuments.Get(name)),
            colored = TextReport.Render(TextDocuments.Get(name), color: true);

        Assert.Contains("\x1b[", colored, StringComparison.Ordinal);
        Assert.DoesNotContain('\x1b', plain);
        Assert.Equal(plain, Sgr().Replace(colored, ""));
    }

    [Fact]
    public void The_headline_of_a_look_back_says_of_which_time_it_is()
    {
        var document = RealisticDocuments.Checkout();
        document = document with
        {
            LookBack = new LookBack { WantedNs = 120_000_000_000 },
            Hotspots = [document.Hotspots[0] with { BeganBefore = document.Hotspots[0].Count, NotReturned = 1 }],
            Summary = document.Summary with
            {
                StartedAt = new DateTimeOffset(2026, 3, 1, 4, 11, 57, TimeSpan.FromHours(1)),
                ObservedNs = 130_000_000_000,
            },
        };

        string text = TextReport.Render(document, 120);

        Assert.Contains("# The 2m10s before 03:14:07 UTC: " + document.Verdict[..20], text, StringComparison.Ordinal);
        Assert.Contains("since before this look-back begins", text, StringComparison.Ordinal);
        Assert.Contains("had not returned at its end", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_end_of_a_look_back_in_a_file_may_be_any_time()
    {
        var document = new ProfileDocument
        {
            LookBack = new LookBack(),
            Summary = new ProfileSummary { StartedAt = DateTimeOffset.MaxValue, ObservedNs = long.MaxValue },
        };
        Assert.EndsWith("before 23:59:59 UTC", Words.LookBack(document), StringComparison.Ordinal);
        document = document with { Summary = new ProfileSummary { ObservedNs = long.MinValue } };
        Assert.Equal("the 0ns before 00:00:00 UTC", Words.LookBack(document));
    }

    [Fact]
    public void What_a_target_calls_itself_cannot_reach_the_terminal_as_a_command()
    {
        var hostile = RealisticDocuments.Hostile();
        hostile = hostile with
        {
            Verdict = "\x1b]0;owned\a" + hostile.Verdict,
            Targets = [hostile.Targets[0] with { Process = "a\x1b[2Jb", Pod = null }],
        };

        string text = TextReport.Render(hostile);

        Assert.DoesNotContain(text, c => char.IsControl(c) && c != '\n');
        Assert.DoesNotContain('\u202e', text);
        Assert.All(text.Split('\n'), line => Assert.True(Printable.Width(line) <= 80, line));
    }

    [Fact]
    public void A_damaged_document_is_shown_as_far_as_it_goes()
    {
        Assert.Contains(
            "WHAT BLOCKS THE WORKERS",
            TextReport.Render(RealisticDocuments.Damaged()),
            StringComparison.Ordinal
        );
        Assert.NotEmpty(TextReport.Render(new ProfileDocument()));
    }

    [Fact]
    public void The_verdict_comes_before_everything_else_that_was_found()
    {
        var document = TextDocuments.Get("checkout");
        string[] lines = TextReport.Render(document).Split('\n');

        Assert.StartsWith("hud checkout", lines[0], StringComparison.Ordinal);
        Assert.Equal("", lines[1]);
        Assert.StartsWith("# BLOCKED", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Run_queue_delay_never_stands_among_what_blocks_the_workers()
    {
        string text = TextReport.Render(TextDocuments.Get("checkout"));
        int blocks = text.IndexOf("WHAT BLOCKS", StringComparison.Ordinal),
            pressure = text.IndexOf("NOT THE CODE'S FAULT", StringComparison.Ordinal);

        Assert.InRange(blocks, 0, pressure);
        Assert.DoesNotContain("waiting for a CPU", text[blocks..pressure], StringComparison.Ordinal);
        Assert.Contains("waiting for a CPU", text[pressure..], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("idle", "Idle:")]
    [InlineData("not-timed", "Not timed:")]
    [InlineData("no-tokio", "No data:")]
    [InlineData("healthy", "Below the threshold:")]
    public void Nothing_found_says_which_nothing_it_is(string name, string says) =>
        Assert.Contains(says, TextReport.Render(TextDocuments.Get(name)), StringComparison.Ordinal);

    [Fact]
    public void Slow_polls_that_were_seen_without_being_counted_are_not_called_idle()
    {
        var idle = TextDocuments.Get("idle");
        string text = TextReport.Render(
            idle with
            {
                Summary = idle.Summary with { SlowPolls = 12 },
                Targets = [idle.Targets[0] with { Reason = "" }],
            }
        );

        Assert.DoesNotContain("dle", text, StringComparison.Ordinal);
        Assert.Contains("polls not counted, 12 over", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_way_to_lose_something_is_reported_when_it_happened()
    {
        var counters = typeof(Losses).GetProperties().Where(p => p.PropertyType == typeof(long)).ToList();
        Assert.NotEmpty(counters);
        foreach (var counter in counters)
        {
            var losses = new Losses();
            counter.SetValue(losses, 777L);

            string text = TextReport.Render(new ProfileDocument { Losses = losses });

            Assert.Matches(Lost777(), text);
        }
    }

    [GeneratedRegex("\x1b\\[[0-9;]*m", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Sgr();

    [GeneratedRegex(@"^ +777  \S", RegexOptions.Multiline | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Lost777();
}
