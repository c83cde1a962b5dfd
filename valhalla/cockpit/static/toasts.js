// What has been done, said once. A toast with an undo stays longer; one that is pointed at stays.
const STAY = 6000, STAY_UNDO = 15000, MOST = 5;

function icon(name) {
  const known = document.querySelector("svg.icon use");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${known.getAttribute("href").split("#")[0]}#${name}`);
  svg.append(use);
  return svg;
}

function go(toast) {
  toast.classList.add("going");
  setTimeout(() => toast.remove(), 200);
}

function settle(toast) {
  const stay = toast.querySelector("form") ? STAY_UNDO : toast.classList.contains("bad") ? 0 : STAY;
  toast.querySelector("[data-close]").addEventListener("click", () => go(toast));
  if (!stay) return;
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : go(toast));
  setTimeout(leave, stay);
}

export function say(text, kind = "info", href = null) {
  const toast = document.createElement("div");
  toast.className = `toast ${kind}`;
  const says = document.createElement("p");
  if (href) {
    const link = document.createElement("a");
    link.href = href;
    link.textContent = text;
    says.append(link);
  } else says.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "quiet small";
  close.dataset.close = "";
  close.setAttribute("aria-label", "Close");
  close.append(icon("close"));
  toast.append(icon(kind), says, close);
  const all = document.getElementById("toasts");
  while (all.children.length >= MOST) all.firstElementChild.remove();
  all.append(toast);
  settle(toast);
}

export function start() {
  for (const toast of document.querySelectorAll("[data-toast]")) settle(toast);
}
