"""A process that sends effects until it is killed, or has sent them all after a line on standard input: ``python sending.py HOME``."""

from __future__ import annotations

import sys
from pathlib import Path

from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.service import runs
from valhalla.service.whole import WholeProgram


def main() -> None:
    with WholeProgram.open(Home(Path(sys.argv[1]))) as program:
        run_id = runs.begin(program.database, "run", {})
        guard = program.all_kinds().guard(settings.effective(program.database), run_id)
        guard.begin(is_live=True)
        worker = program.queue.worker(threads=3)
        worker.start()
        sys.stdin.readline()
        program.queue.drain(timeout=600)
        worker.stop(timeout=5)
        guard.end()
    print("done", flush=True)


if __name__ == "__main__":
    main()
