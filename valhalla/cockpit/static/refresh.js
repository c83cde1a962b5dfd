// While something on the page is still running, its part is fetched anew: an element with an id and data-refresh="yes".
// What stands in it then is the server's own HTML, as it would be after a reload.
const EACH = 1000;

async function renew() {
  const ids = [...document.querySelectorAll('[data-refresh="yes"][id]')].map((element) => element.id);
  if (!ids.length) return false;
  if (document.hidden || document.body.classList.contains("is-lost")) return true;
  try {
    const answer = await fetch(location.href, { headers: { "X-Part": ids.join(",") } });
    if (!answer.ok) return true;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ids) {
      const old = document.getElementById(id), now = fresh.getElementById(id);
      if (!old || !now || old.contains(document.activeElement) && document.activeElement.closest("form")) continue;
      const open = [...old.querySelectorAll("details")].map((each) => each.open);
      const next = document.importNode(now, true);
      [...next.querySelectorAll("details")].forEach((each, at) => { if (open[at]) each.open = true; });
      old.replaceWith(next);
    }
  } catch { /* the next look will do */ }
  return true;
}

async function again() {
  if (await renew()) setTimeout(again, EACH);
}

setTimeout(again, EACH);
