// A page that is still being worked out is asked for every two seconds and loaded when it is there, though not while somebody uses a
// form on it.
const EACH = 2000, FIELDS = "main input, main select, main textarea";

function changed(field) {
  if (field instanceof HTMLSelectElement) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((each) => each.defaultSelected));
  return field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
}

const used = () => Boolean(document.activeElement?.closest("form")) || [...document.querySelectorAll(FIELDS)].some(changed);

async function look() {
  try {
    if (!document.hidden && !used()) {
      const answer = await fetch(location.href);
      const waits = (await answer.text()).includes('data-waits="yes"'); // what people wrote has no such quotes
      if (answer.ok && !waits && !used()) return location.reload();
    }
  } catch { /* asked again */ }
  setTimeout(look, EACH);
}
setTimeout(look, EACH);
