// One Chromium for each test file; every page fails its test on a console message, an error or a request.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

export const pages = process.env.HUD_PAGES;
let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.HUD_CHROMIUM || "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
});

after(() => browser?.close());

export const address = name => pathToFileURL(join(pages, name)).href;

export async function open(name, { width = 1440, height = 900, ready = "true", ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, ...options });
  const page = await context.newPage();
  const noise = [], requests = [];
  page.on("console", message => noise.push(message.type() + ": " + message.text()));
  page.on("pageerror", error => noise.push("error: " + error.stack));
  page.on("dialog", dialog => { noise.push("dialog: " + dialog.message()); dialog.dismiss(); });
  page.on("request", request => requests.push(request.url()));
  await page.goto(address(name));
  if (ready) await page.waitForFunction(wanted => document.documentElement.dataset.ready === wanted, ready, { timeout: 15000 });
  return {
    page,
    // to be called last: whatever happened before counts
    async close() {
      assert.deepEqual(noise, []);
      assert.deepEqual(requests, [address(name)]);
      await context.close();
    },
  };
}

// Text of an element as a person reads it, who has scrolled there.
export const text = async (page, selector) => {
  await page.locator(selector).first().scrollIntoViewIfNeeded();
  return (await page.locator(selector).first().innerText()).replace(/\s+/g, " ").trim();
};

// What is far below is laid out when it comes into sight only; here all of it at once, because a width is measured.
export const laidOut = page => page.evaluate(() => { for (const each of document.querySelectorAll("section")) each.style.contentVisibility = "visible"; });

// How many pixels of a canvas have a colour, by "r,g,b".
export const pixels = (page, selector) => page.evaluate(selector => {
  const canvas = document.querySelector(selector);
  const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height }).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  const counts = {};
  for (let i = 0; i < data.length; i += 4) {
    const key = data[i] + "," + data[i + 1] + "," + data[i + 2];
    counts[key] = (counts[key] || 0) + 1;
  }
  return counts;
}, selector);
