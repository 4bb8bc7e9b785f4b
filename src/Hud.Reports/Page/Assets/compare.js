document.documentElement.classList.add("js");
sortableTables();

afterFirstPaint(async () => {
  const names = ["flame", "flame-after"];
  try {
    const views = [];
    for (const name of names) views.push(flameView(await loadData(name + "-data"), name));
    addEventListener("resize", () => views.forEach(view => view.redraw()));
    paper.addEventListener("change", () => views.forEach(view => view.draw()));
    // a hotspot of the table is marked in both graphs
    for (const link of document.querySelectorAll("[data-find]")) {
      link.addEventListener("click", () => names.forEach((name, i) => { byId(name + "-search").value = link.dataset.find; views[i].find(link.dataset.find); }));
    }
    window.hud = { flame: views[0], after: views[1], colours, readyAt: performance.now() };
    document.documentElement.dataset.ready = "true";
  } catch (error) { notDrawn(error, ...names); }
});
