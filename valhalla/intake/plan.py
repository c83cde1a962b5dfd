"""What a chunk of rows will do to the file: new, updated, unchanged or duplicate, and every statement that follows.

Planning only reads, and happens outside the write transaction; it holds as long as ``lead_generation`` has not moved.
The rules:

* a row is a lead's when one of its keys is the lead's; two people who share an e-mail address but neither name nor
  phone are two leads (the second is known by its :func:`valhalla.leads.identity.alternate_key`);
* one person with two houses is two leads, each with its address (the second known by its
  :func:`valhalla.leads.properties.house_key`), and so are two ids of one list that share a weaker key;
* each list (file) remembers what it last said about a lead (the fingerprint of its row), so a list that is read again
  says something new only where it changed;
* what the same source says later replaces what it said before, cell by cell, and a blank cell erases nothing; another
  source only fills blanks. That is the policy ``keep_last``; a source's profile can name another, see :func:`_merged`;
* a row that says nothing new is *unchanged* the first time its list is read again, and a *duplicate* otherwise.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import compress, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import apsw

from db import Database
from db.evidence import Prepared
from db.sealing import Bulk, Witness
from db.waiting import give_way, in_steps
from valhalla.intake import sql
from valhalla.intake.helper_protocol import Decided
from valhalla.intake.new_keys import Key, NewKeys
from valhalla.intake.reading import Columns
from valhalla.leads import corrections, details
from valhalla.leads.details import reach
from valhalla.leads.identity import alternate_key
from valhalla.leads.suppression import NOBODY, OPTED_OUT, Suppression
from valhalla.program.later import later
from valhalla.scoring.stages import Context, decide
from valhalla.scoring.stages.row import CONTENT, Row

if TYPE_CHECKING:
    from valhalla.leads import addresses, owners, properties, review
else:
    addresses = later("valhalla.leads.addresses")
    owners = later("valhalla.leads.owners")
    properties = later("valhalla.leads.properties")
    review = later("valhalla.leads.review")

_WIDTH = len(CONTENT)
LOOKED_UP = 1_000
"""Keys that are looked up at a time, between which pages come first."""

DECIDED_ON = 250
"""Rows that are decided on at a time."""

_FROM_ROW = len(sql.FROM_ROW)
_DECIDED = len(sql.DECIDED)
_NAME = CONTENT.index("name")
_PHONE_KEY = CONTENT.index("phone_key")
_EXTRAS = CONTENT.index("extras")
_DETAILS = CONTENT.index("details")
_EMAIL = CONTENT.index("email")
_PHONE = CONTENT.index("phone")
_ADDRESS = CONTENT.index("address")
_LOCATION = CONTENT.index("location")
_PERSON = CONTENT.index("person")
_DISTRESS = CONTENT.index("distress")
_WORKED_ON = frozenset({"name", "address", "value", "arv", "repairs"})
"""What a list does not change of a lead that somebody has worked on."""
_new_identity_of = itemgetter(sql.NEW_LEAD.index("identity"))
_EMAIL_AT, _PHONE_KEY_AT, _DETAILS_AT, _PERSON_AT = map(
    sql.NEW_LEAD.index, ("email", "phone_key", "details", "person")
)
_details_of_new = itemgetter(_DETAILS_AT)
_first_of: Callable[[tuple[Any, ...]], int] = itemgetter(0)
_LIST_DATE = CONTENT.index("list_date")


@dataclass(frozen=True)
class Reading:
    """The import that a chunk belongs to."""

    import_id: int
    file_id: int
    source_id: int
    header_id: int | None
    started_at: int
    """UTC microseconds; the time of everything this import writes, so that an interrupted import repeats itself."""
    tail: bool
    """Whether only what was appended to the file is read."""
    merge: str = "keep_last"
    """What other content does to a lead that is known: see :func:`_merged`. ``replace`` is what a person typed."""


@dataclass
class Counts:
    """What became of the rows of a chunk."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0


class _Lead:
    """A lead that a row of this chunk speaks about, as it is and as it will be."""

    __slots__ = (
        "changed",
        "content",
        "corrected",
        "created_at",
        "file_id",
        "fingerprint",
        "fresh",
        "header_id",
        "id",
        "identity",
        "line",
        "lists",
        "sighted",
        "source_id",
        "status",
        "suppressed",
        "touched",
        "variant_id",
    )

    id: int
    identity: int
    content: tuple[Any, ...]
    fingerprint: int
    file_id: int | None
    source_id: int | None
    header_id: int | None
    lists: int
    line: int
    created_at: int
    suppressed: str | None
    status: str
    variant_id: int | None
    corrected: dict[str, Any] | None  # what a person put right, see corrections.py
    sighted: int | None  # what this file last said, when it is not the lead's first list
    touched: bool  # whether a row of this import spoke about it already
    fresh: bool  # made by this chunk
    changed: bool


