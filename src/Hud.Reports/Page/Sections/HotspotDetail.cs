using Hud.Core.Profile;
using Hud.Reports.Flame;
using Hud.Reports.Text;

namespace Hud.Reports.Page.Sections;

/// <summary>One hotspot: function, line, cause, fix; then the numbers, the histogram and the stacks.</summary>
internal static class HotspotDetail
{
    /// <summary>Of a stack; more are folded in the middle, where the least is to be learnt.</summary>
    private const int MaxFrames = 60;

    private const int MaxWaiters = 3;

    public static void Write(
        HtmlBuilder html,
        ProfileDocument document,
        int index,
        IReadOnlyList<(TaskProfile Task, WaitBehind Behind)> waited
    )
    {
        var h = document.Hotspots[index];
        html.Add(
            $"""
            <article id="hotspot-{index + 1}" class="{Causes.Css(h.Cause)}{(index == 0 ? " chosen" : "")}" data-hotspot="{index}" tabindex="-1">
            <h3><span class="rank">#{index + 1}</span> {(
                index == 0 && !h.Cause.IsCpuPressure() ? "Worst blocker" : "Hotspot"
            )} <span class="tag">{Words.Cause(
                h.Cause
            )}</span> {About(h)} <b class="pct">{(
                h.Estimated ? "~" : ""
            )}{HumanText.Percent(h.Percent)}</b> <span class="pct-note">of worker time</span></h3>
            <dl class="facts">
            <div><dt>Function</dt><dd class="fn">{PageText.Name(HotspotSection.Title(h))}</dd></div>
            {Called(h)}
            <div><dt>Line</dt><dd class="line">{Line(h)}</dd></div>
            <div><dt>Cause</dt><dd>{Causes.Sentence(h)}</dd></div>
            <div class="fix"><dt>Fix</dt><dd>{(
                h.Advice.Length > 0 ? h.Advice : "No advice for this one: read the stack."
            )}</dd></div>
            </dl>
            <dl class="numbers">
            <div><dt>lost</dt><dd>{HumanText.Duration(h.TotalNs)}</dd></div><div><dt>polls</dt><dd>{HumanText.Count(
                h.Count
            )}</dd></div>
            <div><dt>p50</dt><dd>{HumanText.Duration(h.P50Ns)}</dd></div><div><dt>p99</dt><dd>{HumanText.Duration(
                h.P99Ns
            )}</dd></div><div><dt>max</dt><dd>{HumanText.Duration(h.MaxNs)}</dd></div>
            <div class="wide"><dt>task</dt><dd>{PageText.Name(h.Task)}</dd></div>
            </dl>
            """
        );
        if (Words.Marker(h, lookBack: document.LookBack is not null) is { Length: > 0 } marker)
            html.Add($"<p class=\"marker\">{marker}</p>\n");
        Waited(html, waited);
        HistogramSvg.Write(html, h.Histogram, 0, "polls by time lost");
        Preempted(html, h);
        // pressure meets a thread anywhere: no line of its stack is the one to change
        string mark = h.Cause.IsCpuPressure() ? "waited here" : "change here";
        Stack(html, "Stack", mark, Frames(document, h.StackIndex, h.Stack), open: index == 0);
        if (h.HolderStack.Count > 0 || h.HolderStackIndex >= 0)
            Stack(html, "Who held the lock", mark, Frames(document, h.HolderStackIndex, h.HolderStack), open: true);
        html.AddRaw("</article>\n");
    }

    /// <summary>What the user's function called: it took the time, and is not what to change.</summary>
    private static RawHtml Called(Hotspot h) =>
        new(
            h.UserFrame.Length > 0 && h.Function.Length > 0 && h.Function != h.UserFrame
                ? $"<div><dt>In</dt><dd class=\"called\">{PageText.Name(h.Function).Text}</dd></div>"
                : ""
        );

