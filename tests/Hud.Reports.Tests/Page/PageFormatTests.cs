using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Formats;
using Hud.Reports.Page;
using Hud.Reports.Tests.Documents;
using Hud.Reports.Text;

namespace Hud.Reports.Tests.Page;

/// <summary>What can be said about the page without a browser.</summary>
public sealed class PageFormatTests
{
    [Fact]
    public void The_largest_session_fits_600_KB_with_every_stack_and_slow_poll()
    {
        byte[] page = ReportFormats
            .Get(OutputFormat.Page)
            .Render(RealisticDocuments.Large(), int.MaxValue, out bool truncated);
        Assert.False(truncated);
        Assert.InRange(page.Length, 100_000, 600_000);
    }

    [Fact]
    public void The_first_details_hold_function_line_cause_and_fix_without_a_script()
    {
        var document = RealisticDocuments.Checkout();
        string first = Regex
            .Match(
                Html(document),
                "<article id=\"hotspot-1\".*?</article>",
                RegexOptions.Singleline,
                TimeSpan.FromSeconds(5)
            )
            .Value.Replace("<wbr>", "", StringComparison.Ordinal);
        foreach (
            string text in new[]
            {
                document.Hotspots[0].Function,
                document.Hotspots[0].UserFrame,
                document.Hotspots[0].Location,
                document.Hotspots[0].Advice,
            }
        )
            Assert.Contains(WebUtility.HtmlEncode(text), first);
    }