@dataclass
class Plan:
    """The statements' parameters, and the counts."""

    generation: int
    counts: Counts = field(default_factory=Counts)
    leads: list[tuple[Any, ...]] = field(default_factory=list)
    """The new ones, in order of their ids."""
    witnesses: list[Witness] = field(default_factory=list)
    """The hashes of ``leads``."""
    updates: list[tuple[Any, ...]] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    """What leads are known by in addition to the identity that they were made with."""
    history: list[tuple[Any, ...]] = field(default_factory=list)
    sightings: list[tuple[Any, ...]] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    """Leads about which the chunk said nothing new."""
    overtaken: list[tuple[int, int]] = field(default_factory=list)
    changes: list[tuple[Any, ...]] = field(default_factory=list)
    """What waits for a person to review it."""

    @property
    def first(self) -> int:
        """The number of the first new lead; those of the others follow. 0 without any."""
        return self.leads[0][0] if self.leads else 0

    def identities(self) -> list[int]:
        """Of the new leads, in order."""
        return [*map(_new_identity_of, self.leads)]

    def noted(self) -> int:
        """How many rows of evidence it changes or adds, in addition to the new leads, which come with their witnesses."""
        return len(self.updates) + len(self.history) + len(self.sightings) + len(self.changes)

    def moves_leads(self) -> bool:
        """Whether it changes who is who or what a lead says."""
        return bool(self.leads or self.updates)


def plan_chunk(
    database: Database,
    rows: Sequence[Row],
    reading: Reading,
    context: Context,
    suppression: Suppression = NOBODY,
    decided: Decided | None = None,
    keys: NewKeys | None = None,
    understood: Callable[[Row], Row | None] = lambda row: row,
) -> Plan:
    """Classify ``rows`` against what the file holds now. Reads only.

    ``decided``: what the stages decided on each of ``rows`` as a new lead, when somebody has worked that out already.
    ``keys``: those that are not in the index of keys yet. ``understood`` reads a row that
    was left as it stands in the list (see :mod:`valhalla.intake.reading.said`).
    """
    return _Planner(database, rows, reading, context, suppression, decided, keys, understood).run()


def new_leads(database: Database, reading: Reading, context: Context) -> Bulk:
    """What stores and witnesses the new leads of a chunk."""
    common = sql.common_to(
        header_id=reading.header_id,
        file_id=reading.file_id,
        import_id=reading.import_id,
        at=reading.started_at,
        policy_version=context.policy_version,
        snapshot_id=context.snapshot_id,
    )
    return Bulk(database, "lead", sql.NEW_LEAD, common)


