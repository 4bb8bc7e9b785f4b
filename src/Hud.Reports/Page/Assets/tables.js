// Columns with numbers sort on a click of their title; the first click puts the largest on top.
function sortableTables() {
  for (const table of document.querySelectorAll("table.sortable")) {
    labelCells(table);
    table.querySelectorAll("thead th").forEach((cell, column) => {
      if (!cell.classList.contains("num")) return;
      const button = element("button", cell.textContent);
      button.type = "button";
      cell.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = cell.getAttribute("aria-sort") !== "descending";
        for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
        cell.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0], value = row => Number(row.cells[column].dataset.sort || 0);
        body.append(...[...body.rows].sort((a, b) => down ? value(b) - value(a) : value(a) - value(b)));
      });
    });
  }
}

// On a phone each row is a card, and each number needs its name beside it.
function labelCells(table) {
  const titles = [...table.tHead.rows[0].cells].map(cell => cell.textContent);
  for (const row of table.tBodies[0].rows) [...row.cells].forEach((cell, column) => { cell.dataset.label = titles[column]; });
}

function copyYaml() {
  const button = byId("copy-yaml"), said = byId("copied");
  if (!button) return;
  button.addEventListener("click", async () => {
    const text = byId("yaml").textContent;
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = "copied";
    } catch {
      // a page from a disk may not reach the clipboard: selecting leaves one key press
      getSelection().selectAllChildren(byId("yaml"));
      said.textContent = "selected: press Ctrl+C";
    }
  });
}
