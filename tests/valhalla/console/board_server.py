"""Serves both boards in a process of its own; prints its port. Sources come from the environment."""

from __future__ import annotations

import asyncio
import socket

import uvicorn
from fastapi import FastAPI

from valhalla.console import Console, sockets


async def main() -> None:
    console = Console()
    app = FastAPI(lifespan=sockets.lifespan(console))
    app.include_router(sockets.router(lambda connection: console))
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        print(listener.getsockname()[1], flush=True)
        config = uvicorn.Config(app, log_level="warning", ws_per_message_deflate=False)
        await uvicorn.Server(config).serve(sockets=[listener])


asyncio.run(main())
