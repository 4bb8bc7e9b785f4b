using Hud.Core.Profile;

namespace Hud.Reports.Page.Sections;

/// <summary>Frames of the two charts; the scripts draw into them.</summary>
internal static class ChartSections
{
    public static void Write(HtmlBuilder html, ProfileDocument document)
    {
        if (document.SlowPolls.Count == 0 && document.Hotspots.Count == 0)
            return;
        html.AddRaw(
            """
            <section id="flame" aria-labelledby="flame-title">
            <div class="bar">
            <h2 id="flame-title">Flame graph <small>where slow polls spent their time; the root is on top</small></h2>
            <div class="tabs" role="group" aria-label="What the width means">
            <button type="button" data-metric="lost" aria-pressed="true">worker time lost</button><button type="button" data-metric="cpu" aria-pressed="false">on-CPU</button><button type="button" data-metric="blocked" aria-pressed="false">blocked</button>
            </div>
            <label class="search">Search <input type="search" id="flame-search" placeholder="function or file" autocomplete="off" spellcheck="false"></label>
            <output id="flame-found" for="flame-search"></output>
            <button type="button" id="flame-runtime" aria-pressed="false">runtime frames</button>
            <button type="button" id="flame-reset">Reset zoom</button>
            </div>
            <nav class="crumbs" id="flame-crumbs" aria-label="Zoomed into"></nav>
            <div class="canvas-box"><canvas id="flame-canvas" tabindex="0" role="application" aria-label="Flame graph. Arrow keys move between boxes, Enter zooms in, Backspace zooms out, Home resets." aria-describedby="flame-status"></canvas></div>
            <p class="status" id="flame-status" aria-live="polite">Drawing needs a script; the tables hold the same numbers.</p>
            <p class="legend" aria-label="Colours"><span class="sw k-user">your code</span><span class="sw k-thirdparty">crates</span><span class="sw k-std">std</span><span class="sw k-runtime">runtime</span><span class="sw k-native">native</span><span class="sw k-kernel">kernel</span></p>
            <details class="as-table" id="flame-table"><summary>As a table: the heaviest functions</summary><div class="scroll"></div></details>
            </section>
            <section id="timeline" aria-labelledby="timeline-title">
            <div class="bar">
            <h2 id="timeline-title">Timeline <small>slow polls per worker; shaded: no worker could run anything</small></h2>
            <div class="tabs" role="group" aria-label="Zoom">
            <button type="button" data-zoom="in">zoom in</button><button type="button" data-zoom="out">zoom out</button><button type="button" data-zoom="reset">whole run</button>
            </div>
            <output id="timeline-range"></output>
            </div>
            <div class="canvas-box"><canvas id="timeline-canvas" tabindex="0" role="application" aria-label="Timeline of slow polls. Plus and minus zoom, arrow keys move, N and P step through slow polls, Enter shows the hotspot, Home shows the whole run." aria-describedby="timeline-status"></canvas></div>
            <p class="status" id="timeline-status" aria-live="polite"></p>
            <p class="legend" aria-label="Colours"><span class="sw cause-oncpu">computing</span><span class="sw cause-blockingcall">blocking call</span><span class="sw cause-lockwait">lock wait</span><span class="sw cause-runqueue">waiting for CPU</span><span class="sw cause-throttled">throttled</span><span class="sw stall">stall</span></p>

            """
        );
        if (document.Losses.SlowPollsCut + document.Losses.RateLimited > 0)
            html.Add(
                $"<p class=\"note\">{document.Losses.SlowPollsCut + document.Losses.RateLimited} slow polls are not drawn here: {document.Losses.RateLimited} were counted without a record, {document.Losses.SlowPollsCut} of the shortest were cut to fit. The totals hold them all.</p>"
            );
        html.AddRaw("</section>\n");
    }
}
