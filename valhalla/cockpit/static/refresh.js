// Parts of a page that are fetched again: an element with an id and data-refresh="yes" each second, while something in it runs;
// with data-refresh="live" when the file has changed. What stands in it then is the server's own HTML, as after a reload.
import { start as startSelect } from "./select.js";
import { start as startNumbers } from "./numbers.js";

const EACH = 1000, LEAST = 3000;
let changed = false, renewing = false, renewed = Date.now(), first = true;

// Nothing moves under somebody's pointer, and what was typed, chosen, opened or marked stays.
function used(part) {
  const form = document.activeElement?.closest("form, select, input");
  if (form && part.contains(form)) return true;
  if (part.dataset.refresh !== "live") return false;
  const marked = getSelection();
  return part.matches(":hover") || Boolean(part.querySelector("input[name]:checked, details.confirm[open], details.peek[open]"))
    || part.contains(document.activeElement) || !marked.isCollapsed && part.contains(marked.anchorNode);
}

async function renew(parts) {
  const answer = await fetch(location.href, { headers: { "X-Part": parts.map((part) => part.id).join(",") } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of parts) {
    const now = fresh.getElementById(old.id);
    if (!now || used(old)) continue;
    const open = [...old.querySelectorAll("details")].map((each) => each.open);
    const next = document.importNode(now, true);
    [...next.querySelectorAll("details")].forEach((each, at) => { if (open[at]) each.open = true; });
    old.replaceWith(next);
    startSelect(next);
    startNumbers(next);
  }
}

async function look() {
  if (renewing || document.hidden || document.body.classList.contains("is-lost")) return;
  const live = changed && Date.now() - renewed >= LEAST;
  const parts = [...document.querySelectorAll("[data-refresh][id]")].filter((part) => part.dataset.refresh === "yes" || live && part.dataset.refresh === "live");
  const free = parts.filter((part) => !used(part));
  if (!free.length) return;
  renewing = true;
  if (live) {
    renewed = Date.now();
    changed = free.length < parts.length;
  }
  try { await renew(free); } catch { /* the next look will do */ }
  renewing = false;
}

document.addEventListener("valhalla:counters", () => {
  changed = !first; // what comes with the connection is what the page shows already
  first = false;
});
setInterval(look, EACH);
