import assert from "node:assert/strict";
import { test } from "node:test";
import { laidOut, open, text } from "./browser.mjs";

const phone = { width: 390, height: 844, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

test("nothing is wider than the phone, whatever the names are", async () => {
  for (const name of ["checkout.html", "merged.html", "hostile.html", "large.html", "damaged.html"]) {
    for (const width of [390, 320]) {
      const { page, close } = await open(name, { ...phone, width });
      await laidOut(page);
      const wide = await page.evaluate(() => ({ page: document.documentElement.scrollWidth, window: innerWidth }));
      assert.ok(wide.page <= width, `${name} at ${width}: ${JSON.stringify(wide)}`);
      await close();
    }
  }
});

test("nothing is wider than the window between phone and desk either", async () => {
  for (const width of [600, 821, 1024, 1181, 2560]) {
    const { page, close } = await open("hostile.html", { width });
    await laidOut(page);
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
  await page.locator("#flame-canvas").tap({ position: { x: 60, y: 60 } });
  assert.ok(await page.locator("#flame-crumbs button").count() >= 1);
  await close();
});

test("whatever a finger presses is 40 pixels high, flame graph included", async () => {
  for (const name of ["checkout.html", "merged.html", "losses.html", "compare.html"]) {
    const { page, close } = await open(name, phone);
    const small = await page.evaluate(() => [...document.querySelectorAll("a, button, input, summary")]
      .filter(each => !each.matches(".skip") && each.checkVisibility() && each.getBoundingClientRect().height < 39.5)
      .map(each => each.tagName + " " + each.textContent.slice(0, 30) + " " + each.getBoundingClientRect().height));
    assert.deepEqual(small, [], name);
    await page.locator("#flame-canvas").tap({ position: { x: 60, y: 42 } });
    assert.equal(await page.locator("#flame-crumbs button").count(), 1, "the second row begins at 41");
    await page.evaluate(() => hud.flame.zoomTo(0));
    await page.locator("#flame-canvas").tap({ position: { x: 60, y: 38 } });
    assert.equal(await page.locator("#flame-crumbs button").count(), 0, "the first row ends at 40");
    await close();
  }
});

test("a table fits the phone or is marked as one that scrolls", async () => {
  for (const name of ["checkout.html", "merged.html", "hostile.html", "compare.html"]) {
    const { page, close } = await open(name, phone);
    const cut = await page.evaluate(() => [...document.querySelectorAll("table")].filter(table => {
      const box = table.closest(".scroll") || table.parentElement;
      return table.scrollWidth > box.clientWidth + 1 && !box.matches(".scroll[tabindex='0'][aria-label]");
    }).map(table => table.className));
    assert.deepEqual(cut, [], name);
    await close();
  }
});

test("on a phone each number of a row has its title beside it, and the rows still sort", async () => {
  const { page, close } = await open("checkout.html", phone);
  const labels = await page.locator("#workers tbody tr").first().locator("td").evaluateAll(cells => cells.map(cell => getComputedStyle(cell, "::before").content));
  assert.deepEqual(labels.slice(0, 3), ['"Thread"', '"Polls"', '"Slow"']);
  await page.locator("#workers thead button", { hasText: "Lost" }).tap();
  const lost = await page.locator("#workers tbody td[data-label=Lost]").evaluateAll(cells => cells.map(cell => Number(cell.dataset.sort)));
  assert.deepEqual(lost, [...lost].sort((a, b) => b - a));
  await close();
});