    /// <summary>Without line tables the function is what there is, and how to get the line.</summary>
    private static RawHtml Line(Hotspot h) =>
        new(
            h.Location.Length > 0
                ? $"<code>{PageText.Escape(h.Location)}</code>"
                : $"<code>{PageText.Name(HotspotSection.Title(h)).Text}</code> <span class=\"hint\">for its line put debug = &quot;line-tables-only&quot; into the release profile</span>"
        );

    /// <summary>The kind of cause by name, with its text further down: a page that is mailed has no docs beside it.</summary>
    private static RawHtml About(Hotspot h) =>
        new(
            CausePages.Find(h.DocsSlug) is { } page
                ? $"<a class=\"about\" href=\"#about-{page.Slug}\">{PageText.Escape(page.Title)}</a>"
                : ""
        );

    /// <summary>Who had to wait meanwhile: what the hotspot costs is more than its own time.</summary>
    private static void Waited(HtmlBuilder html, IReadOnlyList<(TaskProfile Task, WaitBehind Behind)> waited)
    {
        if (waited.Count == 0)
            return;
        html.AddRaw("<p class=\"waited\">Tasks <a href=\"#waits\">waited for a worker</a> behind this:");
        foreach (var (task, behind) in waited.Take(MaxWaiters))
            html.Add(
                $" <span><b>{HumanText.Duration(behind.TotalNs)}</b> {PageText.Name(task.Name)}, {Words.Plural(behind.Count, "long wait")}, {HumanText.Percent(behind.Percent)} of their time</span>"
            );
        if (waited.Count > MaxWaiters)
            html.Add($" <span>and {Words.Plural(waited.Count - MaxWaiters, "more task type")}</span>");
        html.AddRaw("</p>\n");
    }

    private static void Preempted(HtmlBuilder html, Hotspot h)
    {
        if (h.PreemptedBy.Count == 0)
            return;
        html.AddRaw("<p class=\"preempted\">Ran instead:");
        foreach (var culprit in h.PreemptedBy.Take(5))
            html.Add($" <span>{culprit.Name} <b>{HumanText.Percent(culprit.Percent)}</b></span>");
        html.AddRaw("</p>\n");
    }

    /// <summary>From the stack table where kinds and inlines are known, else from the hotspot's own lines.</summary>
    private static IReadOnlyList<ProfileFrame> Frames(
        ProfileDocument document,
        int index,
        IReadOnlyList<string> lines
    ) =>
        index >= 0 && index < document.StackTable.Count
            ? document.StackTable[index].Frames
            : [.. lines.Select(l => new ProfileFrame { Function = l })];

    private static void Stack(
        HtmlBuilder html,
        string title,
        string mark,
        IReadOnlyList<ProfileFrame> frames,
        bool open
    )
    {
        if (frames.Count == 0)
            return;
        html.Add(
            $"<details class=\"stack\"{new RawHtml(open ? " open" : "")}><summary>{title} <small>{frames.Count} frames, innermost first</small></summary><ol>"
        );
        for (int i = 0; i < frames.Count; i++)
        {
            if (frames.Count > MaxFrames && i == MaxFrames * 2 / 3)
            {
                int skipped = frames.Count - MaxFrames;
                html.Add($"<li class=\"k-unknown\">... {skipped} frames not shown ...</li>");
                i += skipped;
            }

            var f = frames[i];
            string kind = "k-" + f.Kind.ToString().ToLowerInvariant() + (f.Blamed ? " blamed" : "");
            html.Add(
                $"<li class=\"{kind}\"><span class=\"f\">{PageText.Name(StackNames.Frame(f))}</span>{Marks(f, mark, i == frames.Count - 1)} <span class=\"loc\">{f.Location}</span></li>"
            );
        }

        html.AddRaw("</ol></details>\n");
    }

    private static RawHtml Marks(ProfileFrame frame, string mark, bool entry) =>
        new(
            (frame.Blamed ? $" <em>{mark}</em>" : "")
                + (frame.Inlined ? " <i>inlined</i>" : "")
                + (entry ? " <i>entry of the poll</i>" : "")
        );
}
