// node pictures.mjs FROM TO: *.ansi (a terminal's screen, as `tmux capture-pane -e` prints it) and the page mistakes.html as
// PNG files. docs/pictures.sh makes FROM.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [from, to] = process.argv.slice(2);
const basic = ["#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5"];
const bright = ["#666666", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff"];
// 16 colours, a cube of 6x6x6, 24 greys
const indexed = n => n < 8 ? basic[n] : n < 16 ? bright[n - 8]
  : n < 232 ? "#" + [Math.floor((n - 16) / 36), Math.floor((n - 16) / 6) % 6, (n - 16) % 6].map(v => (v && v * 40 + 55).toString(16).padStart(2, "0")).join("")
  : "#" + (8 + (n - 232) * 10).toString(16).padStart(2, "0").repeat(3);
const escape = text => text.replace(/[&<>]/g, c => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);

function apply(style, codes) {
  for (let i = 0; i < codes.length; i++) {
    const n = codes[i], target = n < 40 ? "color" : "background";
    if (n === 0) for (const key in style) delete style[key];
    else if (n === 1) style.bold = true;
    else if (n === 2) style.dim = true;
    else if (n === 7) style.inverse = true;
    else if (n === 22) style.bold = style.dim = false;
    else if (n === 27) style.inverse = false;
    else if (n === 38 || n === 48) {
      style[target] = codes[i + 1] === 2 ? `rgb(${codes.slice(i + 2, i + 5)})` : indexed(codes[i + 2]);
      i += codes[i + 1] === 2 ? 4 : 2;
    } else if (n === 39 || n === 49) delete style[target];
    else if (n >= 30 && n <= 37 || n >= 40 && n <= 47) style[target] = basic[n % 10];
    else if (n >= 90 && n <= 97) style.color = bright[n - 90];
  }
}

function html(ansi) {
  const style = {}, background = "#0c0e12", ink = "#d0d4dc";
  let out = "";
  for (const [, codes, text] of ("\x1b[0m" + ansi).matchAll(/\x1b\[([\d;]*)m([^\x1b]*)/g)) {
    apply(style, (codes || "0").split(";").map(Number));
    if (!text) continue;
    let [front, back] = [style.color ?? ink, style.background ?? "transparent"];
    if (style.inverse) [front, back] = [back === "transparent" ? background : back, front];
    out += `<span style="color:${front};background:${back}${style.bold ? ";font-weight:bold" : ""}${style.dim ? ";opacity:.6" : ""}">${escape(text)}</span>`;
  }
  return `<!doctype html><meta charset="utf-8"><body style="margin:0;background:${background}"><pre style="display:inline-block;margin:0;padding:10px 12px;font:14px/17px 'DejaVu Sans Mono',monospace">${out}</pre>`;
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

const address = pathToFileURL(join(from, "mistakes.html")).href;
for (const [name, width, height] of [["page", 1280, 800], ["page-phone", 390, 844], ["page-charts", 1280, 700]]) {
  const page = await open(width, height);
  await page.goto(address);
  await page.waitForFunction(() => document.documentElement.dataset.ready === "true");
  if (name === "page-charts") {
    await page.fill("#flame-search", "cart");
    await page.evaluate(() => { hud.timeline.zoomBy(0.1); document.getElementById("flame").scrollIntoView({ behavior: "instant" }); });
  }
  await page.screenshot({ path: join(to, name + ".png") });
}
await browser.close();
