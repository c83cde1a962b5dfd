"""A zip archive made by someone else: its claims are checked before it is read, and its XML is parsed in bounded memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from valhalla.intake.reading.chunk import SourceError

if TYPE_CHECKING:
    from zipfile import ZipInfo

UNPACKED_LIMIT = 50 << 20
"""Bytes of all parts together: a small archive can unpack to anything."""
DIRECTORY_LIMIT = 2 << 20
"""Bytes that may be read at once, which is how ``zipfile`` reads the list of parts; some 20,000 of them."""
PACKINGS = (0, 8)
"""How parts may be packed, by the numbers of the zip format: stored and deflated. Other methods unpack without bound."""
BLOCK = 1 << 16
"""Bytes of a part that are parsed together."""
TAG_LIMIT = 1 << 20
"""Bytes of a tag or comment. Expat scans an unfinished one again with every block."""
DEPTH_LIMIT = 256
NAMES_LIMIT = 20_000
"""Different names of elements and attributes in one part: Expat keeps each of them."""
DOCTYPE = b"<!DOCTYPE"

Handler = Callable[[str, dict[str, str]], object]


class Archive:
    """The parts of an archive. Raises SourceError where it claims or holds more than a workbook may."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        import zipfile

        self.path = path
        file.seek(0)
        self._zip = zipfile.ZipFile(_BoundedReads(file, path))
        self.parts: dict[str, ZipInfo] = {part.filename: part for part in self._zip.infolist()}

    def start_of(self, name: str, size: int) -> bytes:
        """The first bytes of a part; empty when there is no such part."""
        return next(self._read(name, size), b"")[:size] if name in self.parts else b""

    def extract(self, name: str, limit: int) -> BinaryIO:
        """A part as a file of its own, which is gone when it is closed. Raises SourceError for more than ``limit`` bytes."""
        import tempfile

        file = cast(BinaryIO, tempfile.TemporaryFile(prefix="valhalla-"))  # noqa: SIM115
        left = limit
        try:
            for block in self._read(name, BLOCK):
                left -= len(block)
                if left < 0:
                    raise SourceError(
                        "TOO_LARGE",
                        f"{name} in the archive {self.path} unpacks to more than {limit >> 20:,} MB; unpack it first.",
                    )
                file.write(block)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    def check(self) -> None:
        """Refuse what unpacks to too much, and document types, which can make a text of any length out of a few bytes."""
        size = sum(part.file_size for part in self._zip.infolist())
        if size > UNPACKED_LIMIT:
            raise SourceError(
                "TOO_LARGE",
                f"The workbook {self.path} unpacks to {size / 1e6:,.0f} MB; up to 50 MB are read: save it as CSV.",
            )
        for name in self.parts:
            if name.endswith((".xml", ".rels")):
                self._refuse_types(name)

    def _refuse_types(self, name: str) -> None:
        before = b""
        for block in self.blocks(name):
            if DOCTYPE in before + block:
                raise self._type(name)
            before = block[1 - len(DOCTYPE) :]

    def _type(self, name: str) -> SourceError:
        return SourceError(
            "NOT_READABLE",
            f"The workbook {self.path} holds a document type, which none needs, in its part {name}; "
            "open it in Excel and save it again, or save it as CSV.",
        )

    def blocks(self, name: str) -> Iterator[bytes]:
        """A part, block by block, and no more of it than the limit whatever it claims."""
        left = UNPACKED_LIMIT
        for block in self._read(name, BLOCK):
            left -= len(block)
            if left < 0:
                raise SourceError(
                    "TOO_LARGE",
                    f"The part {name} of the workbook {self.path} unpacks to more than 50 MB: save it as CSV.",
                )
            yield block

    def _read(self, name: str, size: int) -> Iterator[bytes]:
        part = self.parts[name]
        if part.flag_bits & 1:
            raise SourceError(
                "NOT_READABLE",
                f"The archive {self.path} is protected by a password; save the list without one.",
            )
        if part.compress_type not in PACKINGS:
            raise SourceError(
                "NOT_READABLE",
                f"The archive {self.path} is packed by a method that is not read here; unpack it, or save the list as CSV.",
            )
        with self._zip.open(part) as opened:
            while block := opened.read(size):
                yield block

    def parse(
        self,
        name: str,
        start: Handler,
        end: Callable[[str], object] | None = None,
        text: Callable[[str], object] | None = None,
    ) -> Iterator[None]:
        """Parse a part, pausing after each block. The handlers get local names, without a prefix."""
        from xml.parsers import expat

        names: dict[str, str] = {}
        parser: Any = expat.ParserCreate(intern=names)
        parser.buffer_text = True
        depth = 0

        def started(tag: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            if depth > DEPTH_LIMIT:
                raise self._strange(name, f"elements within elements, over {DEPTH_LIMIT} deep")
            start(tag if ":" not in tag else tag.rpartition(":")[2], attributes)

        def ended(tag: str) -> None:
            nonlocal depth
            depth -= 1
            if end is not None:
                end(tag if ":" not in tag else tag.rpartition(":")[2])

        def typed(*_: object) -> None:
            raise self._type(name)

        parser.StartElementHandler, parser.EndElementHandler = started, ended
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = typed
        fed = 0
        for block in self.blocks(name):
            parser.Parse(block)
            fed += len(block)
            if fed - max(parser.CurrentByteIndex, 0) > TAG_LIMIT:
                raise self._strange(name, "a tag of over 1 MiB")
            if len(names) > NAMES_LIMIT:
                raise self._strange(name, f"over {NAMES_LIMIT:,} different names of elements")
            yield
        parser.Parse(b"", True)
        yield

    def _strange(self, name: str, what: str) -> SourceError:
        return SourceError(
            "NOT_READABLE",
            f"The part {name} of the workbook {self.path} holds {what}; "
            "open it in Excel and save it again, or save it as CSV.",
        )


class _BoundedReads(io.RawIOBase):
    """A file of which little is read at once: ``zipfile`` takes the list of parts whole, however long it says it is."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path

    def read(self, size: int = -1) -> bytes:
        """At most as many bytes as may be read at once."""
        data = self._file.read(size if 0 <= size <= DIRECTORY_LIMIT else DIRECTORY_LIMIT + 1)
        if len(data) > DIRECTORY_LIMIT:
            raise SourceError(
                "TOO_LARGE",
                f"The archive {self._path} lists more parts than a workbook has; save the list as CSV.",
            )
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of the file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As of the file."""
        return self._file.tell()

    def seekable(self) -> bool:
        """It is."""
        return True
