// Draws a layout from one box downwards; the boxes above are buttons over the canvas.
// `name` is that of its section: a comparison has two.
function flameView(data, name = "flame") {
  const canvas = byId(name + "-canvas"), status = byId(name + "-status"), crumbs = byId(name + "-crumbs");
  const row = window.matchMedia("(pointer: coarse)").matches ? 40 : 19, narrow = 0.5;
  let tree = buildTree(data, false);
  let layout = layOut(tree, "lost"), zoom = 0, focus = 0, found = null, charWidth = 0, rows = 1;

  function draw() {
    const box = canvas.parentElement.clientWidth;
    rows = visibleRows();
    const context = sized(canvas, box, Math.max(3, rows) * row + 2);
    const palette = colours();
    context.fillStyle = palette.back;
    context.fillRect(0, 0, box, rows * row + 60);
    context.font = "11px ui-monospace, Menlo, Consolas, monospace";
    context.textBaseline = "middle";
    charWidth = charWidth || context.measureText("mmmmmmmmmm").width / 10;
    if (layout.size === 0) { context.fillStyle = palette.dim; context.fillText("No time of this kind was lost.", 10, 20); return; }
    const scale = box / layout.width[zoom], origin = layout.left[zoom], top = layout.depth[zoom];
    for (let i = zoom; i < layout.end[zoom];) {
      const width = layout.width[i] * scale;
      if (width < narrow) { i = layout.end[i]; continue; }
      const x = (layout.left[i] - origin) * scale, y = (layout.depth[i] - top) * row + 1;
      const n = layout.node[i];
      context.globalAlpha = found && !found.hit[i] ? 0.28 : 1;
      context.fillStyle = found && found.hit[i] ? palette.found : palette.kind[tree.kind[n]];
      context.fillRect(x, y, Math.max(narrow, width - 0.6), row - 1);
      if (width > 26) {
        context.fillStyle = palette.ink;
        if (found && !found.hit[i]) { context.globalAlpha = 1; context.fillStyle = palette.dim; }
        const room = Math.floor((width - 8) / charWidth), label = tree.name[n];
        context.fillText(label.length <= room ? label : label.slice(0, Math.max(1, room - 1)) + "\u2026", x + 4, y + row / 2);
      }
      i++;
    }
    context.globalAlpha = 1;
    if (document.activeElement === canvas && inZoom(focus)) {
      context.strokeStyle = paper.matches ? "#000" : "#fff";
      context.lineWidth = 2;
      context.strokeRect((layout.left[focus] - origin) * scale + 1, (layout.depth[focus] - top) * row + 2, Math.max(3, layout.width[focus] * scale - 2), row - 3);
    }
  }

  // Only as many rows as boxes wide enough to see reach.
  function visibleRows() {
    if (layout.size === 0) return 1;
    const least = layout.width[zoom] / canvas.parentElement.clientWidth * narrow;
    let deepest = layout.depth[zoom];
    for (let i = zoom; i < layout.end[zoom];) {
      if (layout.width[i] < least) { i = layout.end[i]; continue; }
      if (layout.depth[i] > deepest) deepest = layout.depth[i];
      i++;
    }
    return deepest - layout.depth[zoom] + 1;
  }

  const inZoom = i => i >= zoom && i < layout.end[zoom];
  const redraw = perFrame(draw);

  function describe(i) {
    const n = layout.node[i];
    const where = tree.location[n] ? " (" + tree.location[n] + ")" : "";
    return tree.name[n] + where + ": " + duration(layout.width[i]) + ", " + percent(layout.width[i], layout.width[0]) + " of all, " + tree.count[n] + " polls";
  }

  function say(i) { status.textContent = layout.size ? describe(i) : "No time of this kind was lost."; }

  function zoomTo(i) {
    zoom = focus = i;
    crumbs.replaceChildren();
    const path = [];
    for (let at = layout.size ? layout.up[i] : -1; at >= 0; at = layout.up[at]) path.push(at);
    for (const at of path.reverse()) {
      const button = element("button", tree.name[layout.node[at]]);
      button.type = "button";
      button.addEventListener("click", () => { zoomTo(at); canvas.focus(); });
      crumbs.append(button);
    }
    say(i);
    draw();
    canvas.parentElement.scrollTop = 0;
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    const x = (event.clientX - box.left) * canvas.parentElement.clientWidth / box.width;
    const depth = Math.floor((event.clientY - box.top - 1) / row) + layout.depth[zoom];
    const scale = canvas.parentElement.clientWidth / layout.width[zoom];
    const value = x / scale + layout.left[zoom];
    for (let i = zoom; layout.size && i < layout.end[zoom];) {
      if (value < layout.left[i] || value >= layout.left[i] + layout.width[i]) { i = layout.end[i]; continue; }
      if (layout.depth[i] === depth) return i;
      i++;
    }
    return -1;
  }

  function setMetric(metric) {
    layout = layOut(tree, metric);
    for (const button of document.querySelectorAll("#" + name + " [data-metric]")) button.setAttribute("aria-pressed", String(button.dataset.metric === metric));
    find(byId(name + "-search").value);
    zoomTo(0);
    fillTable();
  }

  function find(text) {
    found = search(layout, text);
    byId(name + "-found").textContent = found ? (found.boxes ? percent(found.sum, layout.width[0]) + " in " + found.boxes : "not found") : "";
    redraw();
  }

  // Neighbours for the keys, among boxes wide enough to be drawn.
  function move(key) {
    const least = layout.width[zoom] / canvas.parentElement.clientWidth * narrow;
    const wide = i => layout.width[i] >= least;
    if (key === "ArrowDown") return focus + 1 < layout.end[focus] && wide(focus + 1) ? focus + 1 : focus;
    if (key === "ArrowUp") return focus === zoom ? focus : layout.up[focus];
    if (focus === zoom) return focus;
    const over = layout.up[focus];
    if (key === "ArrowRight") return layout.end[focus] < layout.end[over] && wide(layout.end[focus]) ? layout.end[focus] : focus;
    let before = over + 1;
    if (before === focus) return focus;
    while (layout.end[before] !== focus) before = layout.end[before];
    return before;
  }

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || layout.size === 0) return;
    if (event.key.startsWith("Arrow")) { focus = move(event.key); say(focus); redraw(); }
    else if (event.key === "Enter" || event.key === " ") zoomTo(focus);
    else if (event.key === "Backspace" && zoom !== 0) zoomTo(layout.up[zoom]);
    else if (event.key === "Home" || event.key === "Escape") zoomTo(0);
    else return;
    event.preventDefault();
  }

  function fillTable() {
    const table = byId(name + "-table");
    if (!table.open) return;
    const made = element("table", undefined, "sortable");
    const head = made.createTHead().insertRow();
    for (const title of ["Function", "Self", "Total", "Line"]) head.append(Object.assign(element("th", title, title === "Self" || title === "Total" ? "num" : ""), { scope: "col" }));
    const body = made.createTBody();
    for (const line of heaviest(layout, 40)) {
      const tr = body.insertRow();
      tr.append(Object.assign(element("th", line.name), { scope: "row" }), element("td", duration(line.self), "num"), element("td", duration(line.total), "num"), element("td", line.location, "loc"));
    }
    labelCells(made);
    table.querySelector(".scroll").replaceChildren(made);
  }

  canvas.addEventListener("click", event => { const i = at(event); if (i >= 0) zoomTo(i); });
  canvas.addEventListener("mousemove", event => { const i = at(event); showTip(event, i >= 0 ? describe(i) : ""); });
  canvas.addEventListener("mouseleave", event => showTip(event, ""));
  canvas.addEventListener("keydown", keys);
  canvas.addEventListener("focus", redraw);
  canvas.addEventListener("blur", redraw);
  byId(name + "-search").addEventListener("input", event => find(event.target.value));
  byId(name + "-runtime").addEventListener("click", event => {
    const shown = event.target.getAttribute("aria-pressed") !== "true";
    event.target.setAttribute("aria-pressed", String(shown));
    tree = buildTree(data, shown);
    setMetric(layout.metric);
  });
  byId(name + "-reset").addEventListener("click", () => zoomTo(0));
  byId(name + "-table").addEventListener("toggle", fillTable);
  for (const button of document.querySelectorAll("#" + name + " [data-metric]")) button.addEventListener("click", () => setMetric(button.dataset.metric));
  zoomTo(0);
  return { draw, redraw, zoomTo, find, setMetric, get zoom() { return zoom; }, get size() { return layout.size; }, get total() { return layout.size ? layout.width[0] : 0; }, name: i => tree.name[layout.node[i]], children(i) {
    const list = [];
    for (let c = i + 1; c < layout.end[i]; c = layout.end[c]) list.push(c);
    return list;
  } };
}
