// The memory board: tiles, lines, gauge, donut, strip, quarantine and log.
import { age, byId, chip, decimals, figure, follow, html, renew, svg } from "./board.js";

const WINDOW = 600000, STEP = 10000;
const TIERS = ["core", "trusted", "verified", "sandbox", "external"];
const phone = matchMedia("(max-width: 600px)");
const KINDS = [["ingestion", "ingestion_rate"], ["consolidation", "consolidation_rate"]];

const first = JSON.parse(byId("board").dataset.board);
let latest = first.frame;
let mode = first.mode, points = first.history, held = first.frame.quarantine_count, quarantine = first.quarantine;

// One point each ten seconds; where the data's kind changes, the lines begin again, because real and made-up do not mix.
function remember(frame) {
  if (frame.source.mode !== mode) {
    mode = frame.source.mode;
    points = [];
    details();
  }
  if (frame.ingestion_rate === null) return;
  const point = { at: frame.timestamp, ingestion_rate: frame.ingestion_rate, consolidation_rate: frame.consolidation_rate };
  if (!points.length || frame.timestamp - points.at(-1).at >= STEP) points.push(point);
  points = points.filter((each) => each.at > frame.timestamp - WINDOW - STEP);
}

async function details() {
  try {
    const answer = await fetch("/api/memory", { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const found = await answer.json();
    if (found.mode !== mode) return;
    points = found.history;
    quarantine = found.quarantine;
    held = found.frame.quarantine_count;
    draw(found.frame);
  } catch { /* the next frame tries again when something has changed */ }
}

// The next round number above the highest: 1, 2 or 5 times a power of ten.
function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= value * 1.05) ?? 20 * power;
}

function lines(frame) {
  const narrow = phone.matches;
  const box = narrow ? { left: 30, right: 388, top: 34, bottom: 186 } : { left: 40, right: 850, top: 12, bottom: 208 };
  byId("lines").setAttribute("viewBox", narrow ? "0 0 400 216" : "0 0 1000 240");
  const end = frame.timestamp, top = ceiling(Math.max(0, ...points.flatMap((each) => [each.ingestion_rate, each.consolidation_rate]), frame.ingestion_rate ?? 0, frame.consolidation_rate ?? 0));
  const x = (at) => Math.max(box.left, box.right - ((end - at) / WINDOW) * (box.right - box.left));
  const y = (value) => box.bottom - (value / top) * (box.bottom - box.top);
  const parts = [];
  const known = points.length > 0 && frame.ingestion_rate !== null;
  const shares = !known ? [0] : narrow ? [0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1];
  const digits = [0, 1, 2, 3].find((places) => Math.abs((top * shares[1] * 10 ** places) % 1) < 1e-9) ?? 3;
  for (const share of shares) {
    const level = top * share;
    parts.push(svg("line", { class: "grid", x1: box.left, x2: box.right, y1: y(level), y2: y(level) }));
    if (known) parts.push(svg("text", { class: "faint", x: box.left - 8, y: y(level) + 4, "text-anchor": "end" }, share ? decimals(level, digits) : "0"));
  }
  for (const minutes of narrow ? [10, 5, 0] : [10, 8, 6, 4, 2, 0]) {
    parts.push(svg("text", { class: "faint", x: x(end - minutes * 60000), y: box.bottom + 22, "text-anchor": minutes === 10 ? "start" : minutes ? "middle" : "end" }, minutes ? `−${minutes} min` : "now"));
  }
  if (!known) {
    parts.push(svg("text", { class: "faint", x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2, "text-anchor": "middle" }, frame.ingestion_rate === null ? "not known" : "gathering"));
    return parts;
  }
  const now = { at: end, ingestion_rate: frame.ingestion_rate, consolidation_rate: frame.consolidation_rate };
  const shown = [...points.filter((each) => each.at <= end && each.at >= end - WINDOW), now];
  const ends = KINDS.map(([, key]) => y(now[key]));
  // Labels at the ends of the lines, kept apart.
  const apart = 17, gap = Math.abs(ends[0] - ends[1]);
  const shift = gap < apart ? (apart - gap) / 2 * (ends[0] <= ends[1] ? -1 : 1) : 0;
  KINDS.forEach(([kind, key], index) => {
    parts.push(svg("polyline", { class: kind, points: shown.map((each) => `${x(each.at).toFixed(1)},${y(each[key]).toFixed(1)}`).join(" ") }),
      svg("circle", { class: `dot ${kind}`, cx: x(end), cy: ends[index], r: 5 }));
    const label = `${kind} ${decimals(now[key], 2)}`;
    if (narrow) parts.push(svg("text", { class: `label ${kind}`, x: box.left + index * 150, y: 14 }, label));
    else parts.push(svg("text", { class: `label ${kind}`, x: x(end) + 11, y: Math.min(box.bottom, ends[index] + (index ? -shift : shift)) + 4 }, label));
  });
  return parts;
}

