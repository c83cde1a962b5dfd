"""The ten sample leads, for anyone who wants to look before there is a list."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from jobs import WaitTimeout
from valhalla.cockpit.pages.imports import PATIENCE
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Here
from valhalla.cockpit.views import Views
from valhalla.intake.sample_leads import SOURCE
from valhalla.intake.samples import NAME, ROWS, ten_leads
from valhalla.reports.packet_files import put

BESIDE = "sample_leads.csv"
"""What the list is called where somebody has a list of its name."""

router = Views("samples")


@router.post("/samples")
def load(request: Request, here: Here) -> Response:
    """Put the sample list into the inbox and have it read. A list of the same name that is there stays as it is."""
    path, content = here.home.inbox / NAME, ten_leads()
    if path.exists() and path.read_bytes() != content:
        path = path.with_name(BESIDE)
    put(path, content)
    job_id = here.importing.ask(path, SOURCE, again=True)
    try:
        number = here.queue.wait(job_id, PATIENCE).result
    except WaitTimeout:
        return done(request, "/", f"{path.name} is in the inbox and will be read. Its people are invented.")
    undo = f"/imports/{number}/undo" if number is not None else None
    return done(
        request,
        "/",
        f"The {ROWS} sample leads are here. Their people are invented; they leave when your first list comes in.",
        undo=undo,
    )
