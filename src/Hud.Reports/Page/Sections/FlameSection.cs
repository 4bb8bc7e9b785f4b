namespace Hud.Reports.Page.Sections;

/// <summary>The frame of a flame graph; the script draws into it.</summary>
internal static class FlameSection
{
    /// <param name="name">starts the ids of its parts, so that a page can have two</param>
    public static void Write(HtmlBuilder html, string name, string title, string what) =>
        html.Add(
            $"""
            <section id="{name}" aria-labelledby="{name}-title">
            <div class="bar">
            <h2 id="{name}-title">{title} <small>{what}</small></h2>
            <div class="tabs" role="group" aria-label="What the width means">
            <button type="button" data-metric="lost" aria-pressed="true">worker time lost</button><button type="button" data-metric="cpu" aria-pressed="false">computing</button><button type="button" data-metric="blocked" aria-pressed="false">asleep</button>
            </div>
            <label class="search">Search <input type="search" id="{name}-search" placeholder="function or file" autocomplete="off" spellcheck="false"></label>
            <output class="found" id="{name}-found" for="{name}-search"></output>
            <button type="button" id="{name}-runtime" aria-pressed="false">runtime frames</button>
            <button type="button" id="{name}-reset">Reset zoom</button>
            </div>
            <nav class="crumbs" id="{name}-crumbs" aria-label="Zoomed into"></nav>
            <div class="canvas-box"><canvas id="{name}-canvas" tabindex="0" role="application" aria-label="{title}. Arrow keys move between boxes, Enter zooms in, Backspace zooms out, Home resets." aria-describedby="{name}-status"></canvas></div>
            <p class="status" id="{name}-status" aria-live="polite">Drawing needs a script; the tables hold the same numbers.</p>
            <p class="legend" aria-label="Colours"><span class="sw k-user">your code</span><span class="sw k-thirdparty">crates</span><span class="sw k-std">std</span><span class="sw k-runtime">runtime</span><span class="sw k-native">native</span><span class="sw k-kernel">kernel</span></p>
            <details class="as-table" id="{name}-table"><summary>As a table: the heaviest functions</summary><div class="scroll"></div></details>
            </section>
            """
        );
}
