"""What the words in a cell mean, in one place: the vote on a column and the reading of its rows go by the same words."""

from __future__ import annotations

import re
from typing import Literal

from valhalla.leads.contacts import plausible_email
from valhalla.program.patterns import pattern

YES = frozenset(
    ["yes", "y", "true", "t", "1", "1.0", "x", "✓", "✔", "check", "checked", "on", "si", "sí", "oui"]
)
NO = frozenset(["no", "n", "false", "f", "0", "0.0", "off", "non"])
YES_NO = YES | NO

_LISTED = frozenset(
    (
        *("dnc", "on dnc", "do not call", "registered", "listed", "blocked", "national", "federal", "state"),
        *("litigator", "tcpa", "tcpa litigator", "known litigator"),
    )
)
"""What a registry or a check says of a number or a person, as a yes."""
_NOT_LISTED = frozenset(("clean", "clear", "ok", "okay", "not listed", "callable", "safe", "none"))
_BEGINS = pattern(r"(?:(yes|y)|no|n)\b.*", re.IGNORECASE | re.DOTALL)


def yes(text: str) -> bool:
    """Whether a cell of a flag column says that it is so: ``Yes``, ``x``, ``DNC``, ``Yes - federal``."""
    said = text.strip().casefold()
    if said in YES or said in _LISTED:
        return True
    match = _BEGINS.fullmatch(said)
    return match is not None and match[1] is not None


def is_flag(text: str) -> bool:
    """Whether a cell says yes or no in any of these ways."""
    said = text.strip().casefold()
    return said in YES_NO or said in _LISTED or said in _NOT_LISTED or _BEGINS.fullmatch(said) is not None


_TYPES: tuple[tuple[str, str], ...] = (
    ("voip", r"voip|virtual|v\b"),
    ("mobile", r"mobile|cell|wireless|[mcw]\b"),
    ("landline", r"land|home|residen|work|office|wired|business|pots|main|(?:h|l|ll)\b"),
)
_TYPE_WORDS = [(kind, pattern(rf"(?:.*[^a-z])?(?:{words})", re.IGNORECASE)) for kind, words in _TYPES]
_NO_TYPE = pattern(r"(?:other|toll|unknown|pager|fax|fixed)\b.*", re.IGNORECASE)


def line_type(said: str) -> str | None:
    """``mobile``, ``landline`` or ``voip``, by the words of a type's cell or of the number's column."""
    return next((kind for kind, words in _TYPE_WORDS if words.match(said)), None)


def is_line_type(text: str) -> bool:
    """Whether a cell is a kind of telephone line."""
    return _NO_TYPE.match(text) is not None or line_type(text) is not None


_BUYS = (
    r"buy|buys|buyers?|buying|purchas\w+|invest|invests|investors?|investing|investments?|achet\w+|compra\w*"
)
_SELLS = r"sell|sells|sellers?|selling|both|owners?|homeowners?|vend\w+"
_WORKS = r"agents?|realtors?|brokers?|wholesalers?|lenders?|contractors?|vendors?|attorneys?|title company|title rep|inspectors?"
_BUY, _SELL, _WORK = (pattern(rf"\b(?:{words})\b") for words in (_BUYS, _SELLS, _WORKS))
_WISH = pattern(rf"\b(?:{_BUYS}|{_SELLS}|{_WORKS}|rent|renters?|refinance)\b", re.IGNORECASE)


def wish_of(text: str) -> Literal["buys", "works"] | None:
    """Whether the words in a column such as ``interested_in`` say that somebody buys, or that they work in the trade, and not
    that they sell."""
    said = text.casefold()
    if not said or _SELL.search(said):
        return None
    return "buys" if _BUY.search(said) else "works" if _WORK.search(said) else None


def is_wish(text: str) -> bool:
    """Whether a cell says what somebody wants or is in a deal."""
    return _WISH.search(text) is not None


NEVER = ("do not call", "dnc", "remove me", "opt out", "opted out", "do not contact", "stop")
"""Words of a result that mean: never again."""
_RESULTS = pattern(
    r"\b(?:no answer|voicemail|left (?:a )?(?:message|vm|voicemail)|vm|busy|wrong number|disconnected|not interested|interested|"
    rf"callback|call back|call again|{'|'.join(NEVER)}|remove|contacted|attempted\w*|follow ?up|hung up|dead|unqualified|qualified|new|"
    r"appointment|answered|unsubscribed?)\b",
    re.IGNORECASE,
)


def is_result(text: str) -> bool:
    """Whether a cell is the result of a call."""
    return _RESULTS.search(text) is not None


# numbers and addresses in a cell

_EXTENSION = r"(?:;ext=|,+|x|ext\.?|extension|#)\s*\d{1,7}"
_KIND = r"(?:p|tel|phone|cell|mobile|home|work|landline|office|h|c|m|w)"
_SEVERAL = pattern(
    r"\s*:::\s*|\s*;(?!ext=)\s*|\s*[|\n]\s*|\s+/\s+|(?<=\d{4})/(?=\(?\d{3})|\s+(?:or|and|&)\s+"
    rf"|,\s*(?=(?:{_KIND}\s*:\s*)?[(+]?\d[\d\s().-]{{8,}})",
    re.IGNORECASE,
)
_MARK = pattern(rf"^{_KIND}\s*:\s*", re.IGNORECASE)
_REMARK = pattern(r"\s*\([^()\d]{1,40}\)\s*$")
_POWER = pattern(r"(\d)\.(\d+)E\+?0?(\d{1,2})", re.IGNORECASE)
_TAIL = pattern(rf"\s*{_EXTENSION}\s*$", re.IGNORECASE)
_ADDRESS = pattern(r"[^\s<>;,|]+@[^\s<>;,|]+")


def parts_of(text: str) -> list[str]:
    """The numbers of a cell, without what stands in front of one (``p:``) or in brackets behind it (``(wife)``)."""
    found = []
    for part in _SEVERAL.split(text.strip()):
        bare = _REMARK.sub("", _MARK.sub("", part.strip())).strip()
        if bare:
            found.append(bare)
    return found


def without_extension(text: str) -> str:
    """A number without the extension behind it."""
    return _TAIL.sub("", text)


def numbers_in(text: str) -> list[str]:
    """The numbers of a cell, which may hold several (``713 555 0101; 713 555 0102``) and marks (``p:+1713...``). A number that
    a spreadsheet wrote as 9.735550114E+09 is exact when no digit is missing; with fewer digits it stays as it is."""
    found = []
    for part in parts_of(text):
        part = part.removesuffix(".0")
        power = _POWER.fullmatch(part)
        if power is not None and len(power[2]) == int(power[3]) == 9:
            part = power[1] + power[2]
        found.append(part)
    return found


def emails_in(text: str) -> list[str]:
    """The plausible addresses of a cell: ``Jane <jane@x.com>``, ``mailto:jane@x.com``, ``a@x.com; b@x.com``."""
    found = (each.removeprefix("mailto:").strip("\"'()[]") for each in _ADDRESS.findall(text.lower()))
    return [each for each in dict.fromkeys(found) if plausible_email(each)]
