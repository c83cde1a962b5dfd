// Choosing rows: a form marked data-select counts what is chosen, chooses all, and offers its action only then.
export function start() {
  for (const form of document.querySelectorAll("form[data-select]")) {
    const all = form.querySelector("[data-select-all]"), says = form.querySelector("[data-select-says]"), act = form.querySelector("[data-select-act]");
    const boxes = () => [...form.querySelectorAll('input[type="checkbox"][name]')];
    const plain = says?.textContent;
    const show = () => {
      const each = boxes(), chosen = each.filter((box) => box.checked).length;
      if (all) { all.checked = chosen > 0 && chosen === each.length; all.indeterminate = chosen > 0 && chosen < each.length; }
      if (says) says.textContent = chosen ? `${chosen} chosen` : plain;
      if (act) act.disabled = chosen === 0;
    };
    all?.addEventListener("change", () => { for (const box of boxes()) box.checked = all.checked; show(); });
    form.addEventListener("change", show);
    show();
  }
}
