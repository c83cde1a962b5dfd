"""Handlers that are coroutine functions: each worker thread runs them on an event loop of its own, one job at a time."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from jobs.errors import TimeLimitExceeded

if TYPE_CHECKING:
    import asyncio


class _Loop:
    """A thread's event loop. It stays open between jobs, so what belongs to it (the connections of a client) may be kept."""

    def __init__(self) -> None:
        import asyncio  # slow to load, and most programs have no such handler

        self.runner = asyncio.Runner()

    def __del__(self) -> None:
        with contextlib.suppress(RuntimeError):
            self.runner.close()


_threads = threading.local()


def _runner() -> asyncio.Runner:
    if not hasattr(_threads, "loop"):
        _threads.loop = _Loop()
    loop: _Loop = _threads.loop
    return loop.runner


def runs_on_loop(
    function: Callable[..., Coroutine[Any, Any, Any]], time_limit: float | None
) -> Callable[..., Any]:
    """``function`` as a handler. Past ``time_limit`` seconds it is interrupted at its ``await``, and has failed."""

    async def limited(*args: Any, **kwargs: Any) -> Any:
        import asyncio

        limit = asyncio.timeout(time_limit)
        try:
            async with limit:
                return await function(*args, **kwargs)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise TimeLimitExceeded(f"ran longer than its limit, {time_limit:g} s") from error

    @functools.wraps(function)
    def handler(*args: Any, **kwargs: Any) -> Any:
        called = function(*args, **kwargs) if time_limit is None else limited(*args, **kwargs)
        return _runner().run(called, context=contextvars.copy_context())

    return handler