function table(frame) {
  const minutes = new Map();
  for (const each of points) {
    const minute = Math.ceil(each.at / 60000) * 60000;
    minutes.set(minute, [...(minutes.get(minute) ?? []), each]);
  }
  const mean = (list, key) => decimals(list.reduce((sum, each) => sum + each[key], 0) / list.length, 2);
  return [...minutes].reverse().map(([minute, list]) => html("tr", {},
    html("td", { class: "text" }, new Date(Math.min(minute, frame.timestamp)).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })),
    html("td", { class: "num" }, mean(list, "ingestion_rate")), html("td", { class: "num" }, mean(list, "consolidation_rate"))));
}

function arc(share, radius, cx, cy) {
  const angle = Math.PI * (1 - share);
  return `M${cx - radius} ${cy}A${radius} ${radius} 0 0 1 ${(cx + radius * Math.cos(angle)).toFixed(2)} ${(cy - radius * Math.sin(angle)).toFixed(2)}`;
}

function gauge(rate) {
  const parts = [svg("path", { class: "rest", d: arc(1, 85, 110, 108) })];
  if (rate === null) return [...parts, svg("text", { class: "none", x: 110, y: 104 }, "unknown")];
  if (rate > 0.5) parts.push(svg("path", { class: "part", d: arc(rate / 100, 85, 110, 108) }));
  return [...parts, svg("text", { class: "value", x: 110, y: 104 }, `${decimals(rate, 1)}%`), svg("text", { class: "end", x: 25, y: 134 }, "0"), svg("text", { class: "end", x: 195, y: 134 }, "100")];
}

const tierClass = (tier) => `tier-${TIERS.includes(tier) ? tier : "other"}`;

function donut(entries, total) {
  const parts = [svg("circle", { class: "rest", r: 46 })];
  let from = 0;
  for (const [tier, count] of entries) {
    const share = count / total;
    if (share >= 0.9999) parts.push(svg("circle", { class: tierClass(tier), r: 46 }));
    else if (share > 0) {
      const a = 2 * Math.PI * from - Math.PI / 2, b = 2 * Math.PI * (from + share) - Math.PI / 2 - (share > 0.01 ? 0.025 : 0);
      parts.push(svg("path", { class: tierClass(tier), d: `M${46 * Math.cos(a)} ${46 * Math.sin(a)}A46 46 0 ${share > 0.5 ? 1 : 0} 1 ${46 * Math.cos(b)} ${46 * Math.sin(b)}` }, svg("title", {}, `${tier}: ${count}`)));
    }
    from += share;
  }
  if (!entries.length) return [...parts, svg("text", { class: "sub", y: 4 }, "unknown")];
  return [...parts, svg("text", { y: 4 }, decimals(total, 0)), svg("text", { class: "sub", y: 18 }, total === 1 ? "file" : "files")];
}

function share([tier, count], total) {
  return html("li", {}, svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, svg("rect", { class: tierClass(tier), width: 12, height: 12, rx: 3 })), html("span", {}, tier), html("b", { class: "num" }, decimals(count, 0)), html("i", { class: "num" }, total ? `${decimals((100 * count) / total, 0)}%` : ""));
}

