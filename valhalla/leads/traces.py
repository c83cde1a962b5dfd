"""Whether a text or a file names certain people, however their numbers are spelled: for erasing them."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from valhalla.leads.identity import name_words
from valhalla.program.later import later
from valhalla.program.patterns import pattern

if TYPE_CHECKING:
    import zipfile
else:
    zipfile = later("zipfile")

SEARCHED = 256 << 20
"""Bytes of a file that are searched, unpacked ones of a workbook too."""

BLOCK = 1 << 20
"""Bytes of it that are in memory at a time."""

LEFT_OUT = "[left out]"
"""What stands where somebody was named."""

_REPEATED = pattern(rf"{re.escape(LEFT_OUT)}(?:[\s,;|/]+{re.escape(LEFT_OUT)})+")

SHORTEST_NUMBER = 7
"""Digits of a number from which on it is looked for."""

_NO_DIGITS = pattern(r"[^0-9]+")
_NO_WORD = r"(?:[^\w@]|_)+"
"""Between the words of a name; not what joins an address."""
_BETWEEN = r"[\s().\-/+]*"
_MARKS = b" ()-./+"
"""What people put between the digits of a number."""


@dataclass
class Traces:
    """What is known of people who are to be erased."""

    emails: set[str] = field(default_factory=set)
    """Lower case."""
    numbers: set[str] = field(default_factory=set)
    """Digits, of North American numbers the ten without the country's."""
    names: set[str] = field(default_factory=set)
    """Case-folded; of several words."""
    homes: set[tuple[frozenset[str], frozenset[str]]] = field(default_factory=set)
    """The words of a name, and those of an address or place."""

    def add(
        self,
        *,
        name: str | None = None,
        emails: Iterable[str | None] = (),
        phones: Iterable[object] = (),
        places: Iterable[str | None] = (),
    ) -> None:
        """Somebody's name, addresses, numbers (as written or as a key), and where they are."""
        self.emails.update(email.strip().lower() for email in emails if email)
        for phone in phones:
            digits = _NO_DIGITS.sub("", _plain(str(phone or "")))
            if len(digits) == 11 and digits[0] == "1":
                digits = digits[1:]
            if len(digits) >= SHORTEST_NUMBER:
                self.numbers.add(digits)
        words = frozenset(name_words(name or "").split())
        if name and len(words) > 1:
            self.names.add(" ".join(name.casefold().split()))
        for place in places:
            if place and words:
                self.homes.add((words, frozenset(name_words(place).split())))

    def __bool__(self) -> bool:
        return bool(self.emails or self.numbers or self.names or self.homes)

    def in_text(self, text: str | None, *, by_name: bool = False) -> bool:
        """Whether ``text``, such as a row of a list, has an address or number of theirs, in any spelling, or a name with its place
        (``by_name``: a name is enough)."""
        if not text:
            return False
        if self._reached_in(text) or (by_name and self._named_in(text)):
            return True
        folded = text.casefold()
        if not any(next(iter(name)) in folded for name, _ in self.homes):
            return False
        words = set(name_words(text.replace("_", " ")).split())
        return any(name <= words and place <= words for name, place in self.homes)

    def in_prose(self, text: str | None) -> bool:
        """Whether sentences have an address, a number or a name of theirs. (The words of a name and a place stand in many a long
        text without meaning anybody.)"""
        return bool(text) and (self._reached_in(str(text)) or self._named_in(str(text)))

    def _reached_in(self, text: str) -> bool:
        folded = text.casefold()
        if any(_stands_in(email, folded) for email in self.emails):
            return True
        digits = _NO_DIGITS.sub("", _plain(text))
        return any(number in digits for number in self.numbers)

    def _named_in(self, text: str) -> bool:
        if not self.names:
            return False
        words = f" {' '.join(re.split(_NO_WORD, text.casefold()))} "
        return any(f" {name} " in words for name in self._plain_names())

    def without(self, text: str) -> str:
        """``text`` without their addresses, numbers and names; nothing of it where something would still name them."""
        for email in self.emails:
            text = re.sub(rf"(?<![\w.+-]){re.escape(email)}(?![\w-])", LEFT_OUT, text, flags=re.IGNORECASE)
        for number in self.numbers:
            spelled = _BETWEEN.join(number)
            text = re.sub(rf"(?:\+?1{_BETWEEN})?\(?{spelled}", LEFT_OUT, text)
        for name in self._plain_names():
            spelled = _NO_WORD.join(map(re.escape, name.split()))
            text = re.sub(rf"(?<![^\W_]){spelled}(?![^\W_])", LEFT_OUT, text, flags=re.IGNORECASE)
        text = _REPEATED.sub(LEFT_OUT, text)
        return LEFT_OUT if self.in_prose(text) else text

    def in_file(self, path: Path) -> bool:
        """Whether the file, or a member of it when it is packed, holds an address, a number or a name of theirs. One that is
        too large to be searched does: better named than missed."""
        try:
            if os.path.getsize(path) > SEARCHED:
                return True
            if zipfile.is_zipfile(path):
                return self._in_zip(path)
            with open(path, "rb") as file:
                return self._in_stream(file)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
            return True  # packed in a way that cannot be looked into
        except OSError:
            return False

    def _in_zip(self, path: Path) -> bool:
        with zipfile.ZipFile(path) as packed:
            members = packed.infolist()
            if sum(member.file_size for member in members) > SEARCHED:
                return True
            for member in members:
                with packed.open(member) as file:
                    if self._in_stream(file):
                        return True
        return False

    def _in_stream(self, file: IO[bytes]) -> bool:
        texts = [text.encode() for text in (*self.emails, *self.names)]
        texts += [text.decode().encode("utf-16-le") for text in texts]
        numbers = [number.encode() for number in self.numbers]
        overlap = 2 * max(map(len, [*texts, *numbers]), default=1) + len(_MARKS)
        seen = b""
        while block := file.read(BLOCK):
            seen += block.lower()
            if any(text in seen for text in texts):
                return True
            digits = seen.translate(None, delete=_MARKS + b"\0")
            if any(number in digits for number in numbers):
                return True
            seen = seen[-overlap:]
        return False

    def _plain_names(self) -> list[str]:
        """In words alone, as they are and with the family name in front."""
        found = []
        for name in self.names:
            words = [word for word in re.split(_NO_WORD, name) if word]
            found += [" ".join(words), " ".join([words[-1], *words[:-1]])] if words else []
        return found


def _stands_in(email: str, text: str) -> bool:
    """Whether the address stands in the text, and not only as the end or beginning of another one."""
    return email in text and re.search(rf"(?<![\w.+-]){re.escape(email)}(?![\w-])", text) is not None


def _plain(text: str) -> str:
    """``text`` with the digits of any script as those of ASCII."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text)
