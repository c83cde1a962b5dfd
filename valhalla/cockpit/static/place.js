// A form that leads back to its own page, and the pager, keep the place on the page.
const KEY = "valhalla.place";

export function start() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    sessionStorage.removeItem(KEY);
    if (kept && kept.path === location.pathname && Date.now() - kept.at < 10000) scrollTo(0, kept.y);
    const keep = () => sessionStorage.setItem(KEY, JSON.stringify({ path: location.pathname, y: scrollY, at: Date.now() }));
    document.addEventListener("submit", (event) => { if (event.target.method === "post") keep(); });
    document.addEventListener("click", (event) => { if (event.target.closest(".pager a")) keep(); });
  } catch { /* without storage the page begins at its top */ }
}
