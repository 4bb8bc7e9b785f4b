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
