"""Connections to Redis, which is an extra: everything works without it but what needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valhalla.console.errors import NotUsable, SourceError
from valhalla.console.redaction import shown

if TYPE_CHECKING:
    from redis.asyncio import Redis

NOT_INSTALLED = (
    "Redis support is not installed; install it with: pip install 'valhalla[redis]' (or: pip install redis)"
)


def client(url: str, timeout: float) -> Redis:
    """A client that gives up after ``timeout`` seconds and never tries twice by itself. Nothing is connected yet.

    Raises :class:`NotUsable` when redis-py is missing or ``url`` is not an address of a Redis.
    """
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError:
        raise NotUsable(NOT_INSTALLED) from None
    try:
        made: Redis = Redis.from_url(
            url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
            protocol=2,  # the Redis that people run on Windows is one of before RESP3
        )
    except (ValueError, TypeError):
        raise NotUsable(
            f"{shown(url)} is not an address of a Redis; one looks like redis://localhost:6379/0"
        ) from None
    return made


def failures() -> tuple[type[BaseException], ...]:
    """What a client raises when the server is gone, slow or refuses. Only called once a client exists."""
    from redis.exceptions import RedisError

    return (RedisError, OSError, TimeoutError)


def reason(url: str, error: BaseException) -> SourceError:
    """``error`` as a sentence about the Redis at ``url``."""
    from redis import exceptions

    where = f"Redis at {shown(url)}"
    text = str(error)
    if isinstance(error, exceptions.AuthenticationError | exceptions.NoPermissionError) or text.startswith(
        ("NOAUTH", "WRONGPASS", "NOPERM")
    ):
        return SourceError(f"{where} refuses the sign-in; put user and password into the address")
    if isinstance(error, exceptions.BusyLoadingError):
        return SourceError(f"{where} is still loading its data")
    if isinstance(error, exceptions.TimeoutError | TimeoutError):
        return SourceError(f"{where} does not answer in time")
    if isinstance(error, exceptions.ConnectionError | OSError):
        return SourceError(f"{where} cannot be reached")
    return SourceError(f"{where} answers with an error ({type(error).__name__})")
