import assert from "node:assert/strict";
import { test } from "node:test";
import { open, text } from "./browser.mjs";

test("function, line, cause and fix of the worst blocker are on the first screen", async () => {
  for (const [width, height] of [[1440, 900], [1280, 720], [1920, 1080]]) {
    const { page, close } = await open("checkout.html", { width, height });
    for (const selector of [".facts .fn", ".facts .line", ".facts .fix", "h1", ".hotspot-table tr.chosen"]) {
      const box = await page.locator("article.chosen " + selector + ", " + selector).first().boundingBox();
      assert.ok(box && box.y >= 0 && box.y + box.height <= height, `${selector} at ${width}x${height}: ${JSON.stringify(box)}`);
    }
    assert.equal(await text(page, "article.chosen .fn"), "checkout::login");
    assert.equal(await text(page, "article.chosen .called"), "bcrypt::hash");
    assert.equal(await text(page, "article.chosen .line"), "src/login.rs:42");
    assert.match(await text(page, "article.chosen .facts"), /computed \d+ms in a typical poll/);
    assert.match(await text(page, "article.chosen .fix"), /spawn_blocking/);
    await close();
  }
});

test("the instruments: the verdict's three first and larger, each share with what it is a share of", async () => {
  const { page, close } = await open("checkout.html");
  assert.deepEqual(await page.locator(".panel dt").allInnerTexts(), ["WORKER TIME LOST", "WORST POLL", "SLOW POLLS", "STALLS", "COMPUTING", "ASLEEP", "WAITING FOR A CPU", "COST OF HUD", "DROPPED"]);
  const sizes = await page.locator(".panel dd b").evaluateAll(all => all.map(each => parseFloat(getComputedStyle(each).fontSize)));
  assert.ok(Math.min(...sizes.slice(0, 3)) >= 2 * Math.max(...sizes.slice(3)), sizes.join());
  const notes = await page.locator(".panel dd span").allInnerTexts();
  assert.match(notes[0], /^\d.*s of 8 workers \u00d7 1m00s$/);
  assert.match(notes[2], /^0\.03% of 3\.84M polls$/);
  assert.match(notes[4], /^[\d.]+% of the time lost$/);
  assert.match(notes[7], /of the target\u2019s CPU time; budget 1%/);
  assert.match(await text(page, ".panel"), /no poll over 50ms: not met/);
  assert.match(await text(page, "h1"), /^BLOCKED \d/);
  assert.equal(await page.locator(".light").getAttribute("aria-label"), "red light: the code blocks its workers");
  await close();
});

test("a cause is words, and its name leads to its text further down", async () => {
  const { page, close } = await open("checkout.html");
  assert.equal(await text(page, "article.chosen .tag"), "computing");
  await page.locator("article.chosen .about").click();
  assert.match(await text(page, "#causes div:target"), /^Cryptography Password hashing is slow on purpose/);
  const words = await page.evaluate(() => document.body.innerText);
  for (const word of ["OnCpu", "BlockingCall", "LockWait", "RunQueue", "NetworkIo", "BlockOn"]) assert.ok(!words.includes(word), word);
  await close();
});

test("choosing a hotspot shows its advice, its stack with the frame to change, and who held the lock", async () => {
  const { page, close } = await open("checkout.html");
  await page.locator(".hotspot-table tr", { hasText: "checkout::session::Cache::get" }).click();
  assert.equal(await page.locator("article:visible").count(), 1);
  assert.match(await text(page, "article.chosen .facts"), /LINE src\/session\.rs:204/);
  assert.match(await text(page, "article.chosen"), /Who held the lock/);
  await page.locator("article.chosen details.stack summary").first().click();
  assert.match(await text(page, "article.chosen .stack li.blamed"), /checkout::session::Cache::get change here src\/session\.rs:204/);
  assert.match(await text(page, "article.chosen .stack li:last-child"), /raw::poll entry of the poll/);
  await close();
});

test("run-queue delay is shown as not the code's fault, with who ran instead", async () => {
  const { page, close } = await open("checkout.html");
  await page.locator(".hotspot-table tr", { hasText: "checkout::cart::parse" }).click();
  assert.match(await text(page, "article.chosen"), /not this code's fault/);
  assert.match(await text(page, "article.chosen .preempted"), /batch-import 71%/);
  assert.match(await text(page, ".hotspot-table tr.divider + tr"), /checkout::cart::parse/);
  await close();
});

test("tasks, workers, targets, losses, overhead and the session are there", async () => {
  const { page, close } = await open("merged.html");
  assert.match(await text(page, "#tasks"), /checkout::handle_request/);
  assert.ok(await page.locator("#tasks .histogram svg[role=img]").count() >= 5);
  assert.ok(await page.locator("#tasks .histogram rect.over").count() >= 5);
  assert.equal(await page.locator("#workers tbody tr").count(), 16);
  assert.equal(await page.locator("#targets thead th").count(), 3);
  assert.match(await text(page, "#targets"), /Failed: no Tokio runtime/);
  assert.match(await text(page, "#losses"), /Unresolved frames 24/);
  assert.match(await text(page, "#losses"), /of the target's CPU time; the budget was 1%/);
  assert.match(await page.locator("#yaml").innerText(), /^apiVersion: hud\.dev\/v1alpha1\nkind: ProfilingSession\n/);
  assert.match(await text(page, ".notes"), /1 of 3 targets failed/);
  await close();
});

test("columns sort", async () => {
  const { page, close } = await open("checkout.html");
  await page.locator("#workers thead button", { hasText: "Lost" }).click();
  const lost = () => page.locator("#workers tbody tr td:nth-child(6)").evaluateAll(cells => cells.map(c => Number(c.dataset.sort)));
  const down = await lost();
  assert.deepEqual(down, [...down].sort((a, b) => b - a));
  await page.locator("#workers thead button", { hasText: "Lost" }).click();
  assert.deepEqual(await lost(), [...down].reverse());
  await close();
});

test("healthy and no data are different answers", async () => {
  const healthy = await open("healthy.html", { ready: null });
  assert.match(await text(healthy.page, "#hotspots"), /No poll was over the threshold of 5ms\. [\d.]+M polls were seen/);
  assert.equal(await healthy.page.locator("#flame").count(), 0);
  await healthy.close();
  const none = await open("nodata.html", { ready: null });
  assert.match(await text(none.page, "#hotspots"), /says nothing about the code/);
  assert.equal(await none.page.locator(".light").getAttribute("aria-label"), "grey light: no data");
  await none.close();
});

test("without a script everything that is text stays readable", async () => {
  const { page, close } = await open("checkout.html", { javaScriptEnabled: false, ready: null });
  assert.equal(await page.locator("article:visible").count(), 6);
  assert.match(await text(page, "#flame-status"), /the tables hold the same numbers/);
  await close();
});

test("on paper every hotspot is printed in dark ink on white", async () => {
  const { page, close } = await open("checkout.html");
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("article:visible").count(), 6);
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor), "rgb(255, 255, 255)");
  assert.equal(await page.locator("button:visible").count(), 0);
  await close();
});
