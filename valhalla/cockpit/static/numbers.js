// Numbers as the reader's language writes them. The server writes them the American way.
const language = navigator.language || "en-US";
const plain = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat(language, { style: "currency", currency: "USD", maximumFractionDigits: 0 });
const exact = new Intl.NumberFormat(language, { style: "currency", currency: "USD", minimumFractionDigits: 2 });

export const number = (value) => plain.format(value);
export const money = (value) => (Number.isInteger(value) ? whole : exact).format(value);

export function start(part = document) {
  if (language.toLowerCase().startsWith("en")) return;
  for (const element of part.querySelectorAll("data.num")) {
    const value = Number(element.value);
    if (Number.isFinite(value)) element.textContent = element.classList.contains("money") ? money(value) : number(value);
  }
}
