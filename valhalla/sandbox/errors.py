"""What can go wrong with a block."""

from __future__ import annotations

from valhalla.program.errors import ValhallaError


class SandboxError(ValhallaError):
    """Something about a block is not possible."""


class PostgresUnsupported(SandboxError):
    """A block was given a PostgreSQL database: in this version only sessions, health check and cleanup work there."""


class ResultElsewhere(SandboxError):
    """A key was executed by another process, with a result that JSON cannot hold and that therefore stayed there."""


class NestedKey(SandboxError):
    """A function asks for the key under which it itself runs: it would wait for itself."""
