"""``valhalla team``: several people who call from one list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.program.errors import UsageError

if TYPE_CHECKING:
    from db import Database

app = typer.Typer(
    help="Several people on one list: on, off, add, invite, list, remove, network, log.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="The name under which what they do is recorded.")]


@app.command("on")
def on(ctx: typer.Context) -> None:
    """Let people work under their own names: leads next --as NAME, outcome --as NAME."""
    _switch(ctx, on=True)


@app.command("off")
def off(ctx: typer.Context) -> None:
    """Back to one operator. Who the members are stays known."""
    _switch(ctx, on=False)


def _switch(ctx: typer.Context, *, on: bool) -> None:
    from valhalla.team import members

    inv = invocation(ctx)
    with inv.writing() as database:
        members.switch(database, on)
        found = members.everybody(database)

    def render() -> None:
        if not on:
            print("The team is off: everything is recorded as done by the operator.")
        elif found:
            print(f"The team is on: {', '.join(each.name for each in found)}.")
        else:
            print("The team is on. Add people with: valhalla team add NAME --role caller")

    inv.show({"enabled": on, "members": [each.to_json() for each in found]}, render)


@app.command("add")
def add(
    ctx: typer.Context,
    name: Name,
    role: Annotated[str, typer.Option(help="owner, manager, caller, or auditor, who only reads.")] = "caller",
) -> None:
    """Add somebody to the team, and print the link by which they choose a password."""
    from valhalla.team import members

    inv = invocation(ctx)
    with inv.writing() as database:
        made = members.add(database, name, role)
        here = members.enabled(database)
        link = _invite(inv, database, made.name)

    def render() -> None:
        later = "" if here else " The team is off; turn it on with: valhalla team on"
        print(f"{made.name} is in the team as {made.role}.{later}")
        _show_link(link)

    inv.show({**made.to_json(), "invitation": link}, render)


@app.command("invite")
def invite(ctx: typer.Context, name: Name) -> None:
    """Print another link by which somebody chooses a password; the one before opens nothing any more."""
    from valhalla.team import members

    inv = invocation(ctx)
    with inv.writing() as database:
        found = members.find(database, name)
        link = _invite(inv, database, found.name)
    inv.show({**found.to_json(), "invitation": link}, lambda: _show_link(link))


def _invite(inv: Invocation, database: Database, name: str) -> str:
    from valhalla.service.team_links import invitation
    from valhalla.team import passwords

    _, made = passwords.invite(database, name)
    return invitation(database, inv.home, made.code)


def _show_link(link: str) -> None:
    print(f"Invitation, good once and for seven days: {link}")


@app.command("network")
def reach(
    ctx: typer.Context,
    switch: Annotated[
        str | None, typer.Argument(metavar="[on|off]", help="Without it: how things are.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="Your own certificate, a PEM file; without it one is made here.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Its key, a PEM file without a password.")] = None,
) -> None:
    """Let phones and computers on your network reach the cockpit, over TLS and for members only."""
    from valhalla.service import network

    if switch not in (None, "on", "off"):
        raise UsageError(f"say on or off, not {switch!r}")
    if (certificate is None) != (key is None):
        raise UsageError("a certificate goes with its key: name both --certificate and --key")
    inv = invocation(ctx)
    with inv.reading() if switch is None and certificate is None else inv.writing() as database:
        if certificate is not None and key is not None:
            network.bring(database, certificate, key)
        if switch is not None:
            network.switch(database, switch == "on")
        on = network.wanted(database)
        found = network.network(database, inv.home) if on else None

    def render() -> None:
        if found is None:
            print(
                "The cockpit is reached from this computer only. Change that with: valhalla team network on"
            )
            return
        print(f"From the next start on, members reach the cockpit at {found.url}")
        print(f"The certificate's SHA-256 fingerprint: {found.identity.fingerprint}")
        if not found.identity.own:
            print(
                "Browsers do not know this certificate and ask once: compare the fingerprint, then accept it."
            )
        print(network.picture(f"{found.url}/sign-in"))

    inv.show({"on": on, **({} if found is None else found.to_json())}, render)


@app.command("log")
def sign_ins(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
) -> None:
    """Who signed in and out, and who tried to, the newest first."""
    from db.clock import iso
    from valhalla.team import signing_in

    inv = invocation(ctx)
    with inv.reading() as database:
        found = signing_in.log(database, limit)

    cells = [(iso(each.at), each.name or "(a name that nobody has)", each.result) for each in found]
    inv.table(
        [{**each._asdict(), "at": iso(each.at)} for each in found],
        ("when", "who", "what"),
        cells,
        empty="Nobody has signed in yet.",
    )


@app.command("list")
def everybody(ctx: typer.Context) -> None:
    """Who is in the team, and as what."""
    from valhalla.team import members

    inv = invocation(ctx)
    with inv.reading() as database:
        found = members.everybody(database)

    cells = [(each.name, each.role) for each in found]
    inv.table(
        [each.to_json() for each in found],
        ("name", "role"),
        cells,
        empty="Nobody yet; add people with: valhalla team add NAME",
    )


@app.command("remove")
def remove(ctx: typer.Context, name: Name) -> None:
    """Take somebody out of the team. What they did stays under their name."""
    from valhalla.team import members

    inv = invocation(ctx)
    with inv.writing() as database:
        gone = members.remove(database, name)
    inv.show(gone.to_json(), lambda: print(f"{gone.name} is out of the team."))
