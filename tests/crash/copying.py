"""Makes one protected copy after the other, and says of each that it is made. ``python copying.py HOME FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from valhalla.fleet import protecting
from valhalla.program import settings
from valhalla.program.database import open_database
from valhalla.program.home import Home


def main() -> None:
    home = Home(Path(sys.argv[1]))
    home.prepare()
    with open_database(home.database) as database:
        began = database.clock()
        for number in range(1_000):
            settings.save(database, "interval", str(number % 50 + 1))
            # Each in a second of its own, as its name says.
            database.clock = lambda number=number: began + number * 1_000_000  # type: ignore[method-assign,misc]
            made = protecting.protect(database, home, sys.argv[2])
            print(made["path"], made["head"], flush=True)


if __name__ == "__main__":
    main()
