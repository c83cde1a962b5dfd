"""A re-evaluation that is there to be killed.

``python reevaluating.py FILE BATCH PAUSE`` kills itself so many seconds after the batch with that number (0: never).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from valhalla.program.database import open_database
from valhalla.scoring import reevaluate

BATCH = 25


def main() -> None:
    path, last, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    batches = 0

    def die() -> None:
        time.sleep(pause)  # a random moment is the point
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

    def between() -> None:
        nonlocal batches
        batches += 1
        if batches == last:
            threading.Thread(target=die).start()

    reevaluate.BATCH = reevaluate.SMALLEST = BATCH
    with open_database(path) as database:
        reevaluate.reevaluate(database, reevaluate.Hooks(between=between))
    print("done", flush=True)


if __name__ == "__main__":
    main()
