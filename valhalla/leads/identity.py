"""Who a record is: 64-bit keys, in a fixed order of strength, and the checksum of what it says.

The order: the source's own lead id, scoped by the source; else the email; else phone and name; else name and
address. Keys are the first eight bytes that BLAKE2b makes of a text, as a signed integer: at a million leads
two different ones meet with a chance of 3 in 100 million, and the importer compares the text on a hit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from hashlib import blake2b
from zlib import adler32, crc32

from valhalla.program.patterns import pattern

UNIT = "\x1f"
"""Stands between the parts of a digested text; control characters never survive cleaning."""

BIAS = 1 << 63
"""Taken from an unsigned 64-bit number to make it a signed one."""

_WORDS = pattern(r"\w+")


def key(text: str) -> int:
    """The signed 64-bit key of a text."""
    return int.from_bytes(
        blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little", signed=True
    )


def name_words(text: str) -> str:
    """A name or address for comparison: its words without case, accents' encoding, punctuation and order."""
    words = text.casefold().split()
    if text.isascii() and "".join(words).isalnum():  # most are, and these are their words
        return " ".join(sorted(words))
    return " ".join(sorted(_WORDS.findall(unicodedata.normalize("NFKC", text).casefold())))


def lead_id_key(source: str, lead_id: str) -> int:
    """Key of the id that the source itself gives to a lead."""
    return key(f"i{UNIT}{source}{UNIT}{lead_id}")


def email_key(email: str) -> int:
    """Key of a lower-case email address."""
    return key(email)


def phone_name_key(phone: int, name: str) -> int:
    """Key of a phone number and the name that answers it."""
    return key(phone_name_text(phone, name_words(name)))


def name_address_key(name: str, address: str) -> int:
    """Key of a name at an address (or, without one, at a location)."""
    return key(name_address_text(name_words(name), name_words(address)))


def phone_name_text(phone: int, name: str) -> str:
    """What :func:`phone_name_key` is the key of; ``name`` in the form of :func:`name_words`."""
    return f"p{UNIT}{phone}{UNIT}{name}"


def name_address_text(name: str, address: str) -> str:
    """What :func:`name_address_key` is the key of; both in the form of :func:`name_words`."""
    return f"a{UNIT}{name}{UNIT}{address}"


def alternate_key(identity: int, name: str, phone: int | None) -> int:
    """Key of a person who shares an email address with others: the address's key, its low half mixed with
    a checksum of name and phone.

    Inside one address 32 bits distinguish the few people; across addresses the high half does.
    """
    return identity ^ (crc32(f"{name.lower()}{UNIT}{phone or ''}".encode("utf-8", "surrogatepass")) or 1)


def fingerprint(cells: Sequence[str], rules: int) -> int:
    """Checksum of what a row says: equal means nothing new.

    ``cells`` as they stand in the list; ``rules`` stands for how they are understood (see :func:`rules_of`), so that
    other rules make another checksum of the same cells. It distinguishes versions of one lead's row, which nobody
    forges: 64 bits of CRC-32 and Adler-32 do that at a sixth of the cost of a digest.
    """
    data = UNIT.join(cells).encode("utf-8", "surrogatepass")
    return (crc32(data, rules) << 32 | adler32(data, rules)) - BIAS


def rules_of(*parts: object) -> int:
    """The checksum of the rules by which a list is understood."""
    return crc32(repr(parts).encode("utf-8", "surrogatepass"))