class _Planner:
    def __init__(
        self,
        database: Database,
        rows: Sequence[Row],
        reading: Reading,
        context: Context,
        suppression: Suppression,
        decided: Decided | None,
        keys: NewKeys | None,
        understood: Callable[[Row], Row | None],
    ) -> None:
        self.database = database
        self.understood = understood
        if suppression.registry:
            rows, decided = _by_registry(rows, decided, suppression.registry)
        self.rows = Columns.of(rows)
        self.keys = keys
        self.decided = decided
        self.prepared: list[Prepared | None] = []  # of the hashes of plan.leads, where it is known
        self.suppression = suppression
        self.reading = reading
        self.context = context
        self.plan = Plan(generation=database.value(sql.READ_GENERATION))
        self.next_id: int = database.value(sql.NEXT_LEAD_ID)
        self.empty = self.next_id == 1  # no lead at all yet
        self.fresh: dict[int, int | Row] = {}
        """By lead id: leads that this chunk makes and that nothing has changed since; the row of each, or which of ``rows`` it is."""
        self.leads: dict[int, _Lead] = {}  # every other lead a row of this chunk is about
        self.ids: dict[int, int] = {}  # key -> lead id
        self.asked: set[int] = set()  # keys that were looked up: what is not in ids is nobody's
        self.repeats: dict[
            int, int
        ] = {}  # lead id -> fingerprint, of leads of this list not spoken about yet
        self.overtaken: set[tuple[int, int]] = set()

    def run(self) -> Plan:
        self._look_up()
        give_way()
        ids, repeats, fresh, lead_id = self.ids, self.repeats, self.fresh, self.next_id
        is_new = ids.keys().isdisjoint
        said = zip(
            *(self._column(name) for name in ("identity", "fingerprint", "name")), *self._more(), strict=True
        )
        for at, (identity, fingerprint, name, aliases, people) in enumerate(said):
            known = ids.get(identity)
            if known is None and not aliases and not people and name:  # most of a new list
                ids[identity] = lead_id
                fresh[lead_id] = at
                lead_id += 1
                continue
            row: Row | None = None
            if not name and (known is None or repeats.get(known) != fingerprint):
                row = self.understood(self.rows[at])
                if row is None:
                    self.plan.counts.duplicate += 1
                    continue
                if self.suppression.registry:
                    (row,), _ = _by_registry([row], None, self.suppression.registry)
                known, fingerprint = self._id_of(row.identity), row.fingerprint
            if known is not None and repeats.get(known) == fingerprint:
                del repeats[known]
                self._mark_unchanged(known)
            elif row is None and known is None and is_new((*aliases, *people)):
                self.next_id = lead_id
                self._add(identity, (*aliases, *people), at)
                lead_id += 1
            else:
                self.next_id = lead_id
                self._place(self.rows[at] if row is None else row, at if row is None else None)
                lead_id = self.next_id
        self.next_id = lead_id
        give_way()
        self._write_fresh()
        self._write_changed()
        self._sort_new()
        self.plan.witnesses = new_leads(self.database, self.reading, self.context).hashes(
            self.plan.leads, self.prepared if self.decided is not None else None
        )
        return self.plan

    # -- what is known already -----------------------------------------------------------------------------

    def _look_up(self) -> None:
        if self.empty:
            return
        repeats, ids = self.repeats, self.ids
        for key, lead_id, fingerprint, file_id, last_import_id in self._find(set(self._column("identity"))):
            ids[key] = lead_id
            if file_id == self.reading.file_id and last_import_id != self.reading.import_id:
                repeats[lead_id] = fingerprint
        give_way()
        for (lead_id,) in self._carray(sql.FIND_SEEN, array("q", repeats), self.reading.import_id):
            del repeats[lead_id]
        identities, fingerprints = self._column("identity"), self._column("fingerprint")
        new: Sequence[int] = range(len(self.rows))
        if repeats:  # of rows that say nothing new nothing more has to be known
            new = [at for at in new if repeats.get(ids.get(identities[at], 0)) != fingerprints[at]]
        aliases, people = self._more()
        more = {key for at in new for key in (*aliases[at], *people[at])}
        ids.update((key, lead_id) for key, lead_id, *_ in self._find(more - self.asked))
        houses = {
            properties.house_key(person, house)
            for at in new
            for person in people[at]
            if person in ids and (house := _house(self.rows[at])) is not None
        }
        ids.update((key, lead_id) for key, lead_id, *_ in self._find(houses - self.asked))
        wanted = {ids[identities[at]] for at in new if identities[at] in ids} if ids else set()
        wanted.update(ids[key] for key in more if key in ids)
        self._load(wanted)

    def _column(self, name: str) -> Sequence[Any]:
        """What the rows have in this field."""
        return self.rows.columns[Row._fields.index(name)]

    def _more(self) -> tuple[Sequence[Sequence[int]], Sequence[Sequence[int]]]:
        """What the rows are known by in addition: their aliases and their people."""
        return self._column("aliases"), self._column("people")

    def _find(self, keys: set[int]) -> list[tuple[Any, ...]]:
        """What the index has under these keys. In order, so that neighbours in it are looked up together."""
        self.asked |= keys
        if not keys:
            return []
        wanted = array("q", sorted(keys))
        if self.keys is not None:
            self.ids.update(self.keys.find(wanted))
        found = []
        for first in range(0, len(wanted), LOOKED_UP):
            give_way()
            found += self._carray(sql.FIND_BY_KEY, wanted[first : first + LOOKED_UP])
        return found

    def _carray(self, text: str, values: array[int], *more: Any) -> list[tuple[Any, ...]]:
        return self.database.sql(text, (apsw.carray(values), *more)) if values else []

    def _load(self, lead_ids: set[int]) -> None:
        wanted = array("q", sorted(lead_ids - self.leads.keys()))
        reading = self.reading
        touched = {lead for (lead,) in self._carray(sql.FIND_SEEN, wanted, reading.import_id)}
        sighted = dict(self._carray(sql.FIND_SIGHTINGS, wanted, reading.file_id))
        self.overtaken.update(self._carray(sql.FIND_OVERTAKEN, wanted))
        for row in self._carray(sql.READ_LEADS, wanted):
            lead = _Lead()
            (lead.id, lead.identity, lead.fingerprint, lead.file_id, last_import_id, lead.line) = row[:6]
            lead.content = row[6 : 6 + _WIDTH]
            lead.header_id, lead.lists, lead.created_at, lead.suppressed, lead.status = row[
                6 + _WIDTH : 11 + _WIDTH
            ]
            lead.variant_id, lead.source_id, corrected = row[11 + _WIDTH :]
            lead.corrected = corrections.decoded(corrected)
            lead.sighted = sighted.get(lead.id)
            lead.touched = (
                last_import_id == reading.import_id or lead.id in touched or lead.id in self.plan.seen
            )
            lead.fresh = lead.changed = False
            self.leads[lead.id] = lead

    def _mark_unchanged(self, lead_id: int) -> None:
        self.plan.counts.unchanged += 1
        self.plan.seen.add(lead_id)

    # -- one row -------------------------------------------------------------------------------------------

    def _place(self, row: Row, at: int | None) -> None:
        """A row whose lead is known already, or that has more than one key. ``at``: which one it is, as it stands among them."""
        said, lead = row, self._lead_of(row)
        if lead is not None and lead.corrected:
            row = corrections.in_their_words(row, lead.corrected)
        if not row.people:
            lead, row = self._kept_apart(lead, row)
        if lead is None:
            if row.people:
                row = self._of_known_owner(row)
            self._add(
                row.identity, (*row.aliases, *row.people), at if at is not None and row is said else row
            )
            return
        if _another_owner(lead, row):  # who that is is for a person to say, so their keys stay nobody's
            self._learn_keys(lead, row._replace(people=()))
        else:
            self._learn_keys(lead, row)
            if row.people:
                self._join_owner(lead, row)
        self._say(lead, row, said)

    def _kept_apart(self, lead: _Lead | None, row: Row) -> tuple[_Lead | None, Row]:
        """A row whose lead would be known by its person, and the lead that it is really about: not another person who shares
        the e-mail address, and not another house."""
        if lead is not None and _somebody_else(lead, row):
            if row.aliases:
                lead = self._with_its_own_id(lead, row)
            elif row.email is not None:  # they share the address that would be the identity
                row = row._replace(identity=alternate_key(row.identity, row.name, row.phone_key))
                lead = self._lead_of(row)
        if lead is not None and _another_house(lead.content, row):
            person = row.aliases[0] if row.aliases else row.identity
            if lead.content[_PERSON] is None:
                lead.content = (*lead.content[:_PERSON], person, *lead.content[_PERSON + 1 :])
                lead.changed = True
            row = row._replace(person=lead.content[_PERSON])
            if row.aliases:
                lead = self._with_its_own_id(lead, row) or self._by_property(row)
            elif (house := _house(row)) is not None:
                row = row._replace(identity=properties.house_key(row.identity, house))
                lead = self._lead_of(row) or self._by_property(row)
        return lead, row

    def _by_property(self, row: Row) -> _Lead | None:
        """The lead that a list of properties made of this house of the same owner."""
        for key in properties.keys_of(_property(row)):
            lead_id = self._id_of(key)
            if lead_id is not None:
                lead = self._lead(lead_id)
                if owners.same_owner(lead.content[_NAME], row.name) and not _kept_apart(lead, row):
                    return lead
        return None

    def _with_its_own_id(self, lead: _Lead, row: Row) -> _Lead | None:
        """The lead that was found, if it has the row's id; where they only share a weaker key, the list distinguishes them."""
        return lead if lead.id == self.ids.get(row.identity) else None

    def _lead_of(self, row: Row) -> _Lead | None:
        for key in (row.identity, *row.aliases):
            lead_id = self._id_of(key)
            if lead_id is not None:
                lead = self._lead(lead_id)
                if key == row.identity or not _of_another_zip(lead.content, row):
                    return lead
        for key in row.people:  # a lead of the same owner: of this property, or of one that is not known yet
            lead_id = self._id_of(key)
            if lead_id is not None:
                lead = self._lead(lead_id)
                if lead.content[_ADDRESS] is None and not _kept_apart(lead, row):
                    return lead
                same = lead if _same_house(lead.content, row) else self._house_of(key, row)
                if same is not None:
                    return same
        return None

    def _house_of(self, person: int, row: Row) -> _Lead | None:
        """The lead of this house of a person whose houses are distinguished by the person and the house."""
        house = _house(row)
        lead_id = self._id_of(properties.house_key(person, house)) if house is not None else None
        return self._lead(lead_id) if lead_id is not None else None

    def _id_of(self, key: int) -> int | None:
        """The lead that a key names, wherever that is known from."""
        if key not in self.ids and key not in self.asked and not self.empty:
            self.ids.update((found[0], found[1]) for found in self._find({key}))
        return self.ids.get(key)

    def _lead(self, lead_id: int) -> _Lead:
        if lead_id in self.fresh:
            self._open_fresh(lead_id)
        elif lead_id not in self.leads:
            self._load({lead_id})
        return self.leads[lead_id]

    def _fresh(self, lead_id: int) -> Row:
        found = self.fresh[lead_id]
        return self.rows[found] if isinstance(found, int) else found

    def _open_fresh(self, lead_id: int) -> None:
        row, lead = self._fresh(lead_id), _Lead()
        del self.fresh[lead_id]
        lead.id, lead.identity, lead.fingerprint, lead.line = lead_id, row.identity, row.fingerprint, row.line
        lead.content = row[:_WIDTH]
        lead.file_id, lead.source_id = self.reading.file_id, self.reading.source_id
        lead.header_id, lead.lists, lead.created_at = self.reading.header_id, 1, self.reading.started_at
        lead.suppressed = lead.sighted = lead.variant_id = lead.corrected = None
        lead.status = "new"
        lead.touched = lead.fresh = True
        lead.changed = False
        self.leads[lead_id] = lead

    def _of_known_owner(self, row: Row) -> Row:
        """The row of another house of an owner who is known, maybe by a weaker key than this list gives."""
        found = self._owner(row)
        if found is None:
            return row
        key, lead_id, person = found
        if person is None and lead_id not in self.fresh:
            person = key  # until now they were known by their person alone
            self._belongs(self._lead(lead_id), person)
        return row if person in (None, row.person) else row._replace(person=person)

    def _join_owner(self, lead: _Lead, row: Row) -> None:
        """Where this list says that the owner of a lead is that of another, who until now was known by another key."""
        found = self._owner(row, lead.id)
        if found is not None and found[2] not in (None, lead.content[_PERSON]):
            self._belongs(lead, found[2])

    def _owner(self, row: Row, besides: int = 0) -> tuple[int, int, int | None] | None:
        """Another lead of the same owner: by which key, its number, and its owner's key."""
        for key in row.people:
            lead_id = self.ids.get(key)
            if lead_id is None or lead_id == besides:
                continue
            if lead_id in self.fresh:
                known = self._fresh(lead_id)
                name, person = known.name, known.person
            else:
                lead = self._lead(lead_id)
                name, person = lead.content[_NAME], lead.content[_PERSON]
            if owners.same_owner(name, row.name):
                return key, lead_id, person
        return None

    def _belongs(self, lead: _Lead, person: int | None) -> None:
        lead.content = (*lead.content[:_PERSON], person, *lead.content[_PERSON + 1 :])
        lead.changed = True

    def _add(self, identity: int, more: Iterable[int], row: int | Row) -> None:
        self.ids[identity] = self.next_id
        self.fresh[self.next_id] = row
        for key in more:
            if key not in self.ids:
                self.ids[key] = self.next_id
                self.plan.keys.append((key, self.next_id, 1))
        self.next_id += 1

    def _learn_keys(self, lead: _Lead, row: Row) -> None:
        for key in (row.identity, *row.aliases, *row.people):
            if self._id_of(key) is None:
                self.ids[key] = lead.id
                self.plan.keys.append((key, lead.id, 1))

    def _say(self, lead: _Lead, row: Row, said: Row) -> None:
        """What ``row`` says about ``lead``, and whether that is new. ``said``: the row as the list has it, where a person put
        right what it says."""
        counts, reading = self.plan.counts, self.reading
        first_list = lead.file_id == reading.file_id
        before = lead.fingerprint if first_list else lead.sighted
        if before == row.fingerprint or (lead.id, row.fingerprint) in self.overtaken:
            if lead.touched:
                counts.duplicate += 1
            else:
                lead.touched = True
                self._mark_unchanged(lead.id)
            return
        if row.people and not first_list:
            row = _with_signs(lead, row, reading)
        content = _merged(lead.content, row, self._policy(lead, row))
        kept = []
        if lead.corrected and reading.merge != "replace":
            kept = corrections.contradicted(said, lead.corrected)
            content = corrections.kept(content, lead.corrected)
        if content != lead.content and (reading.merge == "review" or self._must_be_asked(lead, row)):
            content = self._ask(lead, row, content)
        if content != lead.content:
            counts.updated += 1
            self._keep_history(lead, content, kept)
            if content[_EXTRAS] != lead.content[_EXTRAS]:
                lead.header_id = reading.header_id
            lead.content = content
        else:
            if kept:
                self._keep_history(lead, content, kept)
            if before is None or lead.touched:
                counts.duplicate += 1
            else:
                counts.unchanged += 1
        if before is not None and (lead.touched or reading.tail):
            self.overtaken.add((lead.id, before))
            self.plan.overtaken.append((lead.id, before))
        if before is None:
            lead.lists += 1
        if first_list:
            lead.fingerprint = row.fingerprint
        else:
            lead.sighted = row.fingerprint
            self.plan.sightings.append(
                (
                    *(
                        lead.id,
                        reading.file_id,
                        reading.source_id,
                        reading.import_id,
                        row.line,
                        row.fingerprint,
                    ),
                    *(reading.started_at, reading.started_at),
                )
            )
        lead.touched = lead.changed = True

    def _policy(self, lead: _Lead, row: Row) -> str:
        merge = self.reading.merge
        if row.identity != lead.identity and (
            _by_another_name(lead, row) or _another_house(lead.content, row)
        ):
            return "fill_blanks"
        if merge in ("keep_last", "review"):
            return "replace" if lead.source_id in (None, self.reading.source_id) else "fill_blanks"
        return merge

    def _must_be_asked(self, lead: _Lead, row: Row) -> bool:
        """Whether a list may not change the lead by itself: it names another owner of the property, or somebody has worked on
        the lead already and it says something else of what the work is about."""
        if self.reading.merge == "replace":
            return False
        if not row.people:
            return lead.status != "new" and _another_house(lead.content, row)
        if _another_owner(lead, row):
            return True
        if lead.status == "new":
            return False
        said = zip(CONTENT, lead.content, row, strict=False)
        return any(
            column in _WORKED_ON and new is not None and old is not None and new != old
            for column, old, new in said
        )

    def _ask(self, lead: _Lead, row: Row, content: tuple[Any, ...]) -> tuple[Any, ...]:
        """Put what would replace something before a person; blanks are filled without asking, unless it is of another owner."""
        filled = lead.content if _another_owner(lead, row) else _merged(lead.content, row, "fill_blanks")
        wanted = {
            column: new for column, old, new in zip(CONTENT, filled, content, strict=True) if old != new
        }
        if wanted:
            reading = self.reading
            if "extras" in wanted:
                wanted["header_id"] = reading.header_id
            if row.address is not None and _another_owner(lead, row):
                wanted[review.NEW_OWNER] = _as_said(row)
            body = json.dumps(wanted, ensure_ascii=False)
            self.plan.changes.append(
                (lead.id, reading.import_id, row.line, row.fingerprint, body, reading.started_at)
            )
        return filled

    def _keep_history(self, lead: _Lead, content: tuple[Any, ...], kept: Sequence[str]) -> None:
        before: dict[str, Any] = {
            column: old for column, old, new in zip(CONTENT, lead.content, content, strict=True) if old != new
        }
        if "extras" in before:
            before["header_id"] = lead.header_id
        if kept:  # what a person put right and the list says otherwise
            before["kept"] = kept
        self.plan.history.append(
            (
                *(lead.id, self.reading.started_at, "import", f"import:{self.reading.import_id}"),
                *(self.reading.import_id, json.dumps(before, ensure_ascii=False)),
            )
        )

    # -- what follows --------------------------------------------------------------------------------------

    def _write_fresh(self) -> None:
        decided, leads = self.decided, self.plan.leads
        which, undecided = [0] * len(self.rows), []
        for lead_id, row in self.fresh.items():
            if isinstance(row, int):
                which[row] = lead_id
            else:
                undecided.append((lead_id, row))
        if decided is None:
            undecided += zip(compress(which, which), self.rows.where(which), strict=True)
        for part in in_steps(undecided, DECIDED_ON):
            leads += [
                (lead_id, *row[:_FROM_ROW], None, *decide(row, self.context)[:_DECIDED])
                for lead_id, row in part
            ]
        self.prepared = [None] * len(leads)
        if decided is not None:
            whole = (which, *self.rows.columns[:_FROM_ROW], repeat(None), *decided.decisions)
            leads += compress(zip(*whole, strict=False), which)
            self.prepared += compress(zip(*decided.prepared, strict=True), which)
            self.prepared += [None] * (len(leads) - len(self.prepared))
        self.plan.counts.new += len(self.fresh)
        out = self._opted_out()
        if out or self.suppression or any(map(_details_of_new, leads)):
            self._suppress_fresh(out)

    def _opted_out(self) -> set[int]:
        """The owners of new leads who opted out on another lead of theirs: whatever number this list has of them."""
        persons = {columns[_PERSON_AT] for columns in self.plan.leads} - {None}
        return {person for (person,) in self._carray(sql.OWNERS_OPTED_OUT, array("q", sorted(persons)))}

    def _suppress_fresh(self, out: Set[int]) -> None:
        """Mark those among the new leads who are not to be contacted."""
        leads, reason_of, listed = self.plan.leads, self.suppression.reason, bool(self.suppression)
        for at, columns in enumerate(leads):
            said, person = columns[_DETAILS_AT], columns[_PERSON_AT]
            kept_out = said is not None and details.KEPT_OUT in said
            if not listed and not kept_out and person not in out:
                continue
            reason = reason_of(reach(columns[_EMAIL_AT], columns[_PHONE_KEY_AT], said))
            if reason is None and person in out:
                reason = OPTED_OUT
            if reason is not None:
                decision = decide(self._fresh(columns[0]), self.context, suppressed=reason)
                leads[at] = (*columns[: 1 + _FROM_ROW], reason, *decision[:_DECIDED])
                self.prepared[at] = None

    def _sort_new(self) -> None:
        """Put the new leads in order."""
        leads = self.plan.leads
        numbers = [*map(_first_of, leads)]
        if numbers != sorted(numbers):
            order = sorted(range(len(leads)), key=numbers.__getitem__)
            leads[:] = [leads[at] for at in order]
            self.prepared[:] = [self.prepared[at] for at in order]

    def _write_changed(self) -> None:
        reading, now = self.reading, self.reading.started_at
        for lead in self.leads.values():
            if not (lead.fresh or lead.changed):
                continue
            if lead.suppressed is None:
                lead.suppressed = self.suppression.reason(
                    reach(lead.content[_EMAIL], lead.content[_PHONE_KEY], lead.content[_DETAILS])
                )
            row = Row._make((*lead.content, lead.identity, lead.fingerprint, lead.line, (), ()))
            decision = decide(
                row, self.context, lead.lists, lead.created_at, lead.suppressed, lead.status, lead.variant_id
            )
            if lead.fresh:
                self.plan.counts.new += 1
                self.prepared.append(None)
                self.plan.leads.append((lead.id, *row[:_FROM_ROW], lead.suppressed, *decision[:_DECIDED]))
            else:
                self.plan.updates.append(
                    (
                        *(lead.fingerprint, *lead.content, lead.header_id, reading.import_id, lead.lists),
                        *(now, lead.suppressed, *decision, lead.id),
                    )
                )


