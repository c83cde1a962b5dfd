// Progress of running imports, as it comes in.
import { line } from "./running.js";

const box = document.getElementById("imports");

document.addEventListener("valhalla:counters", (event) => {
  const { imports } = event.detail.work;
  if (imports.length) box.replaceChildren(...imports.map(line));
  else if (!box.querySelector("p.note:only-child")) {
    const none = document.createElement("p");
    none.className = "note";
    none.textContent = box.dataset.empty;
    box.replaceChildren(none);
  }
});

// The parts of the page follow the file: fetched again when it has changed, at most every few seconds, and put in place only
// where something is different. What somebody points at or has open is left as it is.
const EACH = 4000;
let due = null, last = Date.now(), seen = null;

function busy(part) {
  return part.matches(":hover") && part.id === "who-part" || part.contains(document.activeElement) || part.querySelector("details[open], .is-here") !== null;
}

async function renew() {
  due = null;
  if (document.hidden) return;
  last = Date.now();
  let fresh;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch { return; }
  for (const part of document.querySelectorAll("[data-fresh]")) {
    const now = fresh.getElementById(part.id);
    if (now && !busy(part) && now.innerHTML !== part.innerHTML) part.replaceWith(document.importNode(now, true));
  }
}

document.addEventListener("valhalla:counters", (event) => {
  const { as_of: _, state: { next_in: __, ...state }, ...rest } = event.detail;
  const says = JSON.stringify([state, rest]);
  if (seen !== null && says !== seen && due === null) due = setTimeout(renew, Math.max(300, last + EACH - Date.now()));
  seen = says;
});
document.addEventListener("visibilitychange", () => { if (!document.hidden && Date.now() - last > EACH) renew(); });
