// Choosing rows: a form marked data-select counts what is chosen, chooses all, and offers its action, in sight wherever the page is, only then.
export function start(part = document) {
  for (const form of part.querySelectorAll("form[data-select]")) {
    const all = form.querySelector("[data-select-all]"), says = form.querySelector("[data-select-says]"), acts = form.querySelectorAll("[data-select-act]");
    const boxes = () => [...form.elements].filter((each) => each.type === "checkbox" && each.name); // also those elsewhere that name the form
    const plain = says?.textContent;
    const show = () => {
      const each = boxes(), chosen = each.filter((box) => box.checked).length;
      if (all) { all.checked = chosen > 0 && chosen === each.length; all.indeterminate = chosen > 0 && chosen < each.length; }
      if (says) says.textContent = chosen ? `${chosen} chosen` : plain;
      for (const act of acts) act.disabled = chosen === 0;
      form.classList.toggle("has-chosen", chosen > 0);
    };
    all?.addEventListener("change", () => { for (const box of boxes()) box.checked = all.checked; show(); });
    form.addEventListener("change", show);
    for (const box of boxes()) if (!form.contains(box)) box.addEventListener("change", show);
    show();
  }
}
