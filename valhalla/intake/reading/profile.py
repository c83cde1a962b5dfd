"""The rules of one source: what its lists look like and what is demanded of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

DEFAULT_SOURCE = "csv"
"""The source of lists that nothing else names one for."""

Contact = Literal["email", "phone", "either", "any"]
Value = Literal["required", "optional"]
ValueFormat = Literal["strict", "us", "eu"]
Rules = Literal["found", "documents", "list"]
Merge = Literal["keep_last", "keep_first", "fill_blanks", "newest_list_date", "review"]

_CHOICES: dict[str, tuple[str, ...]] = {
    "rules": get_args(Rules),
    "contact": get_args(Contact),
    "value": get_args(Value),
    "value_format": get_args(ValueFormat),
    "merge": get_args(Merge),
    "fallback": ("cp1252", "latin-1", "cp1250", "cp1251", "mac-roman"),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """How the lists of one source are read. The defaults are the documented rules."""

    rules: Rules = "found"
    """``documents`` holds a list to the letter of the documents' rules, ``list`` takes it by what it has; ``found`` does the
    first where a column is called ``value``, and the second elsewhere."""
    contact: Contact = "email"
    """Which contact a row must have; ``any``: none, but a name or an address."""
    value: Value = "required"
    """``optional`` takes a row whose asking price is blank or cannot be read: the price is unknown, its text is kept."""
    value_format: ValueFormat = "strict"
    """``us`` reads $500,000.00, ``eu`` reads 500.000,00 €; ``strict`` refuses both."""
    decimal_comma: bool = False
    """Read 1234,50 as 1234.50 (without thousands separators) although the format is strict."""
    day_first: bool = False
    """Read 05/01/2026 as the fifth of January."""
    country: str = "US"
    """Two letters; phone numbers without a country code belong to it."""
    phone_identity: bool = True
    """Whether phone and name together say who a lead without email is."""
    required: tuple[str, ...] = ()
    """Headers of further columns that may not be blank."""
    merge: Merge = "keep_last"
    """What happens when the same source gives other content for a lead it gave before."""
    fallback: str = "cp1252"
    """Encoding of files that are not UTF-8 or UTF-16."""
    delimiter: str | None = None
    """One character; None finds it from the header."""

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {getattr(self, name)!r}")
        if len(self.country) != 2 or not self.country.isalpha():
            raise ValueError(f"country must be two letters, not {self.country!r}")
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n\0'):
            raise ValueError(f"delimiter must be one character, not {self.delimiter!r}")

    def lenient(self) -> Profile:
        """The same for a list that is taken by what it has: a name or an address is enough, and a price counts that can mean
        one thing. A format that the source sets itself stays, and so do columns that it requires."""
        plain = Profile()
        return replace(
            self,
            rules="list",
            contact="any",
            value="optional",
            value_format="us" if self.value_format == plain.value_format else self.value_format,
        )

    def to_json(self) -> str:
        """The settings that differ from the defaults, as a JSON object with sorted keys."""
        plain = asdict(Profile())
        mine = {name: value for name, value in asdict(self).items() if value != plain[name]}
        return json.dumps(mine, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | dict[str, Any]) -> Profile:
        """The profile that :meth:`to_json` wrote. Raises ValueError for an unknown name or a value out of range."""
        data = dict(json.loads(text)) if isinstance(text, str) else dict(text)
        known = {item.name: item for item in fields(cls)}
        for name in data:
            if name not in known:
                raise ValueError(f"a profile has no setting {name!r}; it has {', '.join(known)}")
        for name in ("decimal_comma", "day_first", "phone_identity"):
            if name in data and not isinstance(data[name], bool):
                raise ValueError(f"{name} must be true or false, not {data[name]!r}")
        if "required" in data:
            data["required"] = tuple(str(name) for name in data["required"])
        return cls(**data)
