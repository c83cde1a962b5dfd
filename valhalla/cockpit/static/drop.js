// Lists dropped anywhere on the page, or chosen: sent one after the other, with a bar, then shown with what they would do.
import { say } from "./toasts.js";

const SUFFIX = /\.(csv|tsv|txt|json|jsonl|xlsx|xlsm|xls|zip|vcf)$/i;

function send(file, bar) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/imports/upload?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => { if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total; };
    request.onload = () => {
      let answer = null;
      try { answer = JSON.parse(request.responseText); } catch { /* not ours */ }
      if (request.status === 200 && answer) resolve(answer);
      else reject(new Error(answer?.error?.message ?? `${file.name} was not taken (${request.status}).`));
    };
    request.onerror = () => reject(new Error(`${file.name} did not arrive: the connection broke. Is Valhalla still running?`));
    request.send(file);
  });
}

function refusal(file, place) {
  if (!SUFFIX.test(file.name)) return `${file.name} is not a lead list. CSV, TSV, TXT, Excel, JSON, contacts (.vcf) and a zip with a list in it are read.`;
  const most = Number(place.largest);
  if (file.size > most) return `${file.name} has ${Math.ceil(file.size / 2 ** 20)} MB; up to ${Math.floor(most / 2 ** 20)} MB go through the browser. Copy it into the folder inbox in ${place.inbox}.`;
  if (file.size === 0) return `${file.name} is empty.`;
  return null;
}

async function take(files, place, form) {
  const bar = form?.querySelector("progress") ?? document.createElement("progress");
  const problem = form?.querySelector(".drop-problem");
  const problems = [], kept = [];
  bar.max = 100;
  if (problem) problem.hidden = true;
  else say(`Sending ${files.length === 1 ? files[0].name : `${files.length} lists`} …`);
  form?.classList.add("is-sending");
  bar.hidden = false;
  for (const file of files) {
    const refused = refusal(file, place);
    if (refused) { problems.push(refused); continue; }
    bar.value = 0;
    try { kept.push(await send(file, bar)); } catch (error) { problems.push(error.message); }
  }
  bar.hidden = true;
  form?.classList.remove("is-sending");
  if (problems.length && problem) {
    problem.textContent = problems.join(" ");
    problem.hidden = false;
  } else for (const each of problems) say(each, "bad");
  if (kept.length === 1 && !problems.length) location.assign(kept[0].href);
  else if (kept.length && !problems.length) location.assign("/imports");
  else if (kept.length) say(`${kept.length} kept, waiting for your word.`, "ok", "/imports");
}

export function start() {
  const main = document.querySelector("main[data-drop]");
  if (!main) return; // this cockpit only shows
  const place = main.dataset, form = document.getElementById("drop");
  let depth = 0;
  const over = (is) => document.body.classList.toggle("is-dropping", is);
  const brings = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragenter", (event) => { if (brings(event)) { depth++; over(true); } });
  document.addEventListener("dragleave", (event) => { if (brings(event) && --depth <= 0) { depth = 0; over(false); } });
  document.addEventListener("dragover", (event) => { if (brings(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    depth = 0;
    over(false);
    if (!brings(event)) return;
    event.preventDefault();
    if (event.dataTransfer.files.length) take([...event.dataTransfer.files], place, form);
  });
  if (!form) return;
  const input = form.querySelector('input[type="file"]');
  input.multiple = true;
  input.addEventListener("change", () => { if (input.files.length) take([...input.files], place, form); });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) take([...input.files], place, form);
  });
}
