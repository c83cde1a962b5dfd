// What both boards do: hold a WebSocket, say what the data is, and draw. A frame is shown whole or not at all.
import { ago } from "./times.js";
import { number } from "./numbers.js";

const STALE = 8000, LONGEST = 15000;
const SVG = "http://www.w3.org/2000/svg";
const WORDS = { production: "Live", simulated: "Simulated", unavailable: "Unavailable" };
const KINDS = { production: "ok", simulated: "warn", unavailable: "bad" };

export const byId = (id) => document.getElementById(id);

export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function html(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function icon(name) {
  const from = document.querySelector(".icon use").getAttribute("href").split("#")[0];
  return svg("svg", { class: "icon", "aria-hidden": "true", width: 20, height: 20 }, svg("use", { href: `${from}#${name}` }));
}

export function chip(word, kind) {
  return html("span", { class: `chip ${kind}` }, icon(kind), word);
}

export function age(at, unknown = "time unknown") {
  if (at === null || at === undefined) return html("i", { class: "unknown" }, unknown);
  const moment = new Date(at);
  return html("time", { datetime: moment.toISOString(), title: `${moment.toISOString().replace("T", " ").slice(0, 19)} UTC · ${moment.toLocaleString()}`, "data-age": "" }, ago(at));
}

export function size(count) {
  if (count === null || count === undefined) return null;
  let value = count;
  for (const unit of ["B", "KB", "MB", "GB", "TB"]) {
    if (value < 1024 || unit === "TB") return `${number(unit === "B" ? value : Math.round(value * 10) / 10)} ${unit}`;
    value /= 1024;
  }
}

const fixed = new Map();
export function decimals(value, digits) {
  if (!fixed.has(digits)) fixed.set(digits, new Intl.NumberFormat(navigator.language || "en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  return fixed.get(digits).format(value);
}

// A tile; null is unknown, never 0.
export function figure(id, value, unit, note, digits = 1, kind = "") {
  const tile = byId(id);
  tile.className = `tile ${value === null ? "" : kind}`;
  const shown = tile.querySelector("[data-value]");
  if (value === null) shown.replaceChildren(html("i", { class: "unknown" }, "unknown"));
  else if (shown.textContent !== decimals(value, digits) + unit) shown.textContent = decimals(value, digits) + unit;
  if (note !== undefined) tile.querySelector("[data-note]").textContent = note;
}

// Replaces children only when what they are made of has changed: nothing moves unless something did.
const made = new WeakMap();
export function renew(parent, from, make) {
  const key = JSON.stringify(from);
  if (made.get(parent) === key) return false;
  made.set(parent, key);
  parent.replaceChildren(...make());
  return true;
}

function banner(kind, title, text) {
  const box = byId("banner");
  box.hidden = !title;
  box.className = `says ${kind} board-banner`;
  // Announced only when it changes.
  for (const [id, words] of [["banner-title", title], ["banner-text", text]]) if (byId(id).textContent !== words) byId(id).textContent = words;
}

function sentence(reason) {
  return reason && !reason.endsWith(".") ? `${reason}.` : reason ?? ""; // may begin with a path, which is written as it is
}

function note({ timestamp, source }) {
  const mode = byId("mode");
  mode.className = `chip ${KINDS[source.mode]}`;
  if (byId("mode-word").textContent !== WORDS[source.mode]) {
    mode.querySelector("use").setAttribute("href", mode.querySelector("use").getAttribute("href").replace(/#.*/, `#${KINDS[source.mode]}`));
    byId("mode-word").textContent = WORDS[source.mode];
  }
  byId("as-of").dateTime = new Date(timestamp).toISOString();
  byId("as-of").textContent = ago(timestamp);
  byId("note").textContent = source.mode === "production" ? source.reason ?? "" : "";
  const seen = source.as_of === null ? "" : ` Real data was last read ${new Date(source.as_of).toLocaleString()}.`;
  if (source.mode === "simulated") banner("warn", "Simulated data. Nothing on this board is real.", sentence(source.reason) + seen);
  else if (source.mode === "unavailable") banner("bad", "Not available.", sentence(source.reason) + seen);
  else banner("warn", "", "");
}

// Follows the board at `path`; `first` is the frame the page came with, `draw(frame)` shows one.
export function follow(path, first, draw) {
  let wait = 500, heard = Date.now(), socket = null, latest = first;
  const show = (frame) => {
    latest = frame;
    byId("board").classList.remove("is-stale");
    note(frame);
    draw(frame);
  };
  const stale = () => {
    if (document.hidden || Date.now() - heard < STALE) return;
    byId("board").classList.add("is-stale");
    const what = latest.source.mode === "production" ? "" : ` It was ${latest.source.mode} data then.`;
    banner("warn", "Stale.", `Nothing new since ${new Date(heard).toLocaleTimeString()}; the page connects again by itself.${what}`);
  };
  const connect = () => {
    socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`);
    socket.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (!message.type.endsWith("_update")) return;
      wait = 500;
      heard = Date.now();
      show(message);
    };
    socket.onclose = () => {
      setTimeout(connect, wait * (0.75 + Math.random() / 2));
      wait = Math.min(LONGEST, wait * 2);
    };
  };
  show(first);
  connect();
  setInterval(stale, 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && socket.readyState === WebSocket.OPEN) socket.send("refresh"); });
  addEventListener("pagehide", () => { socket.onclose = null; socket.close(); });
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
}
