"""Run by a Windows Python: every question that ``valhalla.service.windows`` and its like put to Windows. Prints JSON."""

import ctypes
import json
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from valhalla.safety import places
from valhalla.service import startup, windows

told = {}
windows.HELD_SECONDS = 0.1
stopped = threading.Event()
told["owns_console"] = windows.owns_console()
windows.on_closing(stopped.set)

user = ctypes.windll.user32
user.FindWindowW.restype = ctypes.c_void_p
window = None
for _ in range(100):
    window = user.FindWindowW("ValhallaSession", None)
    if window:
        break
    time.sleep(0.05)
told["hidden_window"] = bool(window)
told["may_the_session_end"] = user.SendMessageW(ctypes.c_void_p(window), 0x0011, 0, 0)
user.PostMessageW(ctypes.c_void_p(window), 0x0016, 1, 0)
told["stopped_at_session_end"] = stopped.wait(10)

handler = windows._kept[0]
for name, event in (("ctrl_c", 0), ("ctrl_break", 1), ("close", 2), ("logoff", 5), ("shutdown", 6)):
    stopped.clear()
    told[name] = [bool(handler(event)), stopped.is_set()]

windows.wait_for_end(999_999_996)
told["startup_before"] = startup.status()
told["startup_command"] = startup.enable(Path("C:\\My Leads"))
told["startup_on"] = startup.status()
told["startup_off"] = [startup.disable(), startup.disable(), startup.status()]
told["share"] = places.warning(Path(r"\\server\share\leads")) is not None
told["local"] = places.warning(Path("C:\\Valhalla")) is None
print(json.dumps(told))
