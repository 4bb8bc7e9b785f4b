function timelineView(data, hotspots) {
  const canvas = byId("timeline-canvas"), status = byId("timeline-status"), range = byId("timeline-range");
  const model = timelineModel(data), { polls } = data, { lanes } = model;
  const head = 22, least = 50;
  const laneHeight = lanes.length > 40 ? 13 : lanes.length > 16 ? 17 : 22;
  let from = 0, to = data.observed, chosen = -1, drag = null;

  const side = () => canvas.parentElement.clientWidth < 600 ? 46 : 150;
  const laneTop = i => head + i * laneHeight;

  function draw() {
    const width = canvas.parentElement.clientWidth, height = head + lanes.length * laneHeight + 4, gutter = side();
    const context = sized(canvas, width, height);
    const palette = colours(), scale = (width - gutter) / (to - from);
    const x = time => gutter + (time - from) * scale;
    context.fillStyle = palette.back;
    context.fillRect(0, 0, width, height);
    context.font = "11px ui-monospace, Menlo, Consolas, monospace";
    context.textBaseline = "middle";
    grid(context, palette, x, width, height, gutter);
    stalls(context, palette, x, width, gutter);
    for (let l = 0; l < lanes.length; l++) lane(context, palette, lanes[l], laneTop(l), x, scale, width, gutter);
    labels(context, palette, gutter, height);
    if (drag) {
      context.fillStyle = "rgba(140, 200, 255, 0.25)";
      context.fillRect(Math.min(drag.x, drag.now), head, Math.abs(drag.now - drag.x), height - head);
    }
    range.textContent = stamp(from) + " \u2013 " + stamp(to);
  }

  function grid(context, palette, x, width, height, gutter) {
    const step = tickStep(to - from, (width - gutter) / 110);
    context.lineWidth = 1;
    for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
      context.strokeStyle = palette.line;
      context.beginPath();
      context.moveTo(Math.round(x(t)) + 0.5, head - 4);
      context.lineTo(Math.round(x(t)) + 0.5, height);
      context.stroke();
      const text = stamp(t), wide = context.measureText(text).width;
      context.fillStyle = palette.dim;
      if (x(t) + 4 + wide < width) context.fillText(text, x(t) + 3, 10);
    }
  }

  // Shaded over the lanes of the runtime that stood still, with a mark on the axis.
  function stalls(context, palette, x, width, gutter) {
    for (const stall of data.stalls) {
      if (stall.start > to || stall.start + stall.wall < from) continue;
      const left = Math.floor(Math.max(gutter, x(stall.start))), right = Math.min(width, x(stall.start + stall.wall)), wide = Math.max(2, right - left);
      context.fillStyle = palette.stall;
      for (let l = 0; l < lanes.length; l++) {
        if (lanes[l].worker.target === stall.target && lanes[l].worker.runtime === stall.runtime) context.fillRect(left, laneTop(l), wide, laneHeight);
      }
      context.fillStyle = "#ff5a50";
      context.fillRect(left, head - 4, wide, 3);
    }
  }

  function lane(context, palette, of, top, x, scale, width, gutter) {
    const height = laneHeight - 5;
    let reached = -1, reachedCause = -1;
    for (let k = model.first(of, from); k < of.polls.length; k++) {
      const i = of.polls[k], start = polls.start[i];
      if (start > to) break;
      if (start + polls.wall[i] < from) continue;
      // whole pixels: a sliver of half a pixel would fade into the background
      const left = Math.floor(Math.max(gutter, x(start))), right = Math.max(left + 1, Math.round(Math.min(width, x(start + polls.wall[i]))));
      // within a pixel that is already drawn in this colour there is nothing to add
      if (right <= reached && polls.cause[i] === reachedCause) continue;
      context.fillStyle = palette.cause[polls.cause[i]] || palette.dim;
      context.fillRect(left, top + 3, right - left, height);
      if (right - left > 60 && data.hotspots[polls.hotspot[i]]) {
        context.fillStyle = paper.matches ? "#ffffff" : palette.ink;
        const room = Math.floor((right - left - 8) / 6.7), label = data.hotspots[polls.hotspot[i]].user || data.hotspots[polls.hotspot[i]].fn;
        context.fillText(label.length <= room ? label : label.slice(0, Math.max(1, room - 1)) + "\u2026", left + 4, top + 3 + height / 2);
      }
      if (i === chosen) {
        context.strokeStyle = paper.matches ? "#000" : "#fff";
        context.lineWidth = 2;
        context.strokeRect(left, top + 2, Math.max(3, right - left), height + 2);
      }
      reached = right;
      reachedCause = polls.cause[i];
    }
  }

  function labels(context, palette, gutter, height) {
    context.fillStyle = palette.back;
    context.fillRect(0, 0, gutter, height);
    for (let l = 0; l < lanes.length; l++) {
      const { worker, index } = lanes[l];
      const several = data.targets.length > 1 && data.targets[worker.target] ? data.targets[worker.target].name + " " : "";
      const text = gutter < 60 ? "#" + index : several + worker.name + " " + index;
      const room = Math.floor((gutter - 10) / 6.7);
      context.fillStyle = palette.dim;
      context.fillText(text.length <= room ? text : "\u2026" + text.slice(text.length - room + 1), 4, laneTop(l) + laneHeight / 2);
    }
  }

  const redraw = perFrame(draw);
  const stamp = time => to - from > 20e6 ? (time / 1e6).toFixed(1) + "s" : to - from > 2e5 ? (time / 1e6).toFixed(3) + "s" : (time / 1e3).toFixed(2) + "ms";

  function view(a, b) {
    const span = clamp(b - a, least, data.observed);
    from = clamp(a, 0, data.observed - span);
    to = from + span;
    draw();
  }

  function zoomBy(factor, around) {
    const middle = around === undefined ? (from + to) / 2 : around;
    view(middle - (middle - from) * factor, middle + (to - middle) * factor);
  }

  function describe(i) {
    const spot = data.hotspots[polls.hotspot[i]], task = data.tasks[polls.task[i]];
    const cpu = Math.max(0, polls.wall[i] - polls.blocked[i] - polls.queued[i]);
    const where = spot ? (spot.user || spot.fn) + (spot.location ? " (" + spot.location + ")" : "") : "[no hotspot]";
    return where + "\n" + duration(polls.wall[i]) + " at " + (polls.start[i] / 1e6).toFixed(3) + "s, " + causeNames[polls.cause[i]]
      + ": computing " + duration(cpu) + ", asleep " + duration(polls.blocked[i]) + ", waiting for a CPU " + duration(polls.queued[i])
      + (task ? "\n" + task.name : "");
  }

  function choose(i) {
    chosen = i;
    status.textContent = i < 0 ? "" : describe(i).replaceAll("\n", " \u00b7 ");
    const start = i < 0 ? from : polls.start[i];
    if (i >= 0 && (start < from || start + polls.wall[i] > to)) view(start + polls.wall[i] / 2 - (to - from) / 2, start + polls.wall[i] / 2 + (to - from) / 2);
    else redraw();
  }

  function timeAt(event) {
    const box = canvas.getBoundingClientRect(), gutter = side();
    return from + clamp((event.clientX - box.left - gutter) / (box.width - gutter), 0, 1) * (to - from);
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    const of = lanes[Math.floor((event.clientY - box.top - head) / laneHeight)];
    if (!of || event.clientX - box.left < side()) return -1;
    const time = timeAt(event), slack = (to - from) / (box.width - side()) * 2;
    let best = -1;
    for (let k = model.first(of, time - slack); k < of.polls.length && polls.start[of.polls[k]] <= time + slack; k++) {
      const i = of.polls[k];
      // the innermost: a poll within a poll starts later
      if (polls.start[i] + polls.wall[i] >= time - slack) best = i;
    }
    return best;
  }

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (to - from) / 4, place = model.order.indexOf(chosen);
    const actions = {
      "+": () => zoomBy(0.5, centre()), "=": () => zoomBy(0.5, centre()), "-": () => zoomBy(2, centre()),
      ArrowLeft: () => view(from - step, to - step), ArrowRight: () => view(from + step, to + step), Home: () => view(0, data.observed), Escape: () => view(0, data.observed),
      n: () => choose(model.order[Math.min(place + 1, model.order.length - 1)] ?? -1),
      p: () => choose(model.order[Math.max(place < 0 ? 0 : place - 1, 0)] ?? -1),
      Enter: () => { if (chosen >= 0 && polls.hotspot[chosen] >= 0) hotspots.choose(polls.hotspot[chosen], true); },
    };
    if (!actions[event.key]) return;
    actions[event.key]();
    event.preventDefault();
  }

  const centre = () => chosen >= 0 && polls.start[chosen] >= from && polls.start[chosen] <= to ? polls.start[chosen] : undefined;
  const localX = event => event.clientX - canvas.getBoundingClientRect().left;

  canvas.addEventListener("wheel", event => {
    // the page must still scroll under the pointer
    if (!event.ctrlKey && !event.shiftKey && !event.metaKey && document.activeElement !== canvas) return;
    event.preventDefault();
    zoomBy(Math.exp((event.deltaY || event.deltaX) * 0.0022), timeAt(event));
  }, { passive: false });
  canvas.addEventListener("pointerdown", event => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    drag = { x: Math.max(side(), localX(event)), now: localX(event), time: timeAt(event) };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", event => {
    if (drag) { drag.now = Math.max(side(), localX(event)); redraw(); return; }
    const i = at(event);
    showTip(event, i >= 0 ? describe(i) : "");
  });
  canvas.addEventListener("pointerup", event => {
    const was = drag;
    drag = null;
    if (was && Math.abs(was.now - was.x) > 5) { const time = timeAt(event); view(Math.min(was.time, time), Math.max(was.time, time)); }
    else redraw();
  });
  canvas.addEventListener("click", event => { const i = at(event); if (i >= 0) choose(i); });
  canvas.addEventListener("dblclick", event => { const i = at(event); if (i >= 0 && polls.hotspot[i] >= 0) hotspots.choose(polls.hotspot[i], true); else view(0, data.observed); });
  canvas.addEventListener("pointerleave", event => showTip(event, ""));
  canvas.addEventListener("keydown", keys);
  for (const button of document.querySelectorAll("#timeline [data-zoom]")) {
    button.addEventListener("click", () => button.dataset.zoom === "reset" ? view(0, data.observed) : zoomBy(button.dataset.zoom === "in" ? 0.5 : 2, centre()));
  }
  draw();
  return { draw, redraw, view, zoomBy, choose, get from() { return from; }, get to() { return to; }, get chosen() { return chosen; } };
}
