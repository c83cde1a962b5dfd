"""A lead as a person sees it: the call list's entry, and everything known about one."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Self

import apsw

from db import Database
from db.clock import MINUTE, iso
from valhalla.leads import contact_rules, notes, sql, tags
from valhalla.leads.corrections import corrected
from valhalla.leads.details import decoded
from valhalla.leads.facts import Seen, facts
from valhalla.leads.outcome_history import count_of, outcomes_of
from valhalla.program import settings
from valhalla.program.errors import NotFound
from valhalla.program.wording import in_dollars
from valhalla.scoring import store as stages
from valhalla.scoring.shares import Counted, in_force
from valhalla.scoring.stages import Context, StageResult, StoredLead, calling
from valhalla.scoring.stages.compiled import compile_rules
from valhalla.scoring.stages.explanation import explain, reasons_of, score_lines, score_of
from valhalla.scoring.stages.lead import STORED
from valhalla.scoring.stages.point_lines import parts_of
from valhalla.scoring.stages.points import PointRules
from valhalla.scoring.stages.quiet import QuietHours
from valhalla.scoring.stages.score import band
from valhalla.scoring.stages.shares import Counts, Shares

_OWN = len(STORED)
"""Columns of a row that the lead is made of; what is shown next to it follows, in the order of ``SHOWN``."""


class Provenance(NamedTuple):
    """Where a lead was first read."""

    file_id: int | None
    import_id: int | None
    line: int | None


class Record(NamedTuple):
    """One row of table ``lead`` as it is shown."""

    lead: StoredLead
    extra: dict[str, str]
    provenance: Provenance
    details: dict[str, Any]


class Kept(NamedTuple):
    """An entry of a list, and what it was made from."""

    of: tuple[Any, ...]
    at: int
    """UTC microseconds."""
    due: int | None
    """When the next action changes by itself."""
    entry: dict[str, Any]


class Entries:
    """Entries of lists, and shares as reasons ask for them. None of them changes while what it is made from stays the same, so
    anyone who looks often keeps them."""

    ENTRIES = 1_000
    """Entries that are kept: a page is made of the same leads again and again."""

    def __init__(self) -> None:
        self._entries: dict[int, Kept] = {}
        self._counts = Counts(None)

    def counts(self, shares: Shares | None) -> Counts:
        """The shares as reasons ask for them."""
        if self._counts.shares is not shares:
            self._counts = Counts(shares)
        return self._counts

    def entry(self, lead_id: int, of: tuple[Any, ...], now: int) -> dict[str, Any] | None:
        """The entry of a lead, if it was made from the same and is of this minute; None: it has to be made."""
        kept = self._entries.get(lead_id)
        if kept is None or kept.at // MINUTE != now // MINUTE or kept.of != of:
            return None
        return None if kept.due is not None and kept.at < kept.due <= now else kept.entry

    def keep(self, lead_id: int, kept: Kept) -> None:
        """Keep an entry for those who ask next."""
        if len(self._entries) >= self.ENTRIES:
            self._entries.clear()
        self._entries[lead_id] = kept


class Viewer:
    """Turns stored leads into what people see, as of ``now``; keeps what many leads share."""

    def __init__(
        self, database: Database, now: int, values: Mapping[str, Any], entries: Entries | None = None
    ) -> None:
        self.database = database
        self.at = now
        self.values = values
        """The settings in force."""
        quiet, zone = values["quiet_hours"], values["timezone"]
        self._quiet = QuietHours.of(*quiet.split("-"))
        self._zone = zone
        self._entries = entries or Entries()
        self._contexts: dict[tuple[int, int], Context] = {}
        self._headers: dict[int, list[str]] = {}
        self._some: set[int] = set()
        self._promises: dict[int, tuple[str, int] | None] = {}
        self._resting: contact_rules.Resting | None = None
        variants = database.sql(sql.VARIANT_NAMES)
        self._variants: dict[int, str] = {
            number: f"{experiment}: {name}" for number, experiment, name, _ in variants
        }
        self._first: dict[int, str] = {
            number: name for number, _, name, kind in variants if kind == "channel"
        }
        version, policy = stages.latest_policy(database)
        self._same = (version, quiet, zone, variants)
        """What every entry is made from besides its lead."""
        self.calling = calling.compile_calling(policy, self._quiet, zone)
        self.score = compile_rules(policy)

    @classmethod
    def now(
        cls, database: Database, values: Mapping[str, Any] | None = None, entries: Entries | None = None
    ) -> Self:
        """A viewer as of now, by the settings in force (``values``, where they were read already)."""
        values = settings.effective(database) if values is None else values
        return cls(database, database.clock(), values, entries)

    @cached_property
    def shared(self) -> Counted:
        """What those who can be called have in common, as it was counted last."""
        return in_force(self.database)

    @cached_property
    def counts(self) -> Counts:
        """The same, as reasons ask for it."""
        return self._entries.counts(self.shared.shares)

    @property
    def resting(self) -> contact_rules.Resting:
        """The leads that must not be dialed now because of calls of the last day, with why; read once. Without the lock that
        ``cached_property`` has for all viewers together up to Python 3.11: ten callers read it at the same time."""
        if self._resting is None:
            self._resting = contact_rules.Resting(self.database, self.calling, self.at)
        return self._resting

    def records(self, rows: Iterable[tuple[Any, ...]]) -> list[Record]:
        """Rows of :data:`valhalla.scoring.stages.lead.COLUMNS` as records."""
        found = []
        for row in rows:
            lead = StoredLead.from_row(row[:_OWN])
            extras, header_id, *provenance = row[_OWN:]
            found.append(
                Record(lead, self._extra(extras, header_id), Provenance(*provenance), decoded(lead.details))
            )
        return found

    def record(self, lead_id: int) -> Record:
        """One lead; :class:`NotFound` when there is none with this number."""
        rows = self.database.sql(sql.ONE, (lead_id,))
        if not rows:
            raise NotFound(f"there is no lead {lead_id}; see: valhalla leads list")
        return self.records(rows)[0]

    def known_by(self, key: int) -> Record:
        """The lead that a row's identity key names; :class:`NotFound` when there is none."""
        return self.record(self.database.value(sql.LEAD_OF_KEY, (key,)) or 0)

    def some(self, numbers: Sequence[int]) -> list[Record]:
        """The leads with these numbers that there are, in the order of ``numbers``."""
        rows = self.database.sql(sql.SOME, (apsw.carray(array("q", numbers)),)) if numbers else []
        self._some |= {*numbers}
        found = {record.lead.id: record for record in self.records(rows)}
        return [found[number] for number in numbers if number in found]

    def page(
        self,
        after: int,
        limit: int,
        *,
        market: str | None = None,
        source: str | None = None,
    ) -> list[Record]:
        """The next leads behind number ``after``, in the order in which they came."""
        chosen = {"after": after, "limit": limit, "market": market, "source": source}
        return self.records(self.database.sql(sql.PAGE, chosen))

    def everyone(
        self, limit: int | None = None, *, market: str | None = None, source: str | None = None
    ) -> Iterator[Record]:
        """All leads, also those that must not be contacted, in the order in which they came."""
        after, left = 0, 2**62 if limit is None else limit
        while left > 0:
            page = self.page(after, min(left, 1000), market=market, source=source)
            if not page:
                return
            yield from page
            after, left = page[-1].lead.id, left - len(page)

    def touched(self, import_ids: Iterable[int]) -> Iterator[Record]:
        """The leads that imports made or changed, in order of their numbers."""
        for import_id in import_ids:
            after = 0
            while page := self.records(self.database.sql(sql.TOUCHED, (import_id, after))):
                yield from page
                after = page[-1].lead.id

    def context(self, lead: StoredLead) -> Context:
        """The policy and snapshot that decided on the lead."""
        key = (lead.decision.policy_version, lead.decision.snapshot_id)
        if key not in self._contexts:
            self._contexts[key] = stages.at(self.database, *key, now=self.at)
        return self._contexts[key]

    def action(self, record: Record) -> calling.NextAction:
        """What to do with a lead now."""
        points = (
            sum(line.points for line in score_lines(record.lead, self.context(record.lead), self.at)) // 100
        )
        return self._action(record, max(0, min(100, points)))

    def _action(self, record: Record, score: int) -> calling.NextAction:
        lead = record.lead
        first = self._first.get(lead.decision.variant_id or 0)
        person = contact_rules.reaching(lead, record.details, self.resting.get(lead.id))
        return calling.next_action(lead, score, self.calling, self.at, first, person)

    def points(self, record: Record) -> int:
        """A lead's score of this moment, in hundredths, by which it stands before others."""
        return sum(line.points for line in score_lines(record.lead, self.context(record.lead), self.at))

    def entry(self, record: Record, rank: int | None = None) -> dict[str, Any]:
        """The documented shape of a lead in a list. Score, band and next action are as of now."""
        lead = record.lead
        promise = self._promised(lead.id)
        of = (record, promise, self.resting.get(lead.id), self.shared.snapshot_id, self._same)
        found = self._entries.entry(lead.id, of, self.at)
        if found is None:
            found, due = self._entry(record, promise)
            self._entries.keep(lead.id, Kept(of, self.at, due, found))
        return {**found, "rank": rank}

    def line(self, record: Record) -> dict[str, Any]:
        """What a table shows of a lead: the same as its :meth:`entry`, without reasons, which take most of the work."""
        lead, context = record.lead, self.context(record.lead)
        score = score_of(lead, context, self.at)
        return self._line(record, context, score, self._action(record, score))

    def _line(
        self, record: Record, context: Context, score: int, action: calling.NextAction
    ) -> dict[str, Any]:
        lead = record.lead
        return {
            "id": lead.id,
            "rank": None,
            "name": lead.name,
            "email": lead.email,
            "phone": lead.phone,
            "value": in_dollars(lead.value),
            "address": lead.address,
            "location": lead.location,
            "source": lead.source,
            "score": score,
            "band": band(score, context.score),
            "next_action": action.action,
            "next_action_why": action.why,
            "next_action_due": iso(action.due) if action.due is not None else None,
            "channel": action.channel,
            "variant": self._variants.get(lead.decision.variant_id or 0),
            "status": lead.status,
            "standing": lead.standing or lead.status,
            "expected_value": in_dollars(lead.decision.expected_value),
            "extra": record.extra,
        }

    def _promised(self, lead_id: int) -> tuple[str, int] | None:
        """What was promised to a lead next, its kind and time; asked once for all that were read together."""
        if lead_id not in self._promises:
            asked = sorted({lead_id, *self._some} - {*self._promises})
            rows = self.database.sql(sql.NEXT_PROMISES, (apsw.carray(array("q", asked)),))
            self._promises |= dict.fromkeys(asked)
            self._promises |= {number: (kind, at) for number, kind, at in rows}
        return self._promises[lead_id]

    def _entry(self, record: Record, promise: tuple[str, int] | None) -> tuple[dict[str, Any], int | None]:
        """The entry, and when its next action is due."""
        lead, context = record.lead, self.context(record.lead)
        lines = score_lines(lead, context, self.at)
        score = max(0, min(100, sum(line.points for line in lines) // 100))
        why = reasons_of(lead, context, lines, self.counts, self.at, promise)
        action = self._action(record, score)
        entry = {
            **self._line(record, context, score, action),
            "better_than": self.shared.shares.better_than(score) if self.shared.shares else None,
            "score_parts": parts_of(lines) if isinstance(context.score, PointRules) else [],
            "reasons": [reason.says for reason in why],
            "reason_codes": [reason.code for reason in why],
        }
        return entry, action.due

    def whole(self, record: Record) -> dict[str, Any]:
        """Everything about one lead: the entry, its six stage results, history and provenance."""
        database, lead = self.database, record.lead
        return {
            **self.entry(record),
            **self.facts(record),
            "reasons_from": self._reasons_from(),
            "stages": [stage_json(result) for result in explain(lead, self.context(lead))],
            "history": [
                {"at": iso(at), "actor": actor, "cause": cause, "before": json.loads(before)}
                for at, actor, cause, _, before in database.sql(sql.HISTORY, (lead.id,))
            ],
            "outcomes": [each.to_json() for each in outcomes_of(database, lead.id)],
            **count_of(database, lead.id)._asdict(),
            "sightings": [
                {"file": path, "line": line, "first_seen": iso(first), "last_seen": iso(last)}
                for path, line, first, last in database.sql(sql.SIGHTINGS, (lead.id,))
            ],
            "notes": [each.to_json() for each in notes.of_lead(database, lead.id)],
            "corrected": corrected(database, lead.id),
            "lists": lead.lists,
            "created_at": iso(lead.created_at),
            "provenance": {
                "file": database.value(sql.FILE_PATH, (record.provenance.file_id,)),
                "line": record.provenance.line,
                "import_id": record.provenance.import_id,
            },
        }

    def facts(self, record: Record) -> dict[str, Any]:
        """What lists say of a lead, see :func:`valhalla.leads.facts.facts`."""
        seen = [Seen(*row) for row in self.database.sql(sql.LISTS_OF, {"lead": record.lead.id})]
        return {
            **facts(record.lead, record.details, seen),
            "person": self._person(record.lead),
            "tags": tags.of_lead(self.database, record.lead.id),
        }

    def _reasons_from(self) -> dict[str, Any] | None:
        """The snapshot whose shares the reasons were chosen by; None while nobody has counted."""
        shares, snapshot_id = self.shared
        if shares is None:
            return None
        return {
            "snapshot": snapshot_id,
            "day": iso(shares.day)[:10],
            "callable": shares.callable,
            "counted": shares.counted,
        }

    def _person(self, lead: StoredLead) -> dict[str, Any]:
        """Who owns it: the number of their first lead, and their other properties."""
        rows = self.database.sql(sql.OF_PERSON, (lead.person,)) if lead.person is not None else []
        names = ("id", "name", "address", "location")
        leads = [dict(zip(names, row, strict=True)) for row in rows]
        return {
            "id": min((each["id"] for each in leads), default=lead.id),
            "other_leads": [each for each in leads if each["id"] != lead.id],
        }

    def _extra(self, extras: str | None, header_id: int | None) -> dict[str, str]:
        if extras is None or header_id is None:
            return {}
        if header_id not in self._headers:
            self._headers[header_id] = json.loads(self.database.value(sql.HEADER_NAMES, (header_id,)) or "[]")
        return dict(zip(self._headers[header_id], json.loads(extras), strict=False))


def count(database: Database) -> int:
    """How many leads there are."""
    return int(database.value(sql.COUNT))


def stage_json(result: StageResult) -> dict[str, Any]:
    """The documented shape of a stage result."""
    return {
        "stage": result.stage,
        "decision": result.decision,
        "numbers": result.numbers,
        "reasons": list(result.reasons),
        "policy_version": result.policy_version,
        "at": iso(result.at),
    }
