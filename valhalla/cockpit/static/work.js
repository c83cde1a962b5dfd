// Work the list: a key is what came of the call, and the next lead is there. What stands on the page is the server's own HTML; each
// lead comes with a key that records once. A press while one is under way, or right after the next lead came, does nothing.
const AGAIN = 350;
const USUALLY = "tomorrow 10am"; // when to call back, unless something else is typed: Enter takes it
const list = document.getElementById("work-list");
const said = document.getElementById("work-said");
const problem = document.getElementById("work-problem");
let busy = false, came = 0, asking = 0, ahead = null;

const one = (selector) => list.querySelector(selector);

function settled() { return !busy && performance.now() - came > AGAIN; }

function complain(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

// Who comes next is fetched while a call goes on, so that a key shows them at once: storing waits its turn while a list is read.
// Nothing can be recorded on them before the answer is there, which then takes their place. In a team nobody is held ahead.
async function lookAhead() {
  const work = one("[data-work]"), next = one("[data-next]")?.dataset.next;
  ahead = null;
  delete list.dataset.ahead;
  if (!work.dataset.lead || !next || work.dataset.hold) return;
  const only = new URLSearchParams(location.search).get("only");
  try {
    const answer = await fetch(`/work?lead=${next}${only ? `&only=${encodeURIComponent(only)}` : ""}`, { headers: { "X-Work": "1" } });
    const html = answer.ok ? await answer.text() : "";
    if (!html || one("[data-work]") !== work) return;
    ahead = new DOMParser().parseFromString(html, "text/html").querySelector(".work-lead");
    list.dataset.ahead = next;
  } catch { /* the answer brings them */ }
}

// Shows the next lead; returns how to show the one before again. A wrong number may bring another one of the same person.
function goOn(form, event) {
  const known = form.matches(".work-keys") ? event !== "wrong_number" : form.matches('[action="/work/skip"]');
  if (!known || !ahead) return () => {};
  const before = one(".work-lead"), next = ahead;
  next.inert = true;
  before.replaceWith(next);
  scrollTo(0, 0);
  return () => next.replaceWith(before);
}

async function send(form, extra) {
  if (busy) return;
  busy = true;
  complain("");
  const body = new URLSearchParams(new FormData(form));
  for (const [name, value] of Object.entries(extra)) body.set(name, value);
  const back = goOn(form, body.get("event"));
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Work": "1", Accept: "application/json" } });
    if (answer.ok) show(await answer.text());
    else {
      const found = await answer.json();
      back();
      complain(found.error.message); // what was typed stays
    }
  } catch {
    back();
    complain("Valhalla does not answer. Nothing was recorded by this press; try it again.");
  }
  busy = false;
}

function show(html) {
  const before = one("[data-work]").dataset.lead;
  list.innerHTML = html;
  came = performance.now();
  const now = one("[data-work]");
  said.textContent = now.dataset.said;
  if (before !== now.dataset.lead) one("#work-name, h2")?.focus?.();
  history.replaceState(null, "", location.pathname + (new URLSearchParams(location.search).get("only") ? `?only=${new URLSearchParams(location.search).get("only")}` : ""));
  lookAhead();
}

function open(name, event) {
  for (const box of list.querySelectorAll("[data-box], [data-for-time]")) box.hidden = true;
  const box = event ? one("[data-for-time]") : one(`[data-box="${name}"]`);
  if (!box) return;
  box.hidden = false;
  if (event) {
    box.elements.event.value = event;
    for (const part of box.querySelectorAll("[data-of]")) part.hidden = part.dataset.of !== event;
  }
  const field = box.querySelector("input:not([type=hidden])");
  if (event === "callback" && !field.value) { field.value = USUALLY; means(field); }
  field.focus();
  field.select();
}

function close() {
  const shown = [...list.querySelectorAll("[data-box], [data-for-time]")].filter((box) => !box.hidden);
  for (const box of shown) box.hidden = true;
  if (shown.length) one("#work-name")?.focus();
  return shown.length > 0;
}

// The time as it was understood, before it is stored.
async function means(input) {
  const box = input.form.querySelector("[data-means]"), mine = ++asking;
  const text = input.value.trim();
  if (!text) { box.textContent = ""; return; }
  const answer = await fetch(`/api/work/time?lead=${one("[data-work]").dataset.lead}&text=${encodeURIComponent(text)}`);
  const found = await answer.json();
  if (mine !== asking) return;
  box.textContent = answer.ok ? `${found.says}. Enter stores it.` : found.error.message;
  box.classList.toggle("bad-word", !answer.ok);
}

list.addEventListener("submit", (event) => {
  event.preventDefault();
  const pressed = event.submitter;
  if (!settled()) return;
  send(event.target, pressed?.name ? { [pressed.name]: pressed.value } : {});
});
list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.matches("[data-cancel]")) close();
  else if (button.dataset.open) open(button.dataset.open);
  else if (button.dataset.time && settled()) open(null, button.dataset.time);
});
list.addEventListener("input", (event) => { if (event.target.matches("[data-when]")) means(event.target); });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "Escape") {
    if (!close() && !typing && !document.querySelector("details[open]")) location.href = "/";
    return;
  }
  if (typing || event.repeat) return;
  if (event.key === "Enter") {
    if (!event.target.closest("a, button, summary")) one(".work-tel")?.click();
    return;
  }
  const button = one(`button[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!button || button.disabled) return;
  event.preventDefault();
  if (settled()) button.click();
});
one("#work-name")?.focus();
lookAhead();

// In a team the lead is this person's while the page is open, and given back when it is left.
async function hold() {
  if (!one("[data-hold]")) return;
  try {
    const answer = await fetch("/work/hold", { method: "POST", headers: { Accept: "application/json" } });
    if (answer.ok && (await answer.json()).until === null) complain("This lead is not held for you any more; somebody else may be calling them. Press S for the next one.");
  } catch { /* the next time */ }
}
setInterval(hold, 60000);
addEventListener("pagehide", () => { if (one("[data-hold]")) navigator.sendBeacon("/work/release"); });
addEventListener("pageshow", (event) => { if (event.persisted && one("[data-hold]")) location.reload(); });
