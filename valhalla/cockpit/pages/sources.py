"""Sources: which lists belong together, and by which rules they are read."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import Form, Path, Request
from starlette.responses import Response

from valhalla.cockpit.gather import imports
from valhalla.cockpit.gather import sources as gathered
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Here
from valhalla.cockpit.views import Views
from valhalla.intake.source_quality import set_cost
from valhalla.intake.source_settings import Change, set_source
from valhalla.leads import source_pauses, source_pausing
from valhalla.program.wording import cents, money

router = Views("imports")

Name = Annotated[str, Path(max_length=200)]
Text = Annotated[str, Form(max_length=1_000)]


@router.view(
    "/imports/sources", "/api/imports/sources", "sources.html", "Sources", summary="Sources with their rules"
)
def sources(here: Here) -> dict[str, Any]:
    """Which lists belong together, how they are read, and how their columns are mapped."""
    return gathered.listed(here)


@router.view(
    "/imports/sources/{name}",
    "/api/imports/sources/{name}",
    "source.html",
    lambda found: str(found["name"]),
    summary="One source",
    name="found",
)
def source(here: Here, name: Name) -> dict[str, Any]:
    """All of its rules, what it is worth, and its last imports."""
    return gathered.source(here, name)


@router.post("/imports/sources")
def make(
    request: Request, here: Here, name: Annotated[str, Form(max_length=100)], pattern: Text = ""
) -> Response:
    """Make a source, as ``valhalla sources set`` does."""
    made = set_source(
        here.database,
        name.strip(),
        Change(pattern=pattern.strip() or None),
        inbox=here.home.inbox,
        actor=here.actor,
    )
    return done(
        request, _at(made["name"]), f"Source {made['name']} is there. Now say how its lists are read."
    )


@router.post("/imports/sources/{name}")
def change(
    request: Request,
    here: Here,
    name: Name,
    contact: Text,
    value_format: Text,
    country: Text,
    merge: Text,
    fallback: Text,
    delimiter: Text = "",
    required: Text = "",
    pattern: Text = "",
    decimal_comma: Text = "off",
    day_first: Text = "off",
    phone_identity: Text = "off",
) -> Response:
    """Change the rules of a source, as ``valhalla sources set --with`` does."""
    imports.source(here.database, name)
    options = {
        "contact": contact,
        "value_format": value_format,
        "country": country,
        "merge": merge,
        "fallback": fallback,
        "delimiter": delimiter,
        "required": required,
        "decimal_comma": decimal_comma,
        "day_first": day_first,
        "phone_identity": phone_identity,
    }
    set_source(
        here.database, name, Change(pattern=pattern, options=options), inbox=here.home.inbox, actor=here.actor
    )
    return done(request, _at(name), f"Source {name} is changed; its lists are read again by these rules.")


@router.post("/imports/sources/{name}/accept")
def accept(request: Request, here: Here, name: Name) -> Response:
    """Accept the suggested mapping of columns, as ``valhalla sources set --accept`` does."""
    set_source(here.database, name, Change(accept=True), actor=here.actor)
    return done(request, _at(name), f"The columns of source {name} are read as suggested from now on.")


@router.post("/imports/sources/{name}/cost")
def cost(request: Request, here: Here, name: Name, amount: Annotated[str, Form(max_length=30)]) -> Response:
    """Say what its lists cost, as ``valhalla sources cost`` does."""
    total = set_cost(here.database, name, cents(amount), actor=here.actor)
    return done(request, _at(name), f"{name} has cost {money(total)} so far.")


@router.post("/imports/sources/{name}/pause")
def pause(
    request: Request,
    here: Here,
    name: Name,
    reason: Annotated[str, Form(max_length=500)],
    kind: Annotated[Literal["pause", "stop"], Form()] = "pause",
    until: Text = "",
) -> Response:
    """Pause or stop a source, as ``valhalla sources pause`` and ``stop`` do."""
    made = source_pausing.pause(here.database, name, kind, reason, until=until or None, actor=here.actor)
    return done(request, _at(name), f"{name} is {source_pauses.as_text(made)}.", undo=f"{_at(name)}/resume")


@router.post("/imports/sources/{name}/resume")
def resume(request: Request, here: Here, name: Name) -> Response:
    """End a pause, as ``valhalla sources resume`` does."""
    source_pausing.resume(here.database, name, actor=here.actor)
    return done(request, _at(name), f"{name} is resumed: its leads are on the call list again.")


def _at(name: str) -> str:
    return f"/imports/sources/{quote(name, safe='')}"
