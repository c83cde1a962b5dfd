"""Charts: whole SVG, no script, nothing loaded, the numbers in them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from valhalla.reports import charts
from valhalla.reports.charts import THEMES, Bin, Rate

CHARTS: dict[str, Callable[[str], str | None]] = {
    "funnel": lambda theme: charts.funnel([("read", 1200), ("won", 4)], theme),
    "empty funnel": lambda theme: charts.funnel([("read", 0), ("won", 0)], theme),
    "histogram": lambda theme: charts.histogram(
        [0, 5, 9, 0, 0, 0, 0, 0, 1, 0], {"A": 70, "B": 50, "C": 30}, theme
    ),
    "conversion": lambda theme: charts.conversion(
        [Rate("a & <b>", 3, 40, 0.02, 0.2), Rate("b", 0, 0, 0, 1)], theme
    ),
    "calibration": lambda theme: charts.calibration([Bin(0.1, 0.2, 30, 0.1, 0.4)], theme),
    "deal": lambda theme: charts.deal({"asking_cents": 100, "arv_cents": 300}, theme),
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", CHARTS)
def test_it_is_an_image_that_needs_nothing(name: str, theme: str) -> None:
    svg = CHARTS[name](theme)
    assert svg is not None
    root = ET.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "viewBox" in root.attrib
    assert not [node.tag for node in root.iter() if node.tag.endswith(("script", "foreignObject", "image"))]
    low = svg.lower()
    assert "javascript:" not in low and "url(http" not in low and "@import" not in low and ".js" not in low


def test_numbers_stand_in_the_labels() -> None:
    assert "won  4" in charts.funnel([("read", 1200), ("won", 4)]) or "won 4" in charts.funnel([("won", 4)])
    assert "1,200" in charts.funnel([("read", 1200)])
    assert "3 of 40" in charts.conversion([Rate("a", 3, 40, 0.02, 0.2)])
    assert "n = 30" in charts.calibration([Bin(0.1, 0.2, 30, 0.1, 0.4)])


def test_nothing_to_compare_is_no_chart() -> None:
    assert charts.deal({"asking_cents": 100, "arv_cents": None, "mao_cents": -5}) is None


def test_themes_differ() -> None:
    assert charts.funnel([("a", 1)], "light") != charts.funnel([("a", 1)], "dark")
