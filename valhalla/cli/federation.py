"""``valhalla federation``: the federation service, and a Redis to try the board with."""

from __future__ import annotations

import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.program.errors import InputError, NotFound, UsageError
from valhalla.program.terminal import outlive_output

if TYPE_CHECKING:
    from fastapi import FastAPI

    from valhalla.console.federation_service.store import Store

app = typer.Typer(help="The federation service: serve, trust, forget, seed.", no_args_is_help=True)

Redis = Annotated[
    str | None, typer.Option("--redis", help="Address of the Redis (default: REDIS_URL, else the setting).")
]


@app.command("serve")
def serve(
    ctx: typer.Context,
    redis: Redis = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Port to listen on.")] = 9001,
    pull: Annotated[
        list[str] | None,
        typer.Option("--pull", help="Address of another service to pull from, such as http://10.0.0.2:9001."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", help="This service's name on the boards (default: the computer's)."),
    ] = None,
) -> None:
    """Serve GET /discover, POST /manifest and POST /sync until stopped, and pull from other services."""
    from valhalla.console.federation_service.mesh import Mesh
    from valhalla.console.federation_service.service import LOOPBACK, LOOPBACK_NAMES, make_app
    from valhalla.console.redaction import shown
    from valhalla.program import serving

    inv = invocation(ctx)
    url = _address(inv, redis)
    here = host in LOOPBACK
    others = pull or []
    for other in others:
        if not other.startswith(("http://", "https://")):
            raise UsageError(f"--pull needs an address such as http://10.0.0.2:9001, not {other!r}")
    _ask(_store(url), lambda store: store.check())
    with _listening(host, port) as listener:
        where = f"http://{_bracketed(host)}:{listener.getsockname()[1]}"
        said = f"Federation service: {where} (Redis at {shown(url)})"
        if not here:
            said += "\nEverybody who reaches this address can announce nodes."
        if others:
            said += f"\nIt pulls from {', '.join(map(shown, others))}."
        inv.show({"address": where, "redis": shown(url)}, lambda: print(said))
        outlive_output()
        sys.stdout.flush()
        hosts = LOOPBACK_NAMES if here else ("*",)

        def serving_app() -> FastAPI:
            store = _store(url)
            return make_app(store, hosts=hosts, mesh=Mesh(store, others, name or socket.gethostname()))

        serving.run(
            serving_app,
            listener,
            log_level="warning",
            ws="none",
            lifespan="on",
        )


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise InputError(
            f"port {port} on {host} cannot be used ({error.strerror or error}); choose another --port or --host"
        ) from None


@app.command("trust")
def trust(
    ctx: typer.Context,
    node: Annotated[str, typer.Argument(help="Id of the node.")],
    tier: Annotated[str, typer.Argument(help="core, trusted, verified or external.")],
    redis: Redis = None,
) -> None:
    """Set how far a node is trusted. Until then it is external, whatever it says of itself."""
    from valhalla.console.federation_service.store import TIERS

    inv = invocation(ctx)
    if tier not in TIERS:
        raise UsageError(f"the tier must be one of {', '.join(TIERS)}, not {tier!r}")

    _ask(_store(_address(inv, redis)), lambda store: store.trust(node, tier))
    inv.show({"node": node, "trust_tier": tier}, lambda: print(f"{node} is {tier}."))


@app.command("forget")
def forget(
    ctx: typer.Context,
    node: Annotated[str, typer.Argument(help="Id of the node.")],
    redis: Redis = None,
) -> None:
    """Remove a node: its id, which belonged to its first key, is free again."""
    inv = invocation(ctx)
    found: list[bool] = []

    async def remove(store: Store) -> None:
        found.append(await store.forget(node))

    _ask(_store(_address(inv, redis)), remove)
    if not found[0]:
        raise NotFound(f"there is no node {node!r}")
    inv.show({"node": node, "forgotten": True}, lambda: print(f"{node} is forgotten."))


@app.command("seed")
def seed(
    ctx: typer.Context,
    redis: Redis = None,
    peers: Annotated[int, typer.Option("--peers", min=1, max=10_000, help="How many peers.")] = 8,
    events: Annotated[int, typer.Option("--events", min=0, max=100, help="How many sync events.")] = 10,
    expire: Annotated[
        int | None, typer.Option("--expire", min=1, help="Seconds after which the peers vanish.")
    ] = None,
    databases: Annotated[
        Path | None,
        typer.Option(
            "--databases", help="Fill the memory board's two databases below this folder, instead of a Redis."
        ),
    ] = None,
    sessions: Annotated[
        int, typer.Option("--sessions", min=1, max=100_000, help="How many sessions, with --databases.")
    ] = 600,
) -> None:
    """Fill a Redis with made-up peers (seed-01, …) and sync events, or both databases, to see the boards at work."""
    import asyncio

    from valhalla.console import redis_client
    from valhalla.console.errors import SourceError
    from valhalla.console.federation_service import seeding
    from valhalla.console.redaction import shown

    inv = invocation(ctx)
    if databases is not None:
        if redis is not None:
            raise UsageError("--databases fills files and --redis a Redis: give one of them")
        _fill(inv, databases, sessions)
        return
    url = _address(inv, redis)

    async def work() -> dict[str, int]:
        client = redis_client.client(url, 5.0)
        try:
            return await seeding.seed(client, peers, events, expire=expire)
        except redis_client.failures() as error:
            raise redis_client.reason(url, error) from None
        finally:
            await client.aclose()

    try:
        written = asyncio.run(work())
    except SourceError as error:
        raise InputError(str(error)) from None
    inv.show(
        written,
        lambda: print(
            f"{written['peers']} peers and {written['events']} sync events written to {shown(url)}."
        ),
    )


def _fill(inv: Invocation, folder: Path, sessions: int) -> None:
    from valhalla.console.errors import SourceError
    from valhalla.console.population import populate

    try:
        written = populate(folder, sessions)
    except SourceError as error:
        raise InputError(str(error)) from None
    facts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in written.items())
    inv.show(
        written,
        lambda: print(
            f"{facts} written below {folder}.\nTo see them: valhalla config set console.base_path {folder}"
        ),
    )


def _address(inv: Invocation, given: str | None) -> str:
    """The Redis to work on: given, else REDIS_URL, else the setting in the home's file, else this computer's."""
    if given:
        return given
    from valhalla.console import configuration

    if inv.file or inv.home.database.exists():
        with inv.reading() as database:
            return configuration.read(database).redis_url
    return configuration.read(None).redis_url


def _store(url: str) -> Store:
    from valhalla.console.federation_service.store import Store

    return Store(url)


def _ask(store: Store, question: Callable[[Store], Awaitable[None]]) -> None:
    import asyncio

    from valhalla.console.federation_service.errors import StoreDown

    async def ask() -> None:
        try:
            await question(store)
        finally:
            await store.close()

    try:
        asyncio.run(ask())
    except StoreDown as error:
        raise InputError(str(error)) from None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