def _by_registry(
    rows: Sequence[Row], decided: Decided | None, registry: Set[int]
) -> tuple[Sequence[Row], Decided | None]:
    """The rows with the numbers flagged that stand in the national registry. What was decided on others is of no use then."""
    found = []
    for row in rows:
        if row.phone_key in registry or (row.details is not None and '"phones"' in row.details):
            text, phone, key = details.registered(row.details, row.phone, row.phone_key, registry)
            if text != row.details:
                row = row._replace(details=text, phone=phone, phone_key=key)
                decided = None
        found.append(row)
    return found, decided


def _another_owner(lead: _Lead, row: Row) -> bool:
    """Whether ``row``, of a list whose leads are properties, names somebody else as the owner."""
    return bool(row.people) and not owners.same_owner(lead.content[_NAME], row.name)


def _as_said(row: Row) -> dict[str, Any]:
    """A row as it is kept until a person says whether the house has another owner."""
    return {
        "row": list(row[: Row._fields.index("identity")]),
        **{name: getattr(row, name) for name in ("identity", "fingerprint", "line")},
        **{name: list(getattr(row, name)) for name in ("aliases", "people")},
    }


def _kept_apart(lead: _Lead, row: Row) -> bool:
    """Whether a list gave both an id of its own, and not the same: they are two leads of one person."""
    one = details.decoded(lead.content[_DETAILS]).get("lead_id")
    other = details.decoded(row.details).get("lead_id")
    return one is not None and other is not None and one != other


