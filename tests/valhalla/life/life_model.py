"""What is to be in the file: a small model of leads, lists and decisions, and the people whom everything is about."""

from __future__ import annotations

from dataclasses import dataclass, field

from valhalla.leads import suppression

Rows = list[tuple[int, int]]


def email(person: int) -> str:
    return f"person{person}@firm{person % 3}.example.com"


def phone(person: int) -> str:
    return f"713-555-01{person % 7:02d}"


def cells(person: int, value: int) -> list[str]:
    return [f"Jo Person {person}", email(person), phone(person), str(value * 100_000)]


@dataclass
class Lead:
    person: int
    source: str
    value: int | None
    """None: what it is has become too intricate to foretell."""
    said: dict[str, int] = field(default_factory=dict)


@dataclass
class Import:
    rows: int
    before: dict[int, int | None]
    """Value of each lead that it made (None) or changed."""
    file: str


@dataclass
class Model:
    leads: dict[int, Lead] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    entangled: set[int] = field(default_factory=set)
    """People of leads that were once merged."""
    overtaken: set[tuple[int, str, int]] = field(default_factory=set)
    imports: dict[int, Import] = field(default_factory=dict)
    outcomes: dict[int, tuple[int, str]] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)
    kept_out: dict[tuple[str, str], str] = field(default_factory=dict)
    forgotten: set[tuple[str, str]] = field(default_factory=set)
    settings: dict[str, int] = field(default_factory=dict)
    effects: dict[int, str] = field(default_factory=dict)
    alerts: dict[int, str] = field(default_factory=dict)
    back: set[str] = field(default_factory=set)
    """Addresses of the forgotten whom a person typed in again."""
    policies: int = 1

    def must_not_be_called(self, number: int) -> bool:
        lead = self.leads[number]
        return (
            number in self.merged
            or any(entry in self.kept_out for entry in entries(lead.person))
            or any(
                of == number and event == "opted_out" and outcome not in self.undone
                for outcome, (of, event) in self.outcomes.items()
            )
        )


def entries(person: int) -> list[tuple[str, str]]:
    number = suppression.entry(phone(person), "phone").value
    return [("email", email(person)), ("phone", number), ("domain", f"firm{person % 3}.example.com")]
