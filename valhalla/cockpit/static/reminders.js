// What was promised and is due now: said once on the page and, where that was allowed, on the desktop.
import { say } from "./toasts.js";

const EVERY = 20000, KEY = "valhalla-reminded", KEPT = 200;
const TITLES = { callback: "Call back now", appointment: "Appointment now", task: "To do now" };

function known() {
  try { return JSON.parse(localStorage.getItem(KEY)) ?? []; } catch { return []; }
}

function first(each, page) {
  const name = `${each.id} ${each.at} ${page}`, before = known();
  if (before.includes(name)) return false;
  localStorage.setItem(KEY, JSON.stringify([...before, name].slice(-KEPT)));
  return true;
}

async function look() {
  let due = [];
  try {
    const answer = await fetch("/api/promises/due", { headers: { accept: "application/json" } });
    if (answer.ok) due = await answer.json();
  } catch { return; }
  for (const each of due) {
    const page = each.page ?? `/leads/${each.lead}`;  // a hub's are of several workspaces
    if (!first(each, page)) continue;
    const title = TITLES[each.kind] ?? "Due now", text = each.note ? `${each.name}: ${each.note}` : each.name;
    say(`${title}: ${text}`, "info", page);
    if ("Notification" in window && Notification.permission === "granted") {
      const shown = new Notification(title, { body: text, tag: `promise-${each.id} ${page}` });
      shown.addEventListener("click", () => { window.focus(); location.href = page; });
    }
  }
}

export function start() {
  if (!document.getElementById("toasts")) return;
  const ask = document.querySelector("[data-ask-notify]");
  if (ask && "Notification" in window && Notification.permission === "default") {
    ask.hidden = false;
    ask.addEventListener("click", async () => { await Notification.requestPermission(); ask.hidden = true; });
  }
  look();
  setInterval(look, EVERY);
}
