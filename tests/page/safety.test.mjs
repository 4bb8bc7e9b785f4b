import assert from "node:assert/strict";
import { test } from "node:test";
import { open, pixels, text } from "./browser.mjs";

test("hostile names stay text: no element, no dialog, no title of theirs, no request", async () => {
  const { page, close } = await open("hostile.html");
  const seen = await page.evaluate(() => ({
    title: document.title, images: document.images.length, frames: frames.length,
    scripts: document.scripts.length, handlers: [...document.querySelectorAll("*")].filter(e => [...e.attributes].some(a => a.name.startsWith("on"))).length,
  }));
  assert.ok(!seen.title.includes("owned"));
  assert.deepEqual([seen.images, seen.frames, seen.scripts, seen.handlers], [0, 0, 2, 0]);
  assert.match(await text(page, "h1"), /<\/script><script>/);
  for (let i = 0; i < 6; i++) await page.keyboard.press("j");
  await page.locator("#flame-search").fill("<script>");
  await page.locator("#flame-table summary").click();
  await page.locator("#flame-canvas").hover({ position: { x: 50, y: 30 } });
  await page.locator("#timeline-canvas").focus();
  for (let i = 0; i < 5; i++) await page.keyboard.press("n");
  await close();
});

test("the policy would stop a script or a request even if one got in", async () => {
  const { page } = await open("checkout.html");
  const stopped = await page.evaluate(async () => {
    const violations = [];
    addEventListener("securitypolicyviolation", e => violations.push(e.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "window.owned = 1";
    document.body.append(script);
    const image = new Image();
    image.src = "http://127.0.0.1:9/x.png";
    await fetch("http://127.0.0.1:9/").catch(() => {});
    const styled = document.createElement("div");
    styled.setAttribute("style", "color: red");
    document.body.append(styled);
    await new Promise(done => setTimeout(done, 50));
    return { owned: window.owned, violations: [...new Set(violations)].sort() };
  });
  assert.equal(stopped.owned, undefined);
  assert.deepEqual(stopped.violations, ["connect-src", "img-src", "script-src-elem", "style-src-attr"]);
});

test("a damaged document still opens and draws", async () => {
  const { page, close } = await open("damaged.html");
  assert.ok(Object.keys(await pixels(page, "#flame-canvas")).length > 2);
  await page.locator("#timeline-canvas").focus();
  for (const key of ["n", "n", "+", "ArrowRight", "Enter", "Home"]) await page.keyboard.press(key);
  await close();
});

test("text has the contrast that WCAG AA asks for, on screen and on paper", async () => {
  for (const media of ["screen", "print"]) {
    const { page, close } = await open("merged.html");
    await page.emulateMedia({ media });
    await page.evaluate(() => document.querySelectorAll("details").forEach(d => { d.open = true; }));
    const low = await page.evaluate(() => {
      const parse = c => (c.match(/[\d.]+/g) || []).map(Number);
      const over = (top, under) => { const a = top[3] ?? 1; return [0, 1, 2].map(i => top[i] * a + under[i] * (1 - a)); };
      const luminance = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
      const ratio = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
      const back = e => {
        const layers = [];
        for (let at = e; at; at = at.parentElement) { const c = parse(getComputedStyle(at).backgroundColor); if (c.length && (c[3] ?? 1) > 0) layers.push(c); }
        return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
      };
      const bad = new Map();
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const e = node.parentElement;
        if (!node.textContent.trim() || e.closest("script, style, [aria-hidden=true], dialog, .sep, .skip") || !e.checkVisibility()) continue;
        const style = getComputedStyle(e), size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && Number(style.fontWeight) >= 700;
        const under = back(e), got = ratio(over(parse(style.color), under), under);
        if (got < (large ? 3 : 4.5)) bad.set(e.tagName + "." + e.className, got.toFixed(2));
      }
      return [...bad];
    });
    assert.deepEqual(low, [], media);
    await close();
  }
});

test("labels on the flame graph's colours have that contrast too", async () => {
  const { page, close } = await open("checkout.html");
  const luminance = hex => { const [r, g, b] = [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16) / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  for (const fill of ["#909aa5", "#ffb454", "#7fb4d8", "#8fa6b8", "#8793a0", "#b3a1d6", "#d69ab8", "#f7f06a"]) {
    assert.ok((luminance(fill) + 0.05) / (luminance("#0b1016") + 0.05) >= 4.5, fill);
  }
  await close();
});
