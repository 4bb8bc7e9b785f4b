// node pictures.mjs FROM TO: *.ansi (a terminal's screen, as `tmux capture-pane -e` prints it) and the pages mistakes.html and
// compare.html as PNG files. docs/pictures.sh makes FROM.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { escape, paper, runs } from "./ansi.mjs";

const [from, to] = process.argv.slice(2);

function html(ansi) {
  const out = runs(ansi).map(({ text, front, back, bold, dim }) =>
    `<span style="color:${front};background:${back ?? "transparent"}${bold ? ";font-weight:bold" : ""}${dim ? ";opacity:.6" : ""}">${escape(text)}</span>`);
  return `<!doctype html><meta charset="utf-8"><body style="margin:0;background:${paper}"><pre style="display:inline-block;margin:0;padding:10px 12px;font:14px/17px 'DejaVu Sans Mono',monospace">${out.join("")}</pre>`;
}

const browser = await chromium.launch({
  executablePath: process.env.HUD_CHROMIUM || "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const open = async (width, height) => await (await browser.newContext({ viewport: { width, height }, colorScheme: "dark" })).newPage();

for (const file of readdirSync(from).filter(name => name.endsWith(".ansi"))) {
  const page = await open(1200, 800);
  await page.setContent(html(readFileSync(join(from, file), "utf8").replace(/\n+$/, "")));
  await page.locator("pre").screenshot({ path: join(to, file.replace(".ansi", ".png")) });
}

for (const [name, width, height] of [["page", 1440, 900], ["page-phone", 390, 844], ["page-charts", 1440, 760], ["page-compare", 1440, 900]]) {
  const page = await open(width, height);
  await page.goto(pathToFileURL(join(from, name === "page-compare" ? "compare.html" : "mistakes.html")).href);
  await page.waitForFunction(() => document.documentElement.dataset.ready === "true");
  if (name === "page-charts") {
    await page.fill("#flame-search", "cart");
    await page.evaluate(() => { hud.timeline.zoomBy(0.1); document.getElementById("flame").scrollIntoView({ behavior: "instant" }); });
  }
  await page.screenshot({ path: join(to, name + ".png") });
}
await browser.close();
