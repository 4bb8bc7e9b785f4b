using Hud.Core.Profile;

namespace Hud.Reports.Page.Sections;

/// <summary>Frames of the two charts; the scripts draw into them.</summary>
internal static class ChartSections
{
    public static void Write(HtmlBuilder html, ProfileDocument document)
    {
        if (document.SlowPolls.Count == 0 && document.Hotspots.Count == 0)
            return;
        FlameSection.Write(html, "flame", "Flame graph", "where slow polls spent their time; the root is on top");
        html.AddRaw(
            """
            <section id="timeline" aria-labelledby="timeline-title">
            <div class="bar">
            <h2 id="timeline-title">Timeline <small>slow polls per worker; shaded: a stall, every worker blocked</small></h2>
            <div class="tabs" role="group" aria-label="Zoom">
            <button type="button" data-zoom="in">zoom in</button><button type="button" data-zoom="out">zoom out</button><button type="button" data-zoom="reset">whole run</button>
            </div>
            <output id="timeline-range"></output>
            </div>
            <div class="canvas-box"><canvas id="timeline-canvas" tabindex="0" role="application" aria-label="Timeline of slow polls. Plus and minus zoom, arrow keys move, N and P step through slow polls, Enter shows the hotspot, Home shows the whole run." aria-describedby="timeline-status"></canvas></div>
            <p class="status" id="timeline-status" aria-live="polite"></p>
            <p class="legend" aria-label="Colours"><span class="sw cause-oncpu">computing</span><span class="sw cause-blockingcall">asleep in a call</span><span class="sw cause-lockwait">asleep on a lock</span><span class="sw cause-runqueue">waiting for a CPU</span><span class="sw cause-throttled">over the CPU limit</span><span class="sw stall">stall</span></p>

            """
        );
        if (document.Losses.SlowPollsCut + document.Losses.RateLimited > 0)
            html.Add(
                $"<p class=\"note\">{document.Losses.SlowPollsCut + document.Losses.RateLimited} slow polls are not drawn here: {document.Losses.RateLimited} were counted without a record, {document.Losses.SlowPollsCut} of the shortest were cut to fit. The totals hold them all.</p>"
            );
        html.AddRaw("</section>\n");
    }
}
