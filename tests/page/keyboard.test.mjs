import assert from "node:assert/strict";
import { test } from "node:test";
import { open, text } from "./browser.mjs";

test("everything that can be operated is reached with Tab, in reading order", async () => {
  const { page, close } = await open("checkout.html");
  const order = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => document.activeElement.id || document.activeElement.closest("[id]")?.id || document.activeElement.tagName);
    if (order.at(-1) !== at) order.push(at);
    if (at === "copy-yaml") break;
  }
  const wanted = ["hotspots", "flame", "flame-search", "flame-reset", "flame-canvas", "timeline", "timeline-canvas", "copy-yaml"];
  const places = wanted.map(id => order.indexOf(id));
  assert.ok(places.every((p, i) => p >= 0 && (i === 0 || p > places[i - 1])), order.join(" "));
  await close();
});

test("the first Tab offers to skip to the hotspots", async () => {
  const { page, close } = await open("checkout.html");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "hotspots");
  await close();
});

test("j and k walk through the hotspots, a link chooses one and moves the focus to it", async () => {
  const { page, close } = await open("checkout.html");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  assert.equal(await page.evaluate(() => hud.hotspots.chosen), 2);
  await page.keyboard.press("k");
  assert.equal(await page.evaluate(() => hud.hotspots.chosen), 1);
  await page.locator(".hotspot-table a").nth(3).focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "hotspot-4");
  assert.equal(await page.locator(".hotspot-table a[aria-current]").count(), 1);
  await close();
});

test("the flame graph is walked, zoomed and left with keys, and says where one is", async () => {
  const { page, close } = await open("checkout.html");
  await page.keyboard.press("f");
  assert.equal(await page.evaluate(() => document.activeElement.id), "flame-canvas");
  await page.keyboard.press("ArrowDown");
  assert.match(await text(page, "#flame-status"), /^checkout::handle_request/);
  await page.keyboard.press("ArrowRight");
  const second = await text(page, "#flame-status");
  assert.doesNotMatch(second, /^checkout::handle_request/);
  await page.keyboard.press("ArrowLeft");
  assert.match(await text(page, "#flame-status"), /^checkout::handle_request/);
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#flame-crumbs button").count(), 1);
  for (let i = 0; i < 8; i++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.ok(await page.locator("#flame-crumbs button").count() > 5);
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Home");
  assert.equal(await page.locator("#flame-crumbs button").count(), 0);
  await close();
});

test("the timeline is zoomed, moved and stepped through with keys, Enter leads to the hotspot", async () => {
  const { page, close } = await open("checkout.html");
  await page.keyboard.press("t");
  await page.keyboard.press("n");
  const first = await text(page, "#timeline-status");
  assert.match(first, /computing \d/);
  await page.keyboard.press("n");
  assert.notEqual(await text(page, "#timeline-status"), first);
  await page.keyboard.press("p");
  assert.equal(await text(page, "#timeline-status"), first);
  const span = () => page.evaluate(() => [hud.timeline.from, hud.timeline.to]);
  const [, end] = await span();
  await page.keyboard.press("+");
  await page.keyboard.press("+");
  const [from, to] = await span();
  assert.ok(Math.abs((to - from) - end / 4) < 1);
  await page.keyboard.press("ArrowRight");
  assert.ok((await span())[0] > from);
  await page.keyboard.press("Home");
  assert.deepEqual(await span(), [0, end]);
  const hotspot = await page.evaluate(() => hud.data.polls.hotspot[hud.timeline.chosen]);
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => hud.hotspots.chosen), hotspot);
  assert.equal(await page.evaluate(() => document.activeElement.id), `hotspot-${hotspot + 1}`);
  await close();
});

test("slash searches, question mark shows the keys, Escape closes them", async () => {
  const { page, close } = await open("checkout.html");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "flame-search");
  await page.keyboard.type("jj/?");
  assert.equal(await page.locator("#flame-search").inputValue(), "jj/?");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("?");
  assert.ok(await page.locator("dialog").isVisible());
  await page.keyboard.press("Escape");
  assert.ok(!await page.locator("dialog").isVisible());
  await close();
});

test("every control, picture and region has a name, and headings leave no step out", async () => {
  const { page, close } = await open("merged.html");
  const problems = await page.evaluate(() => {
    const named = e => (e.getAttribute("aria-label") || e.textContent || e.labels?.[0]?.textContent || "").trim();
    const bad = [];
    for (const e of document.querySelectorAll("button, a, input, canvas, [role=img], summary")) {
      if (e.closest("[aria-hidden=true]")) continue;
      if (!named(e)) bad.push("no name: " + e.outerHTML.slice(0, 80));
    }
    for (const e of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) {
      for (const id of [e.getAttribute("aria-labelledby"), e.getAttribute("aria-describedby")]) if (id && !document.getElementById(id)) bad.push("no such id: " + id);
    }
    let level = 0;
    for (const h of document.querySelectorAll("h1, h2, h3")) {
      const now = Number(h.tagName[1]);
      // a detail's heading stands before the list's own: both are under the page's
      if (now > level + 2) bad.push("heading jumps: " + h.textContent);
      level = now;
    }
    const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
    if (new Set(ids).size !== ids.length) bad.push("an id twice");
    if (document.querySelectorAll("h1").length !== 1) bad.push("not one h1");
    if (!document.documentElement.lang) bad.push("no language");
    return bad;
  });
  assert.deepEqual(problems, []);
  await close();
});
