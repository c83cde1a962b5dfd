// Light or dark, without loading the page again. The form's POST does the same where there is no script.
export function start() {
  const form = document.querySelector("form.theme");
  if (!form) return;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const dark = document.documentElement.dataset.theme
      ? document.documentElement.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    const next = dark ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    fetch("/theme", { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams({ theme: next }) });
    for (const image of document.querySelectorAll("img[data-themed]")) {
      const address = new URL(image.src);
      address.searchParams.set("theme", next);
      image.src = address;
    }
  });
  const chosen = document.documentElement.dataset.theme
    ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  for (const image of document.querySelectorAll("img[data-themed]")) {
    const address = new URL(image.src);
    if (address.searchParams.get("theme") !== chosen) {
      address.searchParams.set("theme", chosen);
      image.src = address;
    }
  }
}
