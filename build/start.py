"""What the executable runs."""

import sys

import modules
import pyimod02_importers as pyinstaller  # there before anything else, and on no disk

modules.install(pyinstaller.pyz_archive, pyinstaller.PyiFrozenLoader)

import later  # noqa: E402

later.install(sys._MEIPASS)  # type: ignore[attr-defined]
sys.path.append(f"{sys._MEIPASS}/beside.zip")  # type: ignore[attr-defined]  # time zones and metadata; see bundle.py

from valhalla.__main__ import main  # noqa: E402

main()
