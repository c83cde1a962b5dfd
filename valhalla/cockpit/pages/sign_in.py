"""How a member of a team comes in: a name and a password, and before that an invitation to choose one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from valhalla.cockpit.rendering import Answer, environment, error, refusal, wants_json
from valhalla.cockpit.security.hosts import SECURE
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.program.errors import NotFound, UsageError
from valhalla.team import members, passwords, signing_in

router = Views("team")

Word = Annotated[str, Form(max_length=1_000)]
Code = Annotated[str, Form(max_length=100)]

CHOSEN = "Your password is chosen. Sign in with it."


@router.get("/sign-in")
def ask(request: Request, here: Here) -> Response:
    """The name and the password."""
    _must_be_on(here)
    return _page("sign_in.html", problem=None, name="", says=None)


@router.post("/sign-in")
def sign_in(request: Request, here: Here, name: Word = "", password: Word = "") -> Response:
    """Sign in: a fresh session, whatever the browser brought."""
    _must_be_on(here)
    if here.database.readonly:
        raise UsageError("nobody signs in while this database is only read")
    cookie = here.member_cookie(request.url.scheme)
    entered = signing_in.sign_in(here.database, name, password, request.cookies.get(cookie))
    if entered.cookie is None:
        status, code, says = (
            (429, "LOCKED", signing_in.LOCKED)
            if entered.result == "locked"
            else (403, "WRONG", signing_in.WRONG)
        )
        if wants_json(request.scope):
            return error(status, code, says)
        return _page("sign_in.html", status, problem=says, name=name, says=None)
    answer: Response = (
        Answer({"message": "Signed in."}) if wants_json(request.scope) else RedirectResponse("/", 303)
    )
    answer.set_cookie(
        cookie,
        entered.cookie,
        max_age=signing_in.LONGEST // 1_000_000,
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme in SECURE,
    )
    return answer


@router.get("/invitation")
def invitation(request: Request, here: Here, code: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Who is invited, and the question for a password. Looking uses nothing up: virus scanners look, too."""
    _must_be_on(here)
    member = passwords.invited(here.database, code)
    if member is None:
        return refusal(request.scope, 403, "INVITATION", _sentence(passwords.LAPSED))
    return _page("invitation.html", problem=None, member=member, code=code)


@router.post("/invitation")
def choose(request: Request, here: Here, code: Code = "", password: Word = "", again: Word = "") -> Response:
    """Choose the password, once."""
    _must_be_on(here)
    try:
        passwords.accept(here.database, code, password, again)
    except UsageError as problem:
        member = passwords.invited(here.database, code)
        if member is None:
            return refusal(request.scope, 403, "INVITATION", _sentence(passwords.LAPSED))
        if wants_json(request.scope):
            raise
        return _page("invitation.html", 400, problem=_sentence(str(problem)), member=member, code=code)
    if wants_json(request.scope):
        return Answer({"message": CHOSEN})
    return _page("sign_in.html", problem=None, name="", says=CHOSEN)


def _must_be_on(here: Cockpit) -> None:
    if not members.enabled(here.database):
        raise NotFound("there is nothing at this address")


def _page(template: str, status: int = 200, /, **shown: Any) -> Response:
    return HTMLResponse(environment().get_template(template).render(**shown), status)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
