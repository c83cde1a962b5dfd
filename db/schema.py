"""What a database consists of. A program hands its :class:`Schema` in when it opens its database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from db.evidence import Evidence


@dataclass(frozen=True)
class Migrations:
    """The numbered SQL scripts that make the tables of one package; the first makes its version 1."""

    component: str
    source: Path | tuple[str, ...]
    """The folder of ``0001_*.sql``, ``0002_*.sql`` and so on, or the scripts themselves."""

    @cached_property
    def scripts(self) -> tuple[str, ...]:
        """The scripts in order."""
        if isinstance(self.source, tuple):
            return self.source
        entries = sorted(self.source.glob("*.sql"))
        for number, entry in enumerate(entries, 1):
            if not entry.name.startswith(f"{number:04d}_"):
                raise RuntimeError(f"migration {entry.name} is out of order: {number:04d}_*.sql expected")
        return tuple(entry.read_text(encoding="utf-8") for entry in entries)


CHAIN = Migrations("db", Path(__file__).with_name("migrations"))
"""The tables that every database has: the audit chain, and which package's tables are of which version."""

WORKING = frozenset({"schema_version"})
"""Of these, what is not the chain itself."""

Versions = Mapping[str, int]
"""The version of each component's tables."""


class Step(NamedTuple):
    """One step of an upgrade, done in one transaction."""

    versions: Versions
    release: int | None = None
    """The ``user_version`` that the database has afterwards; None leaves it as it is."""

    def beyond(self, held: Versions) -> dict[str, int]:
        """What of this step a database of the versions ``held`` lacks."""
        return {name: version for name, version in self.versions.items() if version > held.get(name, 0)}

    @property
    def name(self) -> str:
        """``schema:16`` for a release, else ``jobs:2`` for version 2 of the tables of jobs."""
        if self.release is not None:
            return f"schema:{self.release}"
        ((component, version),) = self.versions.items()
        return f"{component}:{version}"


class SealedRanges(NamedTuple):
    """A working table, only added to, whose rows the chain witnesses a range at a time, by the range's digest."""

    table: str
    columns: tuple[str, ...]
    """What is hashed of a row, the id first."""
    sealed: str
    """The action of entries that witness a range as it came."""
    pruned: str
    """The action of entries that witness what was left of neighboring ranges later."""
    domain: str
    """First line of what is hashed for a range."""


class Redaction(NamedTuple):
    """What a redacted copy keeps of the working tables, which are emptied otherwise."""

    kept: frozenset[str] = frozenset()
    """Working tables in which nothing is personal but what the statements blank."""
    statements: tuple[str, ...] = ()
    """Blank what is personal in the tables that are kept."""


class Words(NamedTuple):
    """How the sentences of the errors name the program and what it offers."""

    program: str = "this program"
    a_database: str = "a database of this program"
    elsewhere: str = "another place"
    """Where else a database can be: "choose ..."."""
    local: str = "a place on a local disk"
    create: str = "make it first"
    """What to do when there is no database yet."""
    update: str = "open the copy once to write"
    """How a copy is brought up to date."""
    repair: str = "db.repairing.repair()"
    """What mends one whose tables were tampered with."""
    verify: str = "verify()"
    """What checks a database."""


def as_it_is(_: Any, action: str, subject: str, body: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Subject and body of an entry as they were given."""
    return subject, body


@dataclass(frozen=True)
class Schema:
    """The tables of a program, besides the chain's own that :mod:`db` brings."""

    application_id: int = 0
    """What ``file`` and the program recognize the database by (SQLite's application_id)."""
    migrations: tuple[Migrations, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    """Tables whose rows the chain witnesses."""
    filled: frozenset[str] = frozenset()
    """Those of them in which migrations put rows; they are witnessed with the first entry about any evidence."""
    working: frozenset[str] = frozenset()
    """Tables that can be emptied or made again without a loss of evidence."""
    releases: tuple[Versions, ...] = ()
    """The versions of all components in each ``user_version`` of the program's database, from 1 on. A program without
    releases leaves ``user_version`` alone."""
    moving: frozenset[str] = frozenset()
    """Parts (``index lead_by_score``) that the program itself makes again with another number in them."""
    fingerprint: str = ""
    """Of a new database's parts, see :func:`db.structure.fingerprint`: so that opening need not run the migrations."""
    newest: Path | None = None
    """A script that makes, in one go, what all migrations make of an empty database, see :func:`db.structure.script`."""
    ranges: tuple[SealedRanges, ...] = ()
    redaction: Redaction = field(default_factory=Redaction)
    earlier_values: Mapping[str, str] = field(default_factory=dict)
    """For a table whose earlier values are kept: SQL that reads them by the row's key, as (where, values) pairs."""
    check_entry: Callable[[Any, str, str, Mapping[str, Any]], tuple[str, Mapping[str, Any]]] = as_it_is
    """Given the database and the action, subject and body of an entry: the subject and body as they may stay for good. It is
    called in the entry's transaction and must not refuse, because the entry is about something that was done."""
    mask: Callable[[str], str] = str
    """Takes out of an error's text what must not be kept for good."""
    actor: str = "program"
    """Who is named by audit entries when nobody else is: the program itself."""
    words: Words = field(default_factory=Words)
    helper: tuple[str, ...] = ()
    """The command line of a process that calls :func:`db.row_helper.serve`; empty: there is none."""

    @cached_property
    def tables(self) -> dict[str, Evidence]:
        """Evidence by table."""
        return {each.table: each for each in self.evidence}

    @cached_property
    def components(self) -> dict[str, Migrations]:
        """All migrations by component, in the order in which they run."""
        return {each.component: each for each in (CHAIN, *self.migrations)}

    def with_tables_of(self, other: Schema) -> Schema:
        """This schema with the tables of a package that another one describes; the same when it has them already."""
        if all(each.component in self.components for each in other.migrations):
            return self
        return replace(
            self,
            migrations=(*self.migrations, *other.migrations),
            evidence=(*self.evidence, *other.evidence),
            filled=self.filled | other.filled,
            working=self.working | other.working,
            moving=self.moving | other.moving,
            fingerprint="",
            newest=None,
            ranges=(*self.ranges, *other.ranges),
            redaction=Redaction(
                self.redaction.kept | other.redaction.kept,
                (*self.redaction.statements, *other.redaction.statements),
            ),
            earlier_values={**self.earlier_values, **other.earlier_values},
        )

    @property
    def latest(self) -> int:
        """The ``user_version`` of an up-to-date database; 0 for a program without releases."""
        return len(self.releases)

    @cached_property
    def released(self) -> bool:
        """Whether ``user_version`` alone says which tables a database has."""
        return bool(self.releases) and self.components.keys() <= self.releases[-1].keys()

    def of_release(self, release: int) -> Schema:
        """This schema as it was in an earlier release."""
        releases = self.releases[:release]
        there = tuple(each for each in self.migrations if each.component in releases[-1])
        return replace(self, migrations=there, releases=releases, fingerprint="", newest=None)

    def steps(self) -> list[Step]:
        """All steps from an empty database to an up-to-date one."""
        found = [Step(versions, release) for release, versions in enumerate(self.releases, 1)]
        if not found:
            found.append(Step({CHAIN.component: len(CHAIN.scripts)}))  # its last script notes the versions
        reached = found[-1].versions
        for name, each in self.components.items():
            if name not in reached:
                found += [Step({name: version}) for version in range(1, len(each.scripts) + 1)]
        return found


BARE = Schema()
"""The chain's own tables and no others."""
