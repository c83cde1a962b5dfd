// The page Imports: progress as it comes in; when a list has been read, the page shows it.
import { line } from "./running.js";

const section = document.getElementById("running"), box = section.querySelector("[data-imports]");
let known = new Set([...box.querySelectorAll("[data-job]")].map((each) => Number(each.dataset.job)));

document.addEventListener("valhalla:counters", (event) => {
  const { imports } = event.detail.work;
  const now = new Set(imports.map((each) => each.job));
  const ended = [...known].some((job) => !now.has(job));
  known = now;
  section.hidden = imports.length === 0;
  box.replaceChildren(...imports.map(line));
  const busy = document.querySelector("form.is-sending, .confirm[open], main input:focus, main select:focus");
  if (ended && !busy) location.reload();
});

document.querySelector("[data-choose]")?.addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("list").click();
});
