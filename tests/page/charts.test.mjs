import assert from "node:assert/strict";
import { test } from "node:test";
import { open, pixels, text } from "./browser.mjs";

const user = "255,180,84", found = "247,240,106";

test("the flame graph draws user code in its colour and adds up to the time lost", async () => {
  const { page, close } = await open("checkout.html");
  assert.ok((await pixels(page, "#flame-canvas"))[user] > 5000);
  const sums = await page.evaluate(() => {
    const { data } = hud;
    return { weights: data.weights.reduce((s, w) => s + w.cpu + w.blocked, 0), total: hud.flame.total, status: document.getElementById("flame-status").textContent };
  });
  assert.match(sums.status, /^all workers: \S+, 100% of all, \d+ polls$/);
  assert.equal(sums.total, sums.weights);
  await close();
});

test("the three widths differ and each says so", async () => {
  const { page, close } = await open("checkout.html");
  const total = async metric => {
    await page.locator(`#flame [data-metric=${metric}]`).click();
    assert.equal(await page.locator(`#flame [data-metric=${metric}]`).getAttribute("aria-pressed"), "true");
    assert.equal(await page.locator("#flame [aria-pressed=true]").count(), 1);
    return { total: await page.evaluate(() => hud.flame.total), said: await text(page, "#flame-status") };
  };
  const cpu = await total("cpu"), blocked = await total("blocked"), lost = await total("lost");
  assert.equal(cpu.total + blocked.total, lost.total);
  assert.equal(new Set([cpu.said, blocked.said, lost.said]).size, 3);
  await close();
});

test("a click zooms in, the crumbs lead back, the reset button ends it", async () => {
  const { page, close } = await open("checkout.html");
  const canvas = page.locator("#flame-canvas");
  await canvas.click({ position: { x: 200, y: 28 } });
  const zoomed = await text(page, "#flame-status");
  assert.match(zoomed, /^checkout::handle_request/);
  assert.equal(await page.locator("#flame-crumbs button").count(), 1);
  await canvas.click({ position: { x: 200, y: 120 } });
  assert.ok(await page.locator("#flame-crumbs button").count() > 3);
  await page.locator("#flame-crumbs button").nth(1).click();
  assert.equal(await text(page, "#flame-status"), zoomed);
  await page.locator("#flame-reset").click();
  assert.equal(await page.locator("#flame-crumbs button").count(), 0);
  await close();
});

test("the runtime's own way into a poll is left out until it is asked for", async () => {
  const { page, close } = await open("checkout.html");
  const names = () => page.evaluate(() => Array.from({ length: hud.flame.size }, (_, i) => hud.flame.name(i)));
  const total = await page.evaluate(() => hud.flame.total);
  assert.ok(!(await names()).includes("tokio::runtime::task::raw::poll"));
  await page.locator("#flame-runtime").click();
  assert.equal(await page.locator("#flame-runtime").getAttribute("aria-pressed"), "true");
  assert.ok((await names()).includes("tokio::runtime::task::raw::poll"));
  assert.equal(await page.evaluate(() => hud.flame.total), total);
  await close();
});

test("search marks what it finds and says how much of the time that is", async () => {
  const { page, close } = await open("checkout.html");
  assert.equal((await pixels(page, "#flame-canvas"))[found] || 0, 0);
  await page.locator("#flame-search").fill("bcrypt");
  await page.waitForFunction(() => document.getElementById("flame-found").textContent.includes("%"));
  await page.evaluate(() => hud.flame.draw());
  assert.ok((await pixels(page, "#flame-canvas"))[found] > 500);
  const share = parseFloat(await text(page, "#flame-found"));
  const expected = await page.evaluate(() => {
    const { data } = hud;
    const has = new Set(data.stacks.flatMap((s, i) => s.some(f => data.names[data.frames[f].name].includes("bcrypt") || data.names[data.frames[f].location].includes("bcrypt")) ? [i] : []));
    const sum = list => list.reduce((s, w) => s + w.cpu + w.blocked, 0);
    return sum(data.weights.filter(w => has.has(w.stack))) * 100 / sum(data.weights);
  });
  assert.ok(Math.abs(share - expected) < 0.6, `${share} and ${expected}`);
  await page.locator("#flame-search").fill("src/login.rs");
  await page.waitForFunction(() => document.getElementById("flame-found").textContent.includes("%"));
  await page.locator("#flame-search").fill("no such function");
  await page.waitForFunction(() => document.getElementById("flame-found").textContent === "not found");
  await close();
});