def _by_another_name(lead: _Lead, row: Row) -> bool:
    """Whether ``row`` knows the lead by a contact or name that a person merged into it: such a list adds, but it does
    not take the lead's own contact away."""
    email = lead.content[_EMAIL]
    if row.email is not None:
        return email is not None and email != row.email
    return bool(lead.content[_NAME].casefold() != row.name.casefold())


def _another_house(content: tuple[Any, ...], row: Row) -> bool:
    """Whether ``row`` is about another property than a lead that is known by its person."""
    mine, theirs = content[_ADDRESS], row.address
    if mine is None or theirs is None or (mine == theirs and content[_LOCATION] == row.location):
        return False
    return not row.people and properties.differ(_house(content), _house(row))


def _of_another_zip(content: tuple[Any, ...], row: Row) -> bool:
    """Whether ``row``, of a list whose leads are properties, has the street address and city of a lead, but in another ZIP: a city
    may have a street twice. Parcel numbers that agree say that it is one house, with a ZIP mistyped."""
    if not row.people or content[_LOCATION] == row.location:
        return False
    one, other = _property(content), _property(row)
    return properties.differ(one.address, other.address) and (not one.parcel or one.parcel != other.parcel)


def _house(content: tuple[Any, ...]) -> addresses.Address | None:
    return _house_at(content[_ADDRESS], content[_LOCATION])


