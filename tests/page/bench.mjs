// node bench.mjs PAGE: first paint and the cost of zoom steps, rastering included, in the Chromium that the tests use.
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const file = process.argv[2], runs = 7;
const browser = await chromium.launch({
  executablePath: process.env.HUD_CHROMIUM || "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const median = list => [...list].sort((a, b) => a - b)[list.length >> 1];
const worst = list => Math.max(...list);

const paints = [], charts = [], empty = [], cpu = [];
let page;
// what this machine, as busy as it is now, needs for a page with nothing in it
for (let i = 0; i < runs; i++) {
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto("data:text/html,<!doctype html><title>x</title><p>x");
  await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
  empty.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
  await page.close();
}
page = null;
for (let i = 0; i < runs; i++) {
  await page?.close();
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(pathToFileURL(file).href);
  await page.waitForFunction(() => document.documentElement.dataset.ready === "true");
  const got = await page.evaluate(() => ({ paint: performance.getEntriesByName("first-contentful-paint")[0].startTime, ready: hud.readyAt }));
  paints.push(got.paint);
  charts.push(got.ready);
  cpu.push((await devtools.send("Performance.getMetrics")).metrics.find(m => m.name === "TaskDuration").value * 1000);
}

// A pixel read back forces what was recorded to be drawn, so a step is counted until it is on the canvas.
const steps = await page.evaluate(() => {
  const { flame, timeline, data } = hud;
  const flush = id => document.getElementById(id).getContext("2d").getImageData(0, 0, 1, 1);
  const time = (id, step) => { const start = performance.now(); step(); flush(id); return performance.now() - start; };
  const flameSteps = [], timelineSteps = [], searches = [];
  time("flame-canvas", () => flame.zoomTo(0));
  time("timeline-canvas", () => timeline.view(0, data.observed));
  const path = [0];
  for (let depth = 0; depth < 12; depth++) { const next = flame.children(path.at(-1)); if (!next.length) break; path.push(next[0]); }
  for (let round = 0; round < 5; round++) for (const at of [...path, ...path.slice().reverse()]) flameSteps.push(time("flame-canvas", () => flame.zoomTo(at)));
  flame.zoomTo(0);
  for (const text of ["b", "bc", "bcrypt", "layer", "checkout", "vec", "zz"]) searches.push(time("flame-canvas", () => { flame.find(text); flame.draw(); }));
  flame.find("");
  for (let i = 0; i < 40; i++) timelineSteps.push(time("timeline-canvas", () => timeline.zoomBy(0.8)));
  for (let i = 0; i < 40; i++) timelineSteps.push(time("timeline-canvas", () => timeline.zoomBy(1.25)));
  for (let i = 0; i < 20; i++) timelineSteps.push(time("timeline-canvas", () => timeline.view(i * data.observed / 40, i * data.observed / 40 + data.observed / 2)));
  return { flameSteps, timelineSteps, searches };
});
await browser.close();

const row = (name, list, limit) => {
  console.log(`${name.padEnd(34)} ${median(list).toFixed(1).padStart(8)} ${worst(list).toFixed(1).padStart(8)}   ${limit ? (median(list) < limit ? "under " : "OVER ") + limit : ""}`);
  return !limit || median(list) < limit;
};
console.log(`\n${"in Chromium, ms".padEnd(34)} ${"median".padStart(8)} ${"worst".padStart(8)}`);
const good = [
  row("first paint of an empty page", empty),
  row("first contentful paint", paints, 300),
  row("  in first paints of an empty page", paints.map(paint => paint / median(empty))),
  row("charts drawn", charts),
  row("main thread's CPU time until then", cpu),
  row("flame graph, zoom step", steps.flameSteps, 16),
  row("flame graph, search and redraw", steps.searches),
  row("timeline, zoom or move step", steps.timelineSteps, 16),
];
process.exit(good.every(g => g) ? 0 : 1);
