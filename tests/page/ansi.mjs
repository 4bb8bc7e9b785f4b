// What `tmux capture-pane -p -e` prints, taken apart: text with its colours.
const basic = ["#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5"];
const bright = ["#666666", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff"];
export const paper = "#0c0e12", ink = "#d0d4dc";

// 16 colours, a cube of 6x6x6, 24 greys
const indexed = n => n < 8 ? basic[n] : n < 16 ? bright[n - 8]
  : n < 232 ? "#" + [Math.floor((n - 16) / 36), Math.floor((n - 16) / 6) % 6, (n - 16) % 6].map(v => (v && v * 40 + 55).toString(16).padStart(2, "0")).join("")
  : "#" + (8 + (n - 232) * 10).toString(16).padStart(2, "0").repeat(3);
const hex = parts => "#" + parts.map(n => n.toString(16).padStart(2, "0")).join("");

export const escape = text => text.replace(/[&<>]/g, c => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);

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
      style[target] = codes[i + 1] === 2 ? hex(codes.slice(i + 2, i + 5)) : indexed(codes[i + 2]);
      i += codes[i + 1] === 2 ? 4 : 2;
    } else if (n === 39 || n === 49) delete style[target];
    else if (n >= 30 && n <= 37 || n >= 40 && n <= 47) style[target] = basic[n % 10];
    else if (n >= 90 && n <= 97) style.color = bright[n - 90];
  }
}

// [{ text, front, back (null for the paper), bold, dim }]; line ends stay in the text.
export function runs(ansi) {
  const style = {}, list = [];
  for (const [, codes, text] of ("\x1b[0m" + ansi).matchAll(/\x1b\[([\d;]*)m([^\x1b]*)/g)) {
    apply(style, (codes || "0").split(";").map(Number));
    if (!text) continue;
    let [front, back] = [style.color ?? ink, style.background ?? null];
    if (style.inverse) [front, back] = [back ?? paper, front];
    list.push({ text, front, back, bold: Boolean(style.bold), dim: Boolean(style.dim) });
  }
  return list;
}
