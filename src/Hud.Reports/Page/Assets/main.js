document.documentElement.classList.add("js");
const hotspots = hotspotList();
sortableTables();
copyYaml();

const help = element("dialog");
help.setAttribute("aria-label", "Keys");
const keysList = element("dl");
for (const [key, what] of [
  ["j / k", "next / previous hotspot"], ["/", "search the flame graph"], ["f", "to the flame graph"], ["t", "to the timeline"],
  ["arrows, Enter", "in the flame graph: move, zoom in"], ["Backspace, Home", "zoom out, reset"],
  ["+ / -, arrows", "in the timeline: zoom, move"], ["n / p, Enter", "next / previous slow poll, its hotspot"],
  ["drag, Ctrl+wheel", "in the timeline: zoom"], ["?", "this list"],
]) {
  const dt = element("dt");
  dt.append(element("kbd", key));
  keysList.append(dt, element("dd", what));
}
const close = element("button", "Close");
close.type = "button";
close.addEventListener("click", () => help.close());
help.append(element("h2", "Keys"), keysList, close);
document.body.append(help);

let flame = null, timeline = null;

// paper cannot be clicked open
let opened = [];
addEventListener("beforeprint", () => { opened = [...document.querySelectorAll("details.stack:not([open])")]; for (const each of opened) each.open = true; });
addEventListener("afterprint", () => { for (const each of opened) each.open = false; });

addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, canvas, dialog *") && event.key !== "?" || event.target.matches("input")) return;
  const actions = {
    j: () => hotspots.choose(Math.min(hotspots.chosen + 1, hotspots.count - 1), false),
    k: () => hotspots.choose(Math.max(hotspots.chosen - 1, 0), false),
    "/": () => byId("flame-search")?.focus(),
    f: () => byId("flame-canvas")?.focus(),
    t: () => byId("timeline-canvas")?.focus(),
    "?": () => { if (!help.open) help.showModal(); },
  };
  if (!actions[event.key]) return;
  actions[event.key]();
  event.preventDefault();
});

afterFirstPaint(async () => {
  if (!byId("flame")) return;
  try {
    const data = await loadData();
    flame = flameView(data);
    timeline = timelineView(data, hotspots);
    const redraw = () => { flame.draw(); timeline.draw(); };
    addEventListener("resize", () => { flame.redraw(); timeline.redraw(); });
    paper.addEventListener("change", redraw);
    // for tests and for the curious, in the console
    window.hud = { data, flame, timeline, hotspots, colours, readyAt: performance.now() };
    document.documentElement.dataset.ready = "true";
  } catch (error) { notDrawn(error, "flame"); }
});
