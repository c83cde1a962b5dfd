"""A notification on the desktop when something promised is due, off by the setting ``notifications``.

By D-Bus where there is a session bus; on Windows as a toast (not tried on a real Windows yet). A desktop that shows nothing is no
error: Today has it on top, and an open page of the cockpit says it too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from db.clock import MINUTE, SECOND
from valhalla.leads import promises
from valhalla.program import settings
from valhalla.program.terminal import clean

if TYPE_CHECKING:
    from db import Database
    from valhalla.leads.promises import Listed

EVERY = 15 * SECOND
"""How often somebody looks."""

LATE = 10 * MINUTE
"""What became due longer ago, while nothing ran, is not notified of: Today shows it."""

PATIENCE = 5.0
"""Seconds in which a desktop has to take a notification."""

TITLES = {"callback": "Call back now", "appointment": "Appointment now", "task": "To do now"}

_TOAST = """
[Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime] | Out-Null
$t = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent(
  [Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$n = $t.GetElementsByTagName("text")
$n.Item(0).AppendChild($t.CreateTextNode($env:VALHALLA_TITLE)) | Out-Null
$n.Item(1).AppendChild($t.CreateTextNode($env:VALHALLA_TEXT)) | Out-Null
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier("Valhalla").Show(
  [Windows.UI.Notifications.ToastNotification]::new($t))
"""

Show = Callable[[str, str], object]


class Reminder:
    """Notifies of each promise once, when it becomes due while the program runs."""

    def __init__(self, database: Database, show: Show | None = None) -> None:
        self.database = database
        self._show = show or _at_once
        self._seen_until = database.clock()
        self._next = 0

    def tick(self) -> int:
        """Notify of what became due since the last look. Returns of how many; cheap to call often."""
        now = self.database.clock()
        if now < self._next:
            return 0
        self._next = now + EVERY
        since, self._seen_until = max(self._seen_until, now - LATE) + 1, max(self._seen_until, now)
        found = became_due(self.database, since, now)
        for each in found:
            self._show(
                TITLES[each.promise.kind], each.name + (f": {each.promise.note}" if each.promise.note else "")
            )
        return len(found)


def became_due(database: Database, since: int, now: int, *, by: str | None = None) -> list[Listed]:
    """Open promises that became due from ``since`` to ``now``, of people who may be contacted; none with the setting
    off; ``by``: those that they made."""
    if since > now or not settings.value(database, "notifications"):
        return []
    return [
        each
        for each in promises.listed(database, since=since, until=now + 1, limit=5, by=by)
        if each.suppressed is None
    ]


def _at_once(title: str, text: str) -> None:
    """A desktop that is slow keeps nobody waiting."""
    threading.Thread(target=desktop, args=(title, text), daemon=True).start()


def desktop(title: str, text: str) -> bool:
    """Show a notification on this desktop. Returns whether something was there to show it."""
    command = _command(clean(title)[:80], clean(text).replace("\n", " ")[:200])
    if command is None:
        return False
    words, environment = command
    try:
        subprocess.run(
            words,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return True


def _command(title: str, text: str) -> tuple[Sequence[str], dict[str, str]] | None:
    """The program that shows it; what it shows goes past every shell."""
    if sys.platform == "win32":
        shell = shutil.which("powershell")
        words = [shell or "", "-NoProfile", "-NonInteractive", "-Command", _TOAST]
        return (words, {"VALHALLA_TITLE": title, "VALHALLA_TEXT": text}) if shell else None
    if not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return None
    if send := shutil.which("notify-send"):
        return [send, "--app-name=Valhalla", "--", title, text], {}
    if bus := shutil.which("gdbus"):
        call = ["call", "--session", "--dest=org.freedesktop.Notifications"]
        call += [
            "--object-path=/org/freedesktop/Notifications",
            "--method=org.freedesktop.Notifications.Notify",
        ]
        return [bus, *call, "Valhalla", "0", "", _variant(title), _variant(text), "[]", "{}", "-1"], {}
    return None


def _variant(text: str) -> str:
    """A text in GVariant's own form."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
