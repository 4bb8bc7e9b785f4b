import assert from "node:assert/strict";
import { test } from "node:test";
import { open, text, pixels } from "./browser.mjs";

test("which way it went, both sides and the largest move are on the first screen", async () => {
  const { page, close } = await open("compare.html");
  assert.match(await text(page, "h1"), /^(BETTER|WORSE): /);
  for (const selector of ["h1", "#sides", ".movers tbody tr"]) {
    const box = await page.locator(selector).first().boundingBox();
    assert.ok(box.y + box.height <= 900, `${selector}: ${JSON.stringify(box)}`);
  }
  const row = await text(page, ".movers tbody tr:has-text('checkout::login')");
  assert.match(row, /checkout::login src\/login\.rs:42 gone computing \d[\d.]*% 0% −\d/);
  await close();
});

test("each run has its own flame graph: what is gone is in the first alone", async () => {
  const { page, close } = await open("compare.html");
  for (const canvas of ["#flame-canvas", "#flame-after-canvas"]) assert.ok((await pixels(page, canvas))["255,180,84"] > 3000, canvas);
  const [before, after] = await page.evaluate(() => [hud.flame.total, hud.after.total]);
  assert.ok(before > 0 && after > 0 && before !== after);
  await page.locator("[data-find='checkout::login']").click();
  assert.match(await text(page, "#flame-found"), /^\d[\d.]*% in \d+$/);
  assert.equal(await text(page, "#flame-after-found"), "not found");
  await close();
});

test("the graphs move apart: zoom, width and table of one leave the other alone", async () => {
  const { page, close } = await open("compare.html");
  await page.locator("#flame-after-canvas").click({ position: { x: 200, y: 28 } });
  assert.equal(await page.locator("#flame-after-crumbs button").count(), 1);
  assert.equal(await page.locator("#flame-crumbs button").count(), 0);
  await page.locator("#flame-after [data-metric=cpu]").click();
  assert.equal(await page.locator("#flame-after [data-metric=cpu]").getAttribute("aria-pressed"), "true");
  assert.equal(await page.locator("#flame [data-metric=lost]").getAttribute("aria-pressed"), "true");
  await page.locator("#flame-table summary").click();
  assert.match(await text(page, "#flame-table"), /bcrypt/);
  await page.locator("#flame-after-table summary").click();
  assert.doesNotMatch(await text(page, "#flame-after-table"), /bcrypt/);
  await close();
});

test("a run with hostile names, and one without any data, still compare", async () => {
  for (const name of ["compare-hostile.html", "compare-nodata.html"]) {
    const { page, close } = await open(name);
    assert.ok(await page.locator("h1").isVisible(), name);
    await close();
  }
});