@lru_cache(maxsize=1_024)  # a row is asked several times in turn
def _house_at(address: str | None, location: str | None) -> addresses.Address | None:
    return addresses.normal_address(address, None, *addresses.parse_place(location))


def _same_house(content: tuple[Any, ...], row: Row) -> bool:
    """Whether a lead that is known by its person is about the property of ``row``."""
    return properties.joins(_property(content), _property(row))


def _property(content: tuple[Any, ...]) -> properties.Property:
    return properties.stored_property(
        content[_ADDRESS], content[_LOCATION], details.decoded(content[_DETAILS])
    )


def _somebody_else(lead: _Lead, row: Row) -> bool:
    """Whether ``row`` is another person with the same e-mail address: name and phone both differ."""
    name, phone = lead.content[_NAME], lead.content[_PHONE_KEY]
    if phone is None or row.phone_key is None or phone == row.phone_key:
        return False
    return bool(name.casefold() != row.name.casefold())


def _with_signs(lead: _Lead, row: Row, reading: Reading) -> Row:
    """The row of a further list, with each sign that nobody has seen before under its list and date. Those that the lead has without
    a list came from its first one, and are given that before this list's date takes the place of theirs."""
    content, known = lead.content, details.decoded(row.details)
    said = {each["sign"] for each in known.get("signs", ())} | set((row.distress or "").split(",")) - {""}
    stamped = details.decoded(content[_DETAILS]).get("signs", ())
    named = {each["sign"] for each in stamped if "list" in each}
    mine = {each["sign"] for each in stamped} | set((content[_DISTRESS] or "").split(",")) - {""}
    date = row.list_date if row.list_date is not None else reading.started_at
    signs = [{"sign": sign, "list": reading.file_id, "date": date} for sign in sorted(said - mine)]
    if signs or (row.list_date is not None and row.list_date != content[_LIST_DATE]):
        since = content[_LIST_DATE] if content[_LIST_DATE] is not None else lead.created_at
        signs = [{"sign": sign, "list": lead.file_id, "date": since} for sign in sorted(mine - named)] + signs
    if not signs and "signs" not in known:
        return row
    return row._replace(details=details.encoded({**known, "signs": signs}))


