// Light or dark, without loading the page again. The form's POST does the same where there is no script.
const dark = matchMedia("(prefers-color-scheme: dark)");
const shown = () => document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");

// Charts are images, which follow no style of the page.
function images() {
  for (const image of document.querySelectorAll("img[data-themed]")) {
    const address = new URL(image.src);
    if (address.searchParams.get("theme") === shown()) continue;
    address.searchParams.set("theme", shown());
    image.src = address;
  }
}

export function start() {
  const form = document.querySelector("form.theme");
  if (!form) return;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const next = shown() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    fetch("/theme", { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams({ theme: next }) });
    images();
  });
  dark.addEventListener("change", images); // the system's own theme, which many change in the evening
  images();
}
