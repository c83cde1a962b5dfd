"""What Windows reports to a console program, and what it must be asked: whose console this is, that it is being closed, that the
person logs off, that another process has ended. On other systems nothing here does anything.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from valhalla.program.executable import unpacked_folder

CLOSE, LOGOFF, SHUTDOWN = 2, 5, 6
"""Console events after which Windows ends the process as soon as the handler returns, and after five seconds anyway."""

HELD_SECONDS = 10.0
"""How long such a handler keeps Windows waiting while the program stops; longer than Windows waits."""

_kept: list[Any] = []
"""Functions that Windows calls: they must not be collected."""


def owns_console() -> bool:
    """Whether the console was made for this program: it was started by a double click, not typed into a shell."""
    if sys.platform == "win32":
        import ctypes

        seen = (ctypes.c_ulong * 16)()
        count = ctypes.windll.kernel32.GetConsoleProcessList(seen, len(seen))
        ours = {os.getpid()} | ({os.getppid()} if unpacked_folder() else set())  # the loader shares it
        return 0 < count <= len(seen) and set(seen[:count]) <= ours
    return False


def wait_for_end(process: int) -> None:
    """Return when the process with this number has ended, at once when there is none."""
    if sys.platform == "win32":
        import ctypes

        synchronize, forever = 0x00100000, 0xFFFFFFFF
        kernel = ctypes.windll.kernel32
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = kernel.OpenProcess(synchronize, False, process)
        if handle:
            kernel.WaitForSingleObject(ctypes.c_void_p(handle), forever)
            kernel.CloseHandle(ctypes.c_void_p(handle))


def on_closing(stop: Callable[[], object]) -> None:
    """Call ``stop`` when the console window is closed, the person logs off or Windows shuts down, and keep Windows waiting
    while the program stops. Ctrl+C and Ctrl+Break are signals, and no business of this."""
    if sys.platform == "win32":
        import ctypes
        from ctypes import wintypes

        def handle(event: int) -> bool:
            if event not in (CLOSE, LOGOFF, SHUTDOWN):
                return False
            closing(stop)
            return True

        handler = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)(handle)
        _kept.append(handler)
        ctypes.windll.kernel32.SetConsoleCtrlHandler(handler, True)
        threading.Thread(target=_hidden_window, args=(stop,), name="session", daemon=True).start()


def closing(stop: Callable[[], object]) -> None:
    """What is done when the program has to end within five seconds: stop, and stay until the process has ended."""
    _hold_loader()
    stop()
    time.sleep(HELD_SECONDS)


def _hold_loader() -> None:
    """The loader of a one-file executable hears of the same event and ends this process after half a second. So it sleeps
    while we stop, and wakes to tidy up."""
    if unpacked_folder() is None:
        return
    import psutil

    try:
        loader = psutil.Process(os.getppid())
        loader.suspend()
    except psutil.Error:
        return
    atexit.register(loader.resume)


def _hidden_window(stop: Callable[[], object]) -> None:
    """A console program that has loaded the window library does not learn of logging off. A window is."""
    if sys.platform == "win32":
        import ctypes
        from ctypes import wintypes

        user = ctypes.windll.user32
        user.DefWindowProcW.restype = ctypes.c_ssize_t
        user.DefWindowProcW.argtypes = [wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM]
        ask, end = 0x0011, 0x0016  # WM_QUERYENDSESSION, WM_ENDSESSION
        procedure_type = ctypes.WINFUNCTYPE(
            ctypes.c_ssize_t, wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM
        )

        def procedure(window: int, message: int, word: int, long: int) -> int:
            if message == ask:
                return 1
            if message == end:
                if word:
                    closing(stop)
                return 0
            return int(user.DefWindowProcW(window, message, word, long))

        class WindowClass(ctypes.Structure):
            _fields_ = (
                ("style", wintypes.UINT),
                ("procedure", procedure_type),
                ("class_extra", ctypes.c_int),
                ("window_extra", ctypes.c_int),
                ("instance", wintypes.HINSTANCE),
                ("icon", wintypes.HANDLE),
                ("cursor", wintypes.HANDLE),
                ("background", wintypes.HANDLE),
                ("menu", wintypes.LPCWSTR),
                ("name", wintypes.LPCWSTR),
            )

        kind = WindowClass(procedure=procedure_type(procedure), name="ValhallaSession")
        _kept.append(kind)
        if not user.RegisterClassW(ctypes.byref(kind)):
            return
        user.CreateWindowExW.restype = wintypes.HWND
        if not user.CreateWindowExW(0, kind.name, "Valhalla", 0, 0, 0, 0, 0, None, None, None, None):
            return
        message = wintypes.MSG()
        while user.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
            user.DispatchMessageW(ctypes.byref(message))
