// Counters, running work and alerts as they change; connects again by itself. A page listens with
//   document.addEventListener("valhalla:counters", (event) => event.detail.work)
import { say } from "./toasts.js";
import { number } from "./numbers.js";

const LONGEST = 15000, SILENCE = 40000;
let wait = 500, lostAt = null, heardAt = 0, socket = null;

function at(counters, path) {
  return path.split(".").reduce((value, part) => value?.[part], counters);
}

function show(counters) {
  for (const element of document.querySelectorAll("[data-live]")) {
    const value = at(counters, element.dataset.live);
    if (value === undefined) continue;
    const text = typeof value === "number" ? (value >= 1000 && element.classList.contains("badge") ? "999+" : number(value)) : (value ?? "unknown");
    if (element.textContent !== text) element.textContent = text;
    if (element.classList.contains("badge")) element.hidden = !value;
  }
  const state = document.getElementById("state");
  const next = state?.querySelector("[data-countdown]");
  if (next && counters.state.next_in !== null) next.dataset.until = Date.now() + 1000 * counters.state.next_in;
  document.dispatchEvent(new CustomEvent("valhalla:counters", { detail: counters }));
}

function lost() {
  if (lostAt === null) {
    lostAt = new Date();
    document.getElementById("lost-since").textContent = lostAt.toLocaleTimeString();
  }
  if (Date.now() - lostAt > 2000) {
    document.getElementById("lost").hidden = false;
    document.body.classList.add("is-lost");
  }
}

// The program is there, but does not know this browser: it was started again, and every start has its own link.
async function signedOut() {
  try {
    return (await fetch("/api/state", { headers: { Accept: "application/json" } })).status === 401;
  } catch { return false; }
}

function found() {
  wait = 500;
  lostAt = null;
  document.getElementById("lost").hidden = true;
  document.body.classList.remove("is-lost");
}

function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/live`);
  socket.onopen = found;
  socket.onmessage = (event) => {
    heardAt = Date.now();
    const message = JSON.parse(event.data);
    if (message.type === "counters") show(message);
    else if (message.type === "alert") say(message.reason, { info: "info", warning: "warn" }[message.severity] ?? "bad", "/alerts");
    document.dispatchEvent(new CustomEvent(`valhalla:${message.type}-message`, { detail: message }));
  };
  socket.onclose = async () => {
    lost();
    if (await signedOut()) {
      const strip = document.getElementById("lost");
      strip.textContent = "Valhalla was started again, so this page is signed out. Open it by its new link: start it again, or type valhalla cockpit --open.";
      strip.hidden = false;
      document.body.classList.add("is-lost");
      return;
    }
    setTimeout(connect, wait * (0.75 + Math.random() / 2));
    wait = Math.min(LONGEST, wait * 2);
  };
}

export function start() {
  if (!("WebSocket" in window) || document.body.dataset.live === "off") return;
  heardAt = Date.now();
  connect();
  setInterval(() => {
    if (lostAt !== null) lost();
    else if (Date.now() - heardAt > SILENCE) socket?.close(); // the line is open, but nobody is there
  }, 3000);
  addEventListener("pagehide", () => { if (socket) { socket.onclose = null; socket.close(); } });
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
}
