// Running imports as lines with a bar, for pages that show them.
import { number } from "./numbers.js";
import { left } from "./times.js";

export function line(each) {
  const block = document.createElement("div");
  block.className = "import";
  const says = document.createElement("p"), name = document.createElement("b"), note = document.createElement("span");
  name.textContent = each.file;
  note.className = "note";
  const facts = [];
  if (each.rows !== null) facts.push(`${number(each.rows)} rows`);
  if (each.rejected) facts.push(`${number(each.rejected)} refused`);
  if (each.rows_per_second) facts.push(`${number(each.rows_per_second)} a second`);
  if (each.seconds_left !== null && each.percent < 100) facts.push(`${left(each.seconds_left)} left`);
  note.textContent = ` ${facts.join(", ")}`;
  says.append(name, note);
  const bar = document.createElement("progress");
  bar.max = 100;
  if (each.percent !== null) bar.value = each.percent;
  bar.setAttribute("aria-label", each.file);
  block.append(says, bar);
  return block;
}
