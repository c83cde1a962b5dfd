// The federation board: tiles, mesh, feed and table from one frame.
import { age, byId, chip, decimals, figure, follow, html, renew, size, svg } from "./board.js";

const LATE = 100, DRAWN = 60;
const RANKS = { core: 0, trusted: 1, verified: 2 };
const SHAPES = { core: "M0 -13 11 -6.5 11 6.5 0 13 -11 6.5 -11 -6.5Z", trusted: "M-11 0A11 11 0 1 0 11 0A11 11 0 1 0 -11 0Z", verified: "M0 -13 13 0 0 13 -13 0Z", other: "M0 -12 13 10 -13 10Z" };
// What the drawing has room for: a desk's screen, or a phone's.
const ROOMS = {
  wide: { width: 640, height: 460, radii: [[[240, 160]], [[140, 92], [270, 178]], [[110, 72], [198, 132], [284, 190]]] },
  narrow: { width: 420, height: 470, radii: [[[148, 162]], [[92, 98], [172, 182]], [[70, 76], [128, 138], [186, 196]]] },
};
const phone = matchMedia("(max-width: 600px)");

const tier = (peer) => (peer.trust_tier in RANKS ? peer.trust_tier : "other");
const shape = (peer, box) => svg("svg", { viewBox: `-${box} -${box} ${2 * box} ${2 * box}`, "aria-hidden": "true" }, svg("path", { class: `glyph ${tier(peer)}`, d: SHAPES[tier(peer)] }));
const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// Around the middle: core first, one ring up to 12, then a second and a third further out.
function places(peers, room) {
  const sorted = [...peers].sort((a, b) => (RANKS[a.trust_tier] ?? 3) - (RANKS[b.trust_tier] ?? 3) || (a.id < b.id ? -1 : 1)).slice(0, DRAWN);
  const rings = sorted.length <= 12 ? [sorted] : sorted.length <= 30 ? [sorted.slice(0, 10), sorted.slice(10)] : [sorted.slice(0, 8), sorted.slice(8, 26), sorted.slice(26)];
  const radii = room.radii[rings.length - 1];
  const found = new Map();
  rings.forEach((ring, depth) => ring.forEach((peer, place) => {
    const angle = -Math.PI / 2 + (2 * Math.PI * (place + depth / 2)) / ring.length;
    found.set(peer.id, { peer, above: Math.sin(angle) < -0.01, x: room.width / 2 + radii[depth][0] * Math.cos(angle), y: room.height / 2 + radii[depth][1] * Math.sin(angle) });
  }));
  return found;
}

// Bent towards the middle, so that lines between neighbours do not lie on the ring; but around it, not through it.
function curve(source, target, middle) {
  const half = { x: (source.x + target.x) / 2, y: (source.y + target.y) / 2 };
  const length = Math.hypot(target.x - source.x, target.y - source.y) || 1;
  const aside = Math.hypot(half.x - middle.x, half.y - middle.y) < 40 ? 110 / length : 0;
  const bend = { x: half.x * 0.72 + middle.x * 0.28 - (target.y - source.y) * aside, y: half.y * 0.72 + middle.y * 0.28 + (target.x - source.x) * aside };
  return `M${source.x} ${source.y}Q${bend.x} ${bend.y} ${target.x} ${target.y}`;
}

