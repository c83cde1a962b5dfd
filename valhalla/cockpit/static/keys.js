// "/" goes to the search box; j, k and Enter walk tables and lists marked with data-keys, x chooses; Escape closes what is open.
let here = null;

function rows() {
  return [...document.querySelectorAll("table[data-keys] tbody tr, [data-keys] > [data-row]")].filter((row) => row.querySelector("a[href]"));
}

function go(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(here);
  here?.classList.remove("is-here");
  here = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
  here.classList.add("is-here");
  here.scrollIntoView({ block: "nearest" });
  here.querySelector("a[href]").focus({ preventScroll: true });
}

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const open of document.querySelectorAll("details.lock[open], details.confirm[open], details.more[open]")) open.open = false;
      if (document.activeElement?.id === "search") document.activeElement.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]")) return;
    if (event.key === "/") {
      const search = document.getElementById("search");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "x") here?.querySelector('input[type="checkbox"]')?.click();
    else if (event.key === "Enter" && here && !event.target.closest("a, button, summary")) here.querySelector("a[href]").click();
  });
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("details.lock[open], details.confirm[open], details.more[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
}
