"""What each role of a team may open and do, route by route.

One table for all: what a caller may is named here, what only the owner may is named here, and everything else is for the owner
and the managers; an auditor may look at it. A route that is not named is closed to callers, so a new one is closed until
somebody opens it.
"""

from __future__ import annotations

LOOKS = ("GET", "HEAD", "OPTIONS")

ANYBODY = frozenset(("POST /theme", "POST /sign-out"))
"""For each role: these change nothing but the browser's own session."""

CALLER = ANYBODY | frozenset(
    (
        *("GET /", "GET /api/today", "GET /api/state"),
        *(
            "GET /work",
            "GET /api/work",
            "GET /api/work/time",
            "POST /work/record",
            "POST /work/skip",
            "POST /work/unskip",
        ),
        *(
            "POST /work/undo",
            "POST /work/note",
            "POST /work/tag",
            "POST /work/edit",
            "POST /work/hold",
            "POST /work/release",
        ),
        *("GET /leads", "GET /api/leads", "GET /leads/{number}", "GET /api/leads/{number}"),
        *("POST /leads/{number}/outcome", "POST /leads/{number}/note", "POST /leads/{number}/tag"),
        *("POST /leads/{number}/edit", "POST /leads/{number}/dnc", "POST /outcomes/{number}/undo"),
        *("POST /leads/{number}/promise", "POST /leads/{number}/consent"),
        *("GET /calendar", "GET /api/calendar", "GET /api/promises/due", "POST /calendar/{number:int}/end"),
        *(
            "POST /calendar/{number:int}/reopen",
            "POST /calendar/{number:int}/confirm",
            "POST /calendar/{number:int}/move",
        ),
        *("GET /deals", "GET /api/deals", "GET /deals/{number}", "GET /api/deals/{number}"),
    )
)
"""Today, Leads, Calendar and Deals, and what belongs to a call."""

OWNER = frozenset(
    (
        *("POST /settings", "POST /settings/basics", "POST /settings/startup", "POST /settings/policy"),
        *("GET /welcome", "POST /folder", "GET /live", "POST /live/on", "POST /live/off"),
        *("POST /safety/limits", "POST /safety/production", "POST /audit/copies", "POST /work/name"),
        "POST /markets/cap",  # it changes the policy
    )
)
"""For nobody but the owner: how the program works, what leaves the computer, and copies of everything."""

FILES = frozenset(("GET /audit/copies/{name}",))
"""A whole copy: for the owner and the auditor."""


def may(role: str, method: str, route: str) -> bool:
    """Whether somebody of a role may ask for a route, by its path as it is declared."""
    what = f"{'GET' if method in LOOKS else method} {route}"
    if role == "owner":
        return True
    if role == "caller":
        return what in CALLER
    if role == "auditor":
        return what in ANYBODY or (what.startswith("GET ") and what not in OWNER)
    return role == "manager" and what not in OWNER | FILES
