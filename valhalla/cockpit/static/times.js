// "3 min ago" stays true while the page is open; countdowns count.
const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function ago(at, now = Date.now()) {
  const away = at - now, far = Math.abs(away);
  if (far >= DAY) {
    const day = new Date(at), year = day.getFullYear();
    return `${MONTHS[day.getMonth()]} ${day.getDate()}${year === new Date(now).getFullYear() ? "" : `, ${year}`}`;
  }
  if (far < 10 * SECOND) return "now";
  const text = far < MINUTE ? `${Math.floor(far / SECOND)} s` : far < HOUR ? `${Math.floor(far / MINUTE)} min` : `${Math.floor(far / HOUR)} h`;
  return away > 0 ? `in ${text}` : `${text} ago`;
}

export function left(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  return whole < 3600 ? `${Math.floor(whole / 60)} min` : `${Math.floor(whole / 3600)} h`;
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function start() {
  const began = Date.now();
  for (const element of document.querySelectorAll("[data-countdown]")) element.dataset.until = began + 1000 * Number(element.dataset.countdown);
  const tick = () => {
    if (document.hidden) return;
    const now = Date.now();
    for (const element of document.querySelectorAll("time[data-age]")) set(element, ago(Date.parse(element.dateTime), now));
    for (const element of document.querySelectorAll("[data-until]")) set(element, left((Number(element.dataset.until) - now) / 1000));
  };
  tick();
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);
}
