"""What the executable runs. Sub-processes of multiprocessing start the same executable, so they are caught first."""

import sys
from multiprocessing import freeze_support

freeze_support()

import later  # noqa: E402

later.install(sys._MEIPASS)  # type: ignore[attr-defined]
sys.path.append(f"{sys._MEIPASS}/beside.zip")  # type: ignore[attr-defined]  # time zones and metadata; see bundle.py

from valhalla.__main__ import main  # noqa: E402

main()