test("the flame graph's numbers are also a table", async () => {
  const { page, close } = await open("checkout.html");
  await page.locator("#flame-table summary").click();
  // the table is filled by an event that follows the click
  await page.waitForFunction(() => document.querySelectorAll("#flame-table tbody tr").length > 10);
  assert.match(await text(page, "#flame-table"), /bcrypt/);
  await close();
});

test("hovering names the box under the pointer", async () => {
  const { page, close } = await open("checkout.html");
  await page.locator("#flame-canvas").hover({ position: { x: 100, y: 30 } });
  assert.match(await text(page, ".tip"), /checkout::handle_request.* of all/);
  await close();
});

test("the timeline draws every cause, shades stalls and zooms by button, drag and wheel", async () => {
  const { page, close } = await open("checkout.html");
  const colours = await pixels(page, "#timeline-canvas");
  for (const cause of ["255,158,74", "108,182,255", "201,160,255", "168,183,198"]) assert.ok(colours[cause] > 50, cause);
  assert.ok(colours["255,90,80"] > 2, "a mark for a stall");
  const span = () => page.evaluate(() => hud.timeline.to - hud.timeline.from);
  const whole = await span();
  await page.locator("#timeline [data-zoom=in]").click();
  assert.ok(Math.abs(await span() - whole / 2) < 1);
  const box = await page.locator("#timeline-canvas").boundingBox();
  await page.mouse.move(box.x + 500, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + 700, box.y + 60, { steps: 4 });
  await page.mouse.up();
  const dragged = await span();
  assert.ok(dragged < whole / 8, `${dragged} of ${whole}`);
  await page.locator("#timeline-canvas").focus();
  await page.mouse.wheel(0, -300);
  await page.waitForFunction(before => hud.timeline.to - hud.timeline.from < before, dragged);
  await page.locator("#timeline [data-zoom=reset]").click();
  assert.equal(await span(), whole);
  await close();
});

test("a slow poll under the pointer shows its split, a double click leads to its hotspot", async () => {
  const { page, close } = await open("checkout.html");
  const place = await page.evaluate(() => {
    const { polls, workers } = hud.data, canvas = document.getElementById("timeline-canvas");
    let longest = 0;
    for (let i = 1; i < polls.count; i++) if (polls.wall[i] > polls.wall[longest]) longest = i;
    canvas.scrollIntoView({ block: "center" });
    const box = canvas.getBoundingClientRect(), gutter = 150, height = (box.height - 26) / workers.length;
    const x = gutter + (polls.start[longest] + polls.wall[longest] / 2) / hud.data.observed * (box.width - gutter);
    return { x, y: 22 + (polls.worker[longest] + 0.5) * height, user: hud.data.hotspots[polls.hotspot[longest]].user, hotspot: polls.hotspot[longest] };
  });
  const canvas = page.locator("#timeline-canvas");
  await canvas.hover({ position: place });
  assert.match(await text(page, ".tip"), /computing \d.*asleep \d.*waiting for a CPU \d/);
  await canvas.click({ position: place });
  assert.ok((await text(page, "#timeline-status")).startsWith(place.user));
  await canvas.dblclick({ position: place });
  assert.equal(await page.evaluate(() => hud.hotspots.chosen), place.hotspot);
  await close();
});

test("what the page unpacks is what the document says", async () => {
  const { page, close } = await open("large.html");
  const got = await page.evaluate(() => ({ polls: hud.data.polls.count, stacks: new Set(hud.data.stacks.map(s => s.join())).size, boxes: hud.flame.size, last: hud.data.polls.start.at(-1) }));
  assert.equal(got.polls, 20000);
  assert.equal(got.stacks, 5000);
  assert.ok(got.boxes > 5000);
  assert.ok(got.last > 30e6 && got.last < 60e6);
  await close();
});
