using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Formats;
using Hud.Reports.Page;
using Hud.Reports.Tests.Documents;

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
    public void The_page_names_no_address_outside_itself()
    {
        string html = Html(RealisticDocuments.Checkout());
        Assert.DoesNotMatch("(?i)(src|href|action)\\s*=\\s*[\"']?(https?:|//)", html);
        Assert.DoesNotMatch("(?i)url\\(|@import|fetch\\(|XMLHttpRequest|sendBeacon|WebSocket", html);
        Assert.Contains("default-src 'none'", html);
    }

    [Fact]
    public void Asset_comments_and_indentation_are_dropped_but_no_line_of_code()
    {
        Assert.DoesNotContain("\n//", PageAssets.Script);
        Assert.Contains("function flameView(data)", PageAssets.Script);
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

    private static string Html(ProfileDocument document) =>
        Encoding.UTF8.GetString(ReportFormats.Render(OutputFormat.Page, document));
}
