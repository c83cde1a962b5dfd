"""Modules that are loaded with their first use are the modules that an import would have given."""

from __future__ import annotations

import subprocess
import sys

POSTPONED = """
import sys
from valhalla.program.later import postponed

with postponed("wave"):
    import wave as given
assert "wave" not in sys.modules
if {first}:
    import wave
assert given.Error.__name__ == "Error" and "wave" in sys.modules
import wave
assert given.Error is wave.Error and given is not wave
with postponed("wave"):
    import wave as loaded
assert loaded is wave and sys.modules["wave"] is wave
with postponed("colorsys"):
    import colorsys
    assert colorsys.rgb_to_hsv(0, 0, 0) == (0, 0, 0) and "colorsys" in sys.modules
assert sys.modules["colorsys"] is not colorsys and sys.modules["colorsys"].rgb_to_hsv is colorsys.rgb_to_hsv
"""


def test_a_postponed_module_is_loaded_with_its_first_use() -> None:
    for first in (False, True):
        subprocess.run([sys.executable, "-c", POSTPONED.format(first=first)], check=True)
