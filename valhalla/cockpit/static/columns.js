// Which columns of a table are shown: the reader's choice, kept in the browser under the table's name.
function show(table, index, shown) {
  for (const row of table.rows) {
    const cell = row.cells[index];
    if (!cell) continue;
    cell.classList.toggle("off", !shown);
  }
}

function menu(table) {
  const key = `valhalla.columns.${table.dataset.keep}`;
  const heads = [...table.tHead.rows[0].cells];
  let kept = {};
  try { kept = JSON.parse(localStorage.getItem(key) ?? "{}"); } catch { /* nothing is kept */ }
  const choose = document.createElement("details"), summary = document.createElement("summary"), box = document.createElement("div");
  choose.className = "choose";
  summary.className = "button small quiet";
  summary.textContent = "Columns";
  box.className = "choose-box";
  let titled = 0;
  heads.forEach((head, index) => {
    const title = head.firstChild?.textContent.trim() || head.textContent.trim();
    if (!title || ++titled <= 2) return; // number and name say which row it is
    const label = document.createElement("label"), tick = document.createElement("input");
    tick.type = "checkbox";
    tick.checked = kept[title] ?? !head.classList.contains("off");
    show(table, index, tick.checked);
    tick.addEventListener("change", () => {
      kept[title] = tick.checked;
      show(table, index, tick.checked);
      try { localStorage.setItem(key, JSON.stringify(kept)); } catch { /* it holds for this page */ }
    });
    label.append(tick, title);
    box.append(label);
  });
  choose.append(summary, box);
  const tools = document.createElement("div");
  tools.className = "table-tools";
  tools.append(choose);
  table.closest(".table-wrap").before(tools);
  document.addEventListener("click", (event) => { if (!choose.contains(event.target)) choose.open = false; });
}

export function start() {
  for (const table of document.querySelectorAll("table[data-keep]")) menu(table);
}
