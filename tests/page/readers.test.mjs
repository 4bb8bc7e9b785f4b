// What we export, read by the program that people open it with: speedscope's own page imports all four.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { pages } from "./browser.mjs";

const release = join(dirname(fileURLToPath(import.meta.url)), "node_modules", "speedscope", "dist", "release");
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".wasm": "application/wasm" };
let server, origin, browser;

before(async () => {
  server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://x").pathname);
    try {
      const body = await readFile(path.startsWith("/file/") ? join(pages, path.slice(6)) : join(release, path));
      response.writeHead(200, { "content-type": types[extname(path)] || "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise(done => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch({
    executablePath: process.env.HUD_CHROMIUM || "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--use-angle=swiftshader", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader"],
  });
});

after(async () => {
  await browser?.close();
  server?.close();
});

// the file, and what its sandwich view must list
for (const [file, wanted] of [
  ["checkout.speedscope.json", "bcrypt::bcrypt::bcrypt"],
  ["checkout.folded.txt", "bcrypt::bcrypt::bcrypt"],
  // of a location with inlined functions it shows the one they are inlined into
  ["checkout.pprof.pb.gz", "bcrypt::hash"],
  ["checkout.trace.json", "checkout::login"],
]) {
  test(`speedscope opens ${file}`, async () => {
    const page = await browser.newPage({ viewport: { width: 1200, height: 1000 } });
    const errors = [];
    page.on("pageerror", error => errors.push(error.message));
    page.on("dialog", dialog => { errors.push(dialog.message()); dialog.dismiss(); });
    await page.goto(`${origin}/index.html#profileURL=${encodeURIComponent(`${origin}/file/${file}`)}&view=sandwich`);
    await page.waitForFunction(name => document.body.innerText.includes(name), wanted, { timeout: 15000, polling: 200 });
    assert.deepEqual(errors, []);
    await page.close();
  });
}