def _merged(content: tuple[Any, ...], row: Row, policy: str) -> tuple[Any, ...]:
    """``content`` after ``row`` was heard. A blank cell never erases anything.

    ``replace``: the row's cells win. ``fill_blanks``: only what is not known yet is taken. ``keep_first``: nothing is.
    ``newest_list_date``: the row's cells win unless the lead is known from a newer list, or the row has no date.
    """
    if policy == "keep_first":
        return content
    if policy == "newest_list_date":
        known = content[_LIST_DATE]
        newer = row.list_date is not None and (known is None or row.list_date >= known)
        policy = "replace" if newer else "fill_blanks"
    if policy == "replace":
        found = [new if new is not None else old for old, new in zip(content, row, strict=False)]
    else:
        found = [old if old is not None else new for old, new in zip(content, row, strict=False)]
    found[_DETAILS] = details.merged(content[_DETAILS], row.details, replace=policy == "replace")
    if row.people:
        said: list[Sequence[Any]] = [found, content, row]
        phones = [(each[_PHONE], each[_PHONE_KEY]) for each in said]
        found[_DETAILS] = details.with_contacts(said[0][_DETAILS], phones, [each[_EMAIL] for each in said])
        found[_PHONE], found[_PHONE_KEY] = details.to_call(
            said[0][_DETAILS], said[0][_PHONE], said[0][_PHONE_KEY]
        )
        found[_DISTRESS] = details.signs_of(content[_DISTRESS], row.distress)
    elif found[_DETAILS] is not None:
        said = [found]
        found[_PHONE], found[_PHONE_KEY] = details.to_call(
            said[0][_DETAILS], said[0][_PHONE], said[0][_PHONE_KEY]
        )
    return tuple(found)
