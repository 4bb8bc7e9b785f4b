using System.Text.RegularExpressions;
using Hud.Core.Profile;

namespace Hud.Reports.Page.Sections;

/// <summary>For each kind of cause in this report: what it is, in the words of its page in the documentation.</summary>
internal static partial class CauseSection
{
    public static void Write(HtmlBuilder html, ProfileDocument document)
    {
        var pages = document.Hotspots.Select(h => CausePages.Find(h.DocsSlug)).OfType<CausePage>().Distinct().ToList();
        if (pages.Count == 0)
            return;
        html.AddRaw(
            "<section id=\"causes\" aria-labelledby=\"causes-title\"><h2 id=\"causes-title\">Causes <small>why each kind blocks a worker</small></h2>\n<dl class=\"causes\">\n"
        );
        foreach (var page in pages)
            html.Add(
                $"<div id=\"about-{page.Slug}\" tabindex=\"-1\"><dt>{page.Title}</dt><dd>{Code(page.FirstParagraph)}</dd></div>"
            );
        html.AddRaw("</dl>\n");
        html.AddRaw(
            "<p class=\"note\">Each with code before and after in Hud\u2019s documentation, under docs/causes.</p></section>\n"
        );
    }

    /// <summary>The only markdown of these paragraphs.</summary>
    private static RawHtml Code(string paragraph) =>
        new(CodeSpan().Replace(PageText.Escape(paragraph), "<code>${code}</code>"));

    [GeneratedRegex("`(?<code>[^`]*)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CodeSpan();
}
