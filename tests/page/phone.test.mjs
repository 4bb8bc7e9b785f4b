import assert from "node:assert/strict";
import { test } from "node:test";
import { open, text } from "./browser.mjs";

const phone = { width: 390, height: 844, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

test("nothing is wider than the phone, whatever the names are", async () => {
  for (const name of ["checkout.html", "merged.html", "hostile.html", "large.html", "damaged.html"]) {
    for (const width of [390, 320]) {
      const { page, close } = await open(name, { ...phone, width });
      const wide = await page.evaluate(() => ({ page: document.documentElement.scrollWidth, window: innerWidth }));
      assert.ok(wide.page <= width, `${name} at ${width}: ${JSON.stringify(wide)}`);
      await close();
    }
  }
});

test("nothing is wider than the window between phone and desk either", async () => {
  for (const width of [600, 821, 1024, 1181, 2560]) {
    const { page, close } = await open("hostile.html", { width });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= width, String(width));
    await close();
  }
});

test("on a phone the worst blocker's function, line, cause and fix need no scrolling", async () => {
  const { page, close } = await open("checkout.html", phone);
  for (const selector of [".fn", ".line", ".fix"]) {
    const box = await page.locator("article.chosen " + selector).boundingBox();
    assert.ok(box.y + box.height <= phone.height, `${selector}: ${JSON.stringify(box)}`);
  }
  await close();
});

test("a tap on a row shows that hotspot, a tap on the flame graph zooms", async () => {
  const { page, close } = await open("checkout.html", phone);
  await page.locator(".hotspot-table tr", { hasText: "load_page" }).tap();
  assert.match(await text(page, "article.chosen .line"), /src\/catalog\.rs:117/);
  await page.locator("#flame-canvas").tap({ position: { x: 60, y: 28 } });
  assert.ok(await page.locator("#flame-crumbs button").count() >= 1);
  await close();
});