function mesh(frame) {
  const room = phone.matches ? ROOMS.narrow : ROOMS.wide, middle = { x: room.width / 2, y: room.height / 2 };
  const spots = places(frame.peers, room), crowded = spots.size > (phone.matches ? 10 : 12), parts = [];
  byId("mesh").setAttribute("viewBox", `0 0 ${room.width} ${room.height}`);
  const most = Math.max(1, ...frame.peers.map((peer) => peer.data_shared ?? 0));
  const named = new Map();
  for (const spot of spots.values()) for (const name of [spot.peer.id, spot.peer.name]) named.set(name, spot);
  for (const { peer, x, y } of spots.values()) {
    const state = peer.status !== "online" ? "off" : peer.latency !== null && peer.latency > LATE ? "late" : "";
    const width = peer.data_shared ? 1.5 + 3 * Math.sqrt(peer.data_shared / most) : 1.5;
    parts.push(svg("line", { class: `link ${state}`, x1: middle.x, y1: middle.y, x2: x, y2: y, "stroke-width": state === "off" ? 1.5 : width.toFixed(1) }));
  }
  const flows = new Map();
  for (const event of frame.sync_traffic) {
    const way = event.peer.split(" → ").sort().join(" → "); // one line for both directions
    flows.set(way, event.status === "error" || flows.get(way));
  }
  for (const [way, failed] of flows) {
    const [source, target] = way.split(" → ").map((name) => named.get(name));
    if (!source || !target || source === target) continue;
    parts.push(svg("path", { class: failed ? "flow failed" : "flow", d: curve(source, target, middle) }));
  }
  parts.push(svg("circle", { class: "hub", cx: middle.x, cy: middle.y, r: 32 }), svg("text", { class: "hub-text", x: middle.x, y: middle.y - 2 }, "This"), svg("text", { class: "hub-text", x: middle.x, y: middle.y + 14 }, "node"));
  for (const { peer, x, y, above } of spots.values()) {
    const node = svg("g", { class: `node ${peer.status === "online" ? "" : "off"}`, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });
    const latency = peer.latency === null ? "latency unknown" : `${decimals(peer.latency, peer.latency < 10 ? 1 : 0)} ms`;
    node.append(svg("title", {}, `${peer.name}: ${peer.trust_tier}, ${peer.status}, ${latency}`), svg("path", { class: "under", d: SHAPES[tier(peer)] }), svg("path", { class: `glyph ${tier(peer)}`, d: SHAPES[tier(peer)] }));
    if (!crowded) {
      node.append(svg("text", { y: above ? -34 : 30 }, short(peer.name, phone.matches ? 16 : 20)), svg("text", { class: "sub", y: above ? -19 : 45 }, peer.status === "online" ? latency : "offline"));
    }
    parts.push(node);
  }
  if (frame.total_peers === null) parts.push(svg("text", { class: "hub-text faint", x: middle.x, y: middle.y + 58 }, "peers not known"));
  const left = frame.peers.length - spots.size;
  byId("mesh-note").textContent = left > 0 ? `${spots.size} of ${frame.total_peers} peers drawn` : crowded ? "names on hover and in the table" : "";
  return parts;
}

function feedLine(event) {
  const failed = event.status === "error";
  return html("li", { class: failed ? "bad" : "" },
    html("span", { class: "feed-what", title: event.peer }, html("bdi", {}, event.peer)), html("span", { class: "feed-size num" }, size(event.bytes)),
    html("span", { class: "feed-how" }, chip(event.status, failed ? "bad" : "ok"), event.action.replaceAll("_", " ")), age(event.timestamp));
}

function row(peer) {
  const name = html("td", { class: "text" }, html("bdi", {}, peer.name));
  if (peer.name !== peer.id) name.append(" ", html("small", {}, peer.id));
  const unknown = (word) => html("i", { class: "unknown" }, word);
  return html("tr", {}, name,
    html("td", { class: "text" }, html("span", { class: "tier" }, shape(peer, 15), peer.trust_tier)),
    html("td", { class: "text" }, chip(peer.status, peer.status === "online" ? "ok" : "idle")),
    html("td", { class: "num" }, peer.latency === null ? unknown("unknown") : decimals(peer.latency, 1)),
    html("td", { class: "num" }, size(peer.data_shared) ?? unknown("nothing seen")));
}

function draw(frame) {
  latest = frame;
  const online = frame.peers.filter((peer) => peer.status === "online").length;
  const health = frame.network_health;
  figure("health", health, "%", frame.total_peers === frame.peers.length && health !== null ? `${online} of ${frame.total_peers} peers online` : "peers online", 1, health < 50 ? "bad" : health < 90 ? "warn" : "");
  figure("integrity", frame.data_integrity, "%", frame.data_integrity_basis ?? "no peer is online");
  figure("latency", frame.avg_latency, " ms", undefined);
  figure("peers", frame.total_peers, "", frame.total_peers === null ? "" : frame.peers.length === frame.total_peers ? `${frame.total_peers - online} offline` : `${frame.peers.length} shown`, 0);
  figure("syncs", frame.active_syncs, "", undefined, 0);
  renew(byId("mesh"), [frame.peers, frame.sync_traffic], () => mesh(frame));
  renew(byId("feed"), frame.sync_traffic, () => frame.sync_traffic.map(feedLine));
  byId("feed-empty").hidden = frame.sync_traffic.length > 0;
  byId("feed-empty").textContent = frame.source.mode === "production" && frame.active_syncs !== null ? "No sync events yet." : "Not known.";
  const table = document.querySelector(".table tbody");
  renew(table, frame.peers, () => frame.peers.map(row));
  document.querySelector(".table-wrap").hidden = frame.peers.length === 0;
  byId("peers-none").hidden = frame.peers.length > 0 || frame.total_peers === null;
  byId("peers-unknown").hidden = frame.total_peers !== null;
}

let latest = null;
phone.addEventListener("change", () => { byId("mesh").replaceChildren(...mesh(latest)); });
follow("/ws/federation", JSON.parse(byId("board").dataset.frame), draw);
