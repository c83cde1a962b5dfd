// Waits until it is known what a list would do, and shows how far that is.
const working = document.getElementById("working");
const bar = working.querySelector("progress"), says = document.getElementById("percent");

async function look() {
  try {
    const answer = await fetch(working.dataset.state, { headers: { Accept: "application/json" } });
    if (!answer.ok) return location.reload();
    const { preview, percent } = await answer.json();
    if (preview !== null) return location.reload();
    if (percent !== null) {
      bar.value = percent;
      says.textContent = `${Math.round(percent)}%`;
    }
  } catch { /* asked again */ }
  setTimeout(look, 400);
}
setTimeout(look, 200);