function strip(deltas) {
  const parts = [], cells = 50, width = 10, middle = 60, most = Math.max(0.1, ...deltas.map(Math.abs));
  for (let place = 0; place < cells; place++) {
    const delta = deltas[place - (cells - deltas.length)];
    parts.push(svg("rect", { class: "cell", x: place * width + 1, y: 4, width: width - 2, height: 112, rx: 2 }));
    if (delta === undefined) continue;
    const height = Math.max(2, (Math.abs(delta) / most) * 54);
    parts.push(svg("rect", { class: delta > 0 ? "up" : delta < 0 ? "down" : "same", x: place * width + 1, y: delta > 0 ? middle - height : delta < 0 ? middle : middle - 1, width: width - 2, height: delta ? height : 2, rx: 1 }, svg("title", {}, signed(delta))));
  }
  parts.push(svg("line", { class: "zero", x1: 0, x2: 500, y1: middle, y2: middle }));
  return parts;
}

const signed = (value) => (value > 0 ? "+" : value < 0 ? "−" : "") + decimals(Math.abs(value), 2);

function stripSays(deltas) {
  if (!deltas.length) return "No steps to compare.";
  const up = deltas.filter((delta) => delta > 0).length, down = deltas.filter((delta) => delta < 0).length;
  return `${up} up, ${down} down${deltas.length - up - down ? `, ${deltas.length - up - down} the same` : ""} · last ${signed(deltas.at(-1))}, mean ${signed(deltas.reduce((sum, delta) => sum + delta, 0) / deltas.length)}`;
}

function heldEntry(each) {
  return html("div", { class: "entry warn" }, html("div", { class: "entry-main" }, html("p", { class: "entry-title" }, html("bdi", {}, each.execution_id)),
    html("p", { class: "entry-facts" }, chip(each.status || "no status", each.status === "success" ? "idle" : "warn"), ...each.violations.map((violation) => html("span", {}, html("bdi", {}, violation))))));
}

function logLine(line) {
  const warning = line.severity === "warning";
  return html("li", { class: warning ? "warn" : "" }, html("span", { class: "feed-what wrap" }, html("bdi", {}, line.message)),
    html("span", { class: "feed-how" }, chip(line.type, warning ? "warn" : line.type === "consolidation" ? "ok" : "info")), age(line.timestamp));
}

function draw(frame) {
  latest = frame;
  const entries = Object.entries(frame.trust_distribution), total = entries.reduce((sum, [, count]) => sum + count, 0);
  figure("ingestion", frame.ingestion_rate, " /s", undefined, 2);
  figure("consolidation", frame.consolidation_rate, " /s", undefined, 2);
  figure("dedup", frame.dedup_rate, "%", undefined);
  figure("held", frame.quarantine_count, "", undefined, 0, frame.quarantine_count ? "warn" : "");
  byId("lines").replaceChildren(...lines(frame));
  renew(byId("lines-table"), points, () => table(frame));
  renew(byId("gauge"), frame.dedup_rate, () => gauge(frame.dedup_rate));
  renew(byId("donut"), entries, () => donut(entries, total));
  renew(byId("shares"), entries, () => (entries.length ? entries.map((entry) => share(entry, total)) : [html("li", {}, html("i", { class: "unknown" }, "unknown"))]));
  renew(byId("strip"), frame.confidence_deltas, () => strip(frame.confidence_deltas));
  byId("strip-says").textContent = frame.source.mode === "unavailable" ? "Not known." : stripSays(frame.confidence_deltas);
  renew(byId("quarantine"), quarantine, () => quarantine.map(heldEntry));
  byId("quarantine").hidden = !quarantine.length;
  byId("quarantine-empty").hidden = quarantine.length > 0;
  byId("quarantine-empty").textContent = frame.quarantine_count === 0 ? "Nothing is held." : "Not known.";
  renew(byId("log"), frame.logs, () => frame.logs.map(logLine));
  byId("log-empty").hidden = frame.logs.length > 0;
  byId("log-empty").textContent = frame.source.mode === "production" ? "No sessions yet." : "Not known.";
}

phone.addEventListener("change", () => draw(latest));
follow("/ws/memory", first.frame, (frame) => {
  remember(frame);
  if (frame.quarantine_count !== held) {
    held = frame.quarantine_count;
    details();
  }
  draw(frame);
});
