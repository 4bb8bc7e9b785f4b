import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./browser.mjs";

test("on paper the tables are tables, not the phone's cards, and nothing runs over the edge", async () => {
  for (const name of ["checkout.html", "merged.html", "hostile.html", "compare.html"]) {
    // A4 less its margins, in CSS pixels: narrower than what counts as a phone on a screen
    const { page, close } = await open(name, { width: 703 });
    await page.emulateMedia({ media: "print" });
    const got = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      rows: [...document.querySelectorAll(".sortable tbody tr")].map(row => getComputedStyle(row).display),
    }));
    assert.ok(got.wide <= 703, `${name}: ${got.wide}`);
    assert.deepEqual([...new Set(got.rows)], ["table-row"], name);
    await close();
  }
});

test("on paper every stack is open, and afterwards as it was", async () => {
  const { page, close } = await open("checkout.html");
  const open_ = () => page.locator("details.stack[open]").count(), all = await page.locator("details.stack").count();
  const before = await open_();
  assert.ok(before < all);
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.equal(await open_(), all);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.equal(await open_(), before);
  await close();
});

test("links that only lead around the page, and what can only be pressed, are not printed", async () => {
  const { page, close } = await open("checkout.html");
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("button:visible, input:visible, .skip:visible").count(), 0);
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector(".about")).textDecorationLine), "none");
  await close();
});