    [Fact]
    public void The_headline_of_a_look_back_says_of_which_time_it_is()
    {
        var whole = RealisticDocuments.Checkout();
        string title = WebUtility.HtmlEncode(whole.Verdict[..20]);
        Assert.Contains($"<h1>{title}", Html(whole), StringComparison.Ordinal);

        var past = whole with { LookBack = new LookBack { WantedNs = whole.Summary.ObservedNs } };
        string when = Words.LookBack(past)![1..];
        Assert.Contains($"<h1>T{when}: {title}", Html(past), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_a_target_wrote_becomes_markup()
    {
        string html = Html(RealisticDocuments.Hostile());
        Assert.Equal(2, Regex.Count(html, "<script", RegexOptions.IgnoreCase, TimeSpan.FromSeconds(5)));
        Assert.Equal(2, Regex.Count(html, "</script", RegexOptions.IgnoreCase, TimeSpan.FromSeconds(5)));
        Assert.DoesNotContain("<img", html);
        Assert.DoesNotContain(
            "onerror=alert",
            html.Replace("&gt;", ">", StringComparison.Ordinal)
                .Replace("&quot;&gt;&lt;img src=x onerror=alert(1)&gt;", "", StringComparison.Ordinal)
                .Replace("onerror=alert(1)>", "", StringComparison.Ordinal)
        );
        Assert.DoesNotContain('\0', html);
        Assert.DoesNotContain('\u202e', html);
    }

    [Fact]
    public void The_first_paragraph_of_each_cause_is_in_the_page_and_its_link_leads_there()
    {
        string html = Html(RealisticDocuments.Checkout());
        var links = Regex
            .Matches(html, "href=\"#(?<id>about-[a-z-]+)\"", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5))
            .Select(m => m.Groups["id"].Value)
            .Distinct()
            .ToList();
        Assert.NotEmpty(links);
        foreach (string link in links)
            Assert.Single(Regex.Matches(html, $"id=\"{link}\"", RegexOptions.None, TimeSpan.FromSeconds(5)));
        Assert.Contains("Password hashing is slow on purpose", html);
        Assert.DoesNotContain("docs/causes/crypto.md", html);
    }

    [Fact]
    public void Every_cause_page_of_the_documentation_is_embedded()
    {
        var files = Directory
            .EnumerateFiles(Path.Combine(Tool.Repository, "docs", "causes"), "*.md")
            .Select(Path.GetFileNameWithoutExtension)
            .Where(name => name != "README");
        Assert.Equal(files.Order(), CausePages.Known.Select(page => page.Slug).Order());
        Assert.All(
            CausePages.Known,
            page =>
            {
                Assert.NotEmpty(page.Title);
                Assert.InRange(page.FirstParagraph.Length, 60, 400);
            }
        );
    }

    [Fact]
    public void Lines_for_a_file_keep_their_ends()
    {
        string html = Html(
            RealisticDocuments.Checkout() with
            {
                Warnings =
                [
                    new ProfileWarning(
                        "HUD305",
                        "the program has no line tables",
                        "put this into Cargo.toml:\n[profile.release]\ndebug = \"line-tables-only\""
                    ),
                ],
            }
        );
        Assert.Contains("Cargo.toml:\n[profile.release]\ndebug = &quot;line-tables-only&quot;</span>", html);
        Assert.DoesNotContain('\ufffd', html);
    }

    [Fact]
    public void Waiting_for_a_CPU_names_no_line_to_change()
    {
        string html = Html(RealisticDocuments.Checkout());
        string article = Regex
            .Match(
                html,
                "<article id=\"hotspot-\\d+\" class=\"cause-runqueue\".*?</article>",
                RegexOptions.Singleline,
                TimeSpan.FromSeconds(5)
            )
            .Value;
        Assert.Contains("waited here", article);
        Assert.DoesNotContain("change here", article);
    }

    [Fact]
    public void A_comparison_of_the_largest_sessions_fits_what_a_page_may_take()
    {
        byte[] page = PageSamples.Compare(RealisticDocuments.Large(), RealisticDocuments.Large());
        Assert.InRange(page.Length, 100_000, PageFormat.MaxPageBytes);
    }

    [Fact]
    public void The_page_names_no_address_outside_itself()
    {
        string html =
            Html(RealisticDocuments.Checkout())
            + Encoding.UTF8.GetString(
                PageSamples.Compare(RealisticDocuments.Checkout(), RealisticDocuments.CheckoutFixed())
            );
        Assert.DoesNotMatch("(?i)(src|href|action)\\s*=\\s*[\"']?(https?:|//)", html);
        Assert.DoesNotMatch("(?i)url\\(|@import|fetch\\(|XMLHttpRequest|sendBeacon|WebSocket", html);
        Assert.Contains("default-src 'none'", html);
    }

    [Fact]
    public void A_page_is_ascii_whatever_the_names_are()
    {
        var document = RealisticDocuments.Checkout();
        var named = document with
        {
            Hotspots =
            [
                document.Hotspots[0] with
                {
                    Advice = "na\u00efve \ud83d\ude80 \ud800",
                },
                .. document.Hotspots.Skip(1),
            ],
        };
        string html = Html(named);
        Assert.True(Ascii.IsValid(html));
        Assert.Contains("na&#239;ve &#128640; &#65533;", html);
        Assert.True(Ascii.IsValid(PageAssets.Style + PageAssets.Script + PageAssets.CompareScript));
    }

    [Fact]
    public void Asset_comments_and_indentation_are_dropped_but_no_line_of_code()
    {
        Assert.DoesNotContain("\n//", PageAssets.Script);
        Assert.Contains("function flameView(data, name", PageAssets.Script);
        Assert.DoesNotContain('`', PageAssets.Script.Where(c => c == '`'));
    }

    [Fact]
    public void Escaping_cuts_endless_names_and_marks_that_turn_the_reading_direction()
    {
        Assert.Equal("a&lt;b&gt;&amp;&quot;&#39;", PageText.Escape("a<b>&\"'"));
        Assert.Equal("\ufffdx\ufffd", PageText.Clean("\u202ex\n"));
        Assert.Equal(PageText.MaxLength, PageText.Clean(new string('x', 9999)).Length);
        Assert.Equal("caf\u00e9 \u65e5\u672c", PageText.Clean("caf\u00e9 \u65e5\u672c"));
    }

    [Fact]
    public void The_session_is_a_manifest_that_reads_back_as_the_one_that_ran()
    {
        string yaml = SessionYaml.Write(RealisticDocuments.Checkout());
        Assert.Contains("kind: ProfilingSession", yaml);
        Assert.Contains("name: checkout-0-again", yaml);
        Assert.Contains("  duration: 1m\n  threshold: 5ms\n", yaml);
        Assert.Contains("formats: [Report, Page, Pprof]", yaml);
        Assert.Contains(
            "\"line\\nbreak: \\u0022x\\u0022\"",
            SessionYaml.Write(
                RealisticDocuments.Checkout() with
                {
                    Session = new ProfilingSessionSpec
                    {
                        Target = new TargetSpec { ProcessName = "line\nbreak: \"x\"" },
                    },
                }
            )
        );
    }

    /// <summary>The script and the legend hold the causes' words once more, because neither can ask for them.</summary>
    [Fact]
    public void Script_and_legend_call_the_causes_what_the_reports_call_them()
    {
        string page = Html(RealisticDocuments.Checkout());
        var causes = Enum.GetValues<HotspotCause>();
        Assert.Contains(
            $"const causeNames = [{string.Join(", ", causes.Select(c => $"\"{Words.Cause(c)}\""))}];",
            page,
            StringComparison.Ordinal
        );
        Assert.All(
            causes,
            c =>
                Assert.Contains(
                    $"<span class=\"sw cause-{c.ToString().ToLowerInvariant()}\">{Words.Cause(c)}</span>",
                    page,
                    StringComparison.Ordinal
                )
        );
    }

    private static string Html(ProfileDocument document) =>
        Encoding.UTF8.GetString(ReportFormats.Render(OutputFormat.Page, document));
}
