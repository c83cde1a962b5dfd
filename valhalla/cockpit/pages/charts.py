"""Charts as images: an image cannot see the page's colours, so its address says the theme."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query
from starlette.responses import Response

from valhalla.cockpit.documents import drawing
from valhalla.cockpit.gather import experiments
from valhalla.cockpit.state import Here
from valhalla.cockpit.views import Views
from valhalla.program.errors import NotFound
from valhalla.reports import chart_figures, charts
from valhalla.scoring.calibration import calibration
from valhalla.scoring.store import latest_policy

router = Views("charts")

Theme = Annotated[Literal["light", "dark"], Query()]


@router.get("/charts/experiments/{number}.svg")
def conversion(here: Here, number: Annotated[int, Path(ge=1, lt=2**63)], theme: Theme = "light") -> Response:
    """The variants of an experiment with their intervals."""
    found = experiments.one(here, number)["results"]
    rates = chart_figures.rates_of(found) if found else []
    if not rates:
        raise NotFound("there is nothing to draw yet")
    return drawing(charts.conversion(rates, theme, found["metric"]))


@router.get("/charts/calibration.svg")
def predictions(here: Here, theme: Theme = "light") -> Response:
    """What was predicted against what happened."""
    _, policy = latest_policy(here.database)
    bins = chart_figures.bins_of(calibration(here.database, policy).table)
    if not bins:
        raise NotFound("there is nothing to draw yet")
    return drawing(charts.calibration(bins, theme))
