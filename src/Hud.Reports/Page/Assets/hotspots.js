// One detail at a time beside the list; rows react to the pointer, their links to the keyboard.
function hotspotList() {
  const rows = [...document.querySelectorAll(".hotspot-table tr[data-hotspot]")];
  const details = [...document.querySelectorAll("article[data-hotspot]")];
  let chosen = 0;

  function choose(index, go) {
    if (!rows[index]) return;
    chosen = index;
    rows.forEach((row, i) => { row.classList.toggle("chosen", i === index); row.querySelector("a").toggleAttribute("aria-current", i === index); });
    const shown = details[index] || details[0];
    details.forEach(detail => detail.classList.toggle("chosen", detail === shown));
    if (!go || !shown) return;
    shown.focus({ preventScroll: true });
    shown.scrollIntoView({ block: "nearest" });
  }

  rows.forEach((row, i) => row.addEventListener("click", event => { event.preventDefault(); choose(i, event.target.closest("a") !== null || innerWidth <= 820); }));
  const fromAddress = () => { const match = /^#hotspot-(\d+)$/.exec(location.hash); if (match) choose(Number(match[1]) - 1, true); };
  addEventListener("hashchange", fromAddress);
  choose(0, false);
  fromAddress();
  return { choose, get chosen() { return chosen; }, count: rows.length };
}
