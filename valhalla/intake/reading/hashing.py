"""The hash of what was read of a list. Loads next to nothing: whether a list says something new is asked far more often than it is read."""

from __future__ import annotations

import os
from hashlib import blake2b
from typing import BinaryIO

BLOCK = 1 << 18
"""Bytes that are read at a time."""


def hash_of(file: BinaryIO, length: int) -> blake2b:
    """BLAKE2b (128 bits) of the first ``length`` bytes of a file, or of all when it is shorter."""
    hasher = blake2b(digest_size=16)
    file.seek(0)
    while length > 0 and (block := file.read(min(BLOCK, length))):
        hasher.update(block)
        length -= len(block)
    return hasher


def prefix_hash(path: str | os.PathLike[str], length: int) -> blake2b:
    """The hash of the first ``length`` bytes of a file, as far as there are so many: see
    :meth:`valhalla.intake.reading.source.Source.digest`."""
    with open(path, "rb", buffering=0) as file:
        return hash_of(file, length)
