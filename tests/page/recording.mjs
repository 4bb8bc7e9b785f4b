// node recording.mjs FROM TO.svg: the screens FROM/*.ansi, in order, as one moving picture. A file is named ORDER-MILLISECONDS.ansi:
// how long it stays. No script in it: the frames lie side by side, and a style moves the strip. A line is drawn once, however
// many frames show it, so that the file stays small.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { escape, ink, paper, runs } from "./ansi.mjs";

const [from, to] = process.argv.slice(2);
const wide = 8.4, high = 17, margin = 10;
const files = readdirSync(from).filter(name => name.endsWith(".ansi")).sort();
if (!files.length) throw new Error(`no screens in ${from}`);
const frames = files.map(name => ({ rows: rowsOf(readFileSync(join(from, name), "utf8")), ms: Number(/-(\d+)\.ansi$/.exec(name)[1]) }));
const columns = Math.max(...frames.flatMap(frame => frame.rows.map(row => row.reduce((sum, run) => sum + [...run.text].length, 0))));
const lines = Math.max(...frames.map(frame => frame.rows.length));
const width = Math.ceil(columns * wide) + 2 * margin, height = lines * high + 2 * margin;

function rowsOf(ansi) {
  const rows = [[]];
  for (const run of runs(ansi.replace(/\n+$/, ""))) {
    run.text.split("\n").forEach((text, i) => { if (i) rows.push([]); if (text) add(rows.at(-1), { ...run, text }); });
  }
  return rows;
}

// What follows in the same colours is one run.
function add(row, run) {
  const last = row.at(-1);
  if (last && ["front", "back", "bold", "dim"].every(key => last[key] === run[key])) last.text += run.text;
  else row.push(run);
}

// Colours repeat in every line: each gets a class.
const classes = new Map();
const classOf = style => classes.get(style) ?? (classes.set(style, "c" + classes.size), classes.get(style));

const number = value => String(Math.round(value));

function drawn(row) {
  let at = 0, out = "";
  for (const { text, front, back, bold, dim } of row) {
    const length = [...text].length, x = number(at * wide), span = number(length * wide);
    if (back) out += `<rect x="${x}" width="${span}" height="${high}" fill="${back}"/>`;
    const blank = text.length - text.trimStart().length, shown = text.trim();
    if (shown) {
      const style = `fill:${front}${bold ? ";font-weight:bold" : ""}${dim ? ";opacity:.6" : ""}`;
      out += `<text class="${classOf(style)}" x="${number((at + blank) * wide)}" textLength="${number([...shown].length * wide)}">${escape(shown)}</text>`;
    }
    at += length;
  }
  return out;
}

const ids = new Map();
let symbols = "";
function idOf(row) {
  const picture = drawn(row);
  if (!picture) return null;
  if (!ids.has(picture)) {
    ids.set(picture, "r" + ids.size);
    symbols += `<g id="${ids.get(picture)}">${picture}</g>\n`;
  }
  return ids.get(picture);
}

let strip = "";
frames.forEach((frame, f) => {
  frame.rows.forEach((row, r) => {
    const id = idOf(row);
    if (id) strip += `<use href="#${id}" x="${f * width}" y="${r * high}"/>`;
  });
  strip += "\n";
});

const whole = frames.reduce((sum, frame) => sum + frame.ms, 0);
let at = 0;
const steps = frames.map((frame, f) => {
  const step = `${(at / whole * 100).toFixed(1)}%{transform:translateX(${-f * width}px)}`;
  at += frame.ms;
  return step;
}).join("");
const styles = [...classes].map(([style, name]) => `.${name}{${style}}`).join("");

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Recording of Hud's cockpit on the demo service">
<style>text{transform:translateY(13px);font:14px 'DejaVu Sans Mono',ui-monospace,Menlo,Consolas,monospace;fill:${ink};white-space:pre}${styles}
@keyframes play{${steps}}.strip{animation:play ${(whole / 1000).toFixed(1)}s step-end infinite}
@media(prefers-reduced-motion:reduce){.strip{animation:none;transform:translateX(${-(frames.length - 1) * width}px)}}</style>
<defs>${symbols}</defs>
<rect width="100%" height="100%" rx="6" fill="${paper}"/>
<svg x="${margin}" y="${margin}" width="${width - 2 * margin}" height="${height - 2 * margin}"><g class="strip">${strip}</g></svg>
</svg>
`;
writeFileSync(to, svg);
console.log(`${to}: ${frames.length} frames, ${(whole / 1000).toFixed(0)} s, ${Math.round(svg.length / 1024)} KB`);
