// What every page does beyond its HTML. Everything works without it; it only saves steps.
import { start as startTheme } from "./theme.js";
import { start as startTimes } from "./times.js";
import { start as startNumbers } from "./numbers.js";
import { start as startKeys } from "./keys.js";
import { start as startCopy } from "./copy.js";
import { start as startToasts } from "./toasts.js";
import { start as startPlace } from "./place.js";
import { start as startSelect } from "./select.js";
import { start as startColumns } from "./columns.js";
import { start as startDrop } from "./drop.js";
import { start as startLive } from "./live.js";
import { start as startReminders } from "./reminders.js";
import { start as startTyped } from "./typed.js";

for (const start of [startTheme, startNumbers, startTimes, startKeys, startCopy, startToasts, startPlace, startSelect, startColumns, startDrop, startLive, startReminders, startTyped]) start();
