// A form in which something is typed stays as it is when the server refuses it, and says why; else the page goes on as without this.
async function send(form, submitter) {
  const body = new URLSearchParams(new FormData(form));
  if (submitter?.name) body.set(submitter.name, submitter.value);
  const answer = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { "X-Typed": "1", Accept: "application/json" } });
  const found = await answer.json();
  if (!answer.ok) return found.error.message;
  const to = new URL(found.to, location.href);
  if (to.pathname + to.search === location.pathname + location.search) location.reload();
  else location.assign(to);
  return "";
}

function says(form, text) {
  let line = form.querySelector(".problem");
  if (!line) {
    line = document.createElement("p");
    line.className = "problem";
    line.setAttribute("role", "alert");
    form.append(line);
  }
  line.textContent = text;
  line.hidden = !text;
}

export function start() {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-typed]")) return;
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "1";
    says(form, "");
    try {
      says(form, await send(form, event.submitter));
    } catch {
      says(form, "Valhalla does not answer. Nothing was stored; try it again.");
    }
    delete form.dataset.busy;
  });
}
