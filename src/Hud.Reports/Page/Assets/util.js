// Text from the target reaches the page through textContent and fillText only; nothing here builds markup from strings.
const byId = id => document.getElementById(id);

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function three(value) {
  return value >= 99.95 ? value.toFixed(0) : String(+value.toFixed(value >= 9.995 ? 1 : 2));
}

// Microseconds to text, in the words the page's tables use.
function duration(us) {
  if (us < 1000) return Math.round(us) + "us";
  if (us < 999500) return three(us / 1e3) + "ms";
  if (us < 59950000) return three(us / 1e6) + "s";
  const seconds = Math.round(us / 1e6);
  return Math.floor(seconds / 60) + "m" + String(seconds % 60).padStart(2, "0") + "s";
}

function percent(part, whole) {
  if (!whole || !part) return "0%";
  const value = part * 100 / whole;
  return value < 0.01 ? "<0.01%" : three(value) + "%";
}

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

const paper = window.matchMedia("print");

const causeNames = ["computing", "asleep in a call", "asleep on a lock", "waiting for a CPU", "over the CPU limit"];

function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = name => style.getPropertyValue("--" + name).trim();
  return {
    cause: ["oncpu", "blockingcall", "lockwait", "runqueue", "throttled"].map(of),
    // unknown, user, third party, std, runtime, native, kernel
    kind: ["#98a4b1", "#ffb454", "#7fb4d8", "#8fa6b8", "#a59d95", "#b3a1d6", "#d69ab8"],
    // what a search found
    found: "#f7f06a",
    ink: "#0b1016",
    text: of("text"),
    dim: of("dim"),
    line: of("line"),
    accent: of("accent"),
    back: paper.matches ? "#ffffff" : "#080b0f",
    stall: paper.matches ? "rgba(168, 22, 12, 0.18)" : "rgba(255, 90, 80, 0.26)",
  };
}

// A canvas at the screen's own resolution; returns its context with CSS pixels as units.
function sized(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const w = Math.round(width * ratio), h = Math.round(height * ratio);
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
  }
  const context = canvas.getContext("2d", { alpha: false });
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

const tip = element("div", "", "tip");
tip.hidden = true;
tip.setAttribute("aria-hidden", "true");

function showTip(event, text) {
  if (!tip.isConnected) document.body.append(tip);
  if (!text) { tip.hidden = true; return; }
  tip.textContent = text;
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = clamp(event.clientX + 14, 4, Math.max(4, innerWidth - box.width - 4)) + "px";
  tip.style.top = (event.clientY + box.height + 22 > innerHeight ? event.clientY - box.height - 10 : event.clientY + 16) + "px";
}

// Redraws are joined to one a frame.
function perFrame(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  };
}

// First the text, then the charts: they wait until the browser says that what the reader came for is on the screen. The next
// animation frame is not enough: it comes before the first one is painted, and drawing would hold that up.
function afterFirstPaint(draw) {
  let begun = false;
  const begin = () => { if (!begun) { begun = true; draw(); } };
  // a page in the background is not painted
  setTimeout(begin, 2000);
  new PerformanceObserver(list => { if (list.getEntriesByName("first-contentful-paint").length > 0) setTimeout(begin, 0); }).observe({ type: "paint", buffered: true });
}

function notDrawn(error, ...names) {
  for (const name of names) byId(name + "-status").textContent = "This cannot be drawn here (" + error.message + "); the tables hold the same numbers.";
  document.documentElement.dataset.ready = "failed";
}
