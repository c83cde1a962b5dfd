"""Starting with Windows: an entry of the person who asks for it, nobody else's, and taken out again without a trace."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from valhalla.program.errors import ValhallaError
from valhalla.program.executable import program

KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
NAME = "Valhalla"
_ELSEWHERE = (
    "starting by itself is set up here for Windows only; on other systems let the desktop or a service manager run: "
    "valhalla sandbox start"
)


def command(home: Path) -> str:
    """What is run when the person signs in: the background service of this home, which shows no window."""
    return subprocess.list2cmdline([*program(), "--home", str(home), "sandbox", "start"])


def enable(home: Path) -> str:
    """Start with Windows from now on; the command that does. Raises :class:`ValhallaError` on other systems."""
    if sys.platform == "win32":
        import winreg

        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, KEY) as key:
            winreg.SetValueEx(key, NAME, 0, winreg.REG_SZ, command(home))
        return command(home)
    raise ValhallaError(_ELSEWHERE)


def disable() -> bool:
    """Start with Windows no longer; False: it did not."""
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, KEY, 0, winreg.KEY_SET_VALUE) as key:
                winreg.DeleteValue(key, NAME)
        except FileNotFoundError:
            return False
        return True
    raise ValhallaError(_ELSEWHERE)


def status() -> str | None:
    """The command that is run at sign-in; None: nothing is."""
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, KEY) as key:
                return str(winreg.QueryValueEx(key, NAME)[0])
        except FileNotFoundError:
            return None
    return None
