"""An upgrade that is there to be killed: ``python upgrading.py FILE STATEMENT`` ends before that statement and says how many it ran."""

from __future__ import annotations

import os
import sys

import apsw

from valhalla.program.database import open_database


def main() -> None:
    path, last = sys.argv[1], int(sys.argv[2])
    run = 0

    def count(cursor: object, statement: str, bindings: object) -> bool:
        nonlocal run
        if run == last:
            os._exit(9)
        run += 1
        return True

    apsw.connection_hooks.append(lambda connection: connection.set_exec_trace(count))
    open_database(path).close_all()
    print(run, flush=True)


if __name__ == "__main__":
    main()
