import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./browser.mjs";

// In the page: every text that shows, with the contrast of its colour to what lies behind it (WCAG 2.2, relative luminance).
// Backgrounds that let something through are laid over what is under them; gradients only frame the scrolling boxes.
function texts() {
  const parse = colour => { const n = colour.match(/[\d.]+/g).map(Number); return { rgb: n.slice(0, 3), alpha: n[3] ?? 1 }; };
  const over = (top, below) => top.rgb.map((c, i) => c * top.alpha + below[i] * (1 - top.alpha));
  const light = rgb => rgb.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const layer = parse(getComputedStyle(at).backgroundColor);
      layers.push(layer);
      if (layer.alpha === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const found = [];
  const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (all.nextNode()) {
    const element = all.currentNode.parentElement, text = all.currentNode.data.trim();
    if (!text || element.closest("script, style, .skip") || !element.checkVisibility()) continue;
    const back = behind(element), front = over(parse(getComputedStyle(element).color), back);
    const [high, low] = [light(front), light(back)].sort((a, b) => b - a);
    found.push({ ratio: Math.round((high + 0.05) / (low + 0.05) * 100) / 100, text: text.slice(0, 40), of: element.tagName + "." + element.className, front: front.join(), back: back.join() });
  }
  return found;
}

const names = ["checkout.html", "merged.html", "losses.html", "healthy.html", "nodata.html", "compare.html", "hostile.html"];

for (const [media, width] of [["screen", 1440], ["screen", 390], ["print", 718]]) {
  test(`every text has a contrast of 7:1 or more (${media}, ${width} px)`, async () => {
    for (const name of names) {
      const { page, close } = await open(name, { width, ready: null });
      await page.emulateMedia({ media });
      await page.evaluate(() => { for (const each of document.querySelectorAll("details")) each.open = true; });
      const found = await page.evaluate(texts);
      assert.ok(found.length > 50, `${name}: ${found.length} texts`);
      assert.deepEqual(found.filter(each => each.ratio < 7), [], name);
      await close();
    }
  });
}

test("a text too faint is found", async () => {
  const { page } = await open("checkout.html");
  await page.evaluate(() => { document.querySelector("h1").style.color = "#777"; });
  assert.equal((await page.evaluate(texts)).filter(each => each.ratio < 7).length > 0, true);
});

test("names on the flame graph's boxes have a contrast of 7:1 or more", async () => {
  const { page, close } = await open("checkout.html");
  const light = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16) / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const { ink, kind, found } = await page.evaluate(() => hud.colours());
  assert.equal(kind.length, 7);
  for (const box of [...kind, found]) assert.ok((light(box) + 0.05) / (light(ink) + 0.05) >= 7, `${ink} on ${box}`);
  await close();
});
