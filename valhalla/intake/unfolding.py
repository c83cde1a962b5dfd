"""Taking leads apart that version 0.1 made of several houses of one owner.

What each of its lists said stands in the lead's history (:mod:`valhalla.intake.houses`). The lead stays the house for which
somebody has worked, or the one that it shows; each of the others becomes a lead of its own, as if the list were read today, and
gets the outcomes that were recorded while the lead showed it. Nothing is done without a person's word: :func:`preview` says what
would be done, a job does it in batches and continues where it was interrupted, and a run is undone as one.

Left alone: leads that somebody merged or whose address somebody put right, rows of undone imports, and rows about
people who asked to be forgotten.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import apsw

from db import audit, pacing
from db.among import among
from db.clock import iso
from db.pacing import Pace
from valhalla.intake import sql
from valhalla.intake.houses import Change, Folded, House, houses_of
from valhalla.intake.plan import Reading, plan_chunk
from valhalla.intake.reading import Chunk, Position
from valhalla.intake.store import store_plan
from valhalla.intake.undo import Hooks
from valhalla.leads import corrections, deals, redecide, remove, search, suppression
from valhalla.leads import sql as leads_sql
from valhalla.leads.generation import touched
from valhalla.leads.identity import email_key, lead_id_key, name_address_key, phone_name_key
from valhalla.leads.properties import house_key, keys_of, property_of
from valhalla.leads.settling import Settler
from valhalla.leads.suppression import Match
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.wording import in_dollars
from valhalla.scoring import store as stages
from valhalla.scoring.stages import Decision
from valhalla.scoring.stages.row import CONTENT, Row

if TYPE_CHECKING:
    from db import Database

BATCH = 500
SMALLEST = 20
"""Leads that are taken apart at a time, and the least while somebody else waits to write."""

COLUMNS = (*CONTENT, "header_id")
_PROVENANCE = ("identity", "fingerprint", "file_id", "import_id", "line")
_STANDS = (*leads_sql.STANDING, "suppressed", "lists")
_DECIDED = (*Decision._fields, "updated_at")

WEIGHT = {"won": 6, "contract": 5, "offer": 4, "appointment": 3}
"""Outcomes by which the lead stays the house that they were recorded for; any other counts as 1."""


class Found(NamedTuple):
    """A lead that is several houses."""

    lead_id: int
    now: dict[str, Any]
    folded: Folded
    source_of: dict[int, tuple[int, int, str]]
    """File, source and the source's name of each import."""
    stays: int
    """Which of the houses the lead is from now on."""
    work: dict[int | None, dict[str, list[int]]]
    """Outcomes and the like by the house that they are for; None: it is unknown."""
    ids: dict[int, str]
    """The list's own id of houses, where the list has ids."""

    def to_json(self) -> dict[str, Any]:
        """What a person is shown."""
        return {
            "lead": self.lead_id,
            "name": self.now["name"],
            "houses": [
                {
                    "address": house.content["address"],
                    "location": house.content["location"],
                    "value": in_dollars(house.content["value"]),
                    "since": iso(house.since),
                    "stays": number == self.stays,
                    "work": _count(self.work.get(number, {})),
                }
                for number, house in enumerate(self.folded.houses)
            ],
            "unsure": _count(self.work.get(None, {})),
        }


def _count(work: dict[str, list[int]]) -> int:
    return sum(map(len, work.values()))


# -- looking -----------------------------------------------------------------------------------------------


def to_check(database: Database) -> bool:
    """Whether there are leads of version 0.1 that nobody has looked through yet."""
    return bool(database.value(sql.FOLDED_UNTIL))


def preview(database: Database, limit: int = 20) -> dict[str, Any]:
    """``{leads, houses, unsure, found}``: how many leads are several houses, how many leads would be made of them, how many
    outcomes and the like nobody can assign; and the first ``limit`` with what would be done. Reads only."""
    found: list[dict[str, Any]] = []
    counts = Counter(leads=0, houses=0, unsure=0)
    after = 0
    with database.view():
        looker = _Looker(database)
        while numbers := looker.candidates(after, BATCH):
            for each in looker.look(numbers):
                if len(found) < limit:
                    found.append(each.to_json())
                counts["leads"] += 1
                counts["houses"] += len(each.folded.houses) - 1
                counts["unsure"] += _count(each.work.get(None, {}))
            after = numbers[-1]
    return {**counts, "found": found}


class _Looker:
    """Finds folded leads; keeps what many of them share."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.until: int = database.value(sql.FOLDED_UNTIL) or 0
        self.suppression = suppression.load(database)
        self.imports: dict[int, tuple[int, int, str, str | None, int | None]] = {}
        self.names: dict[int, list[str]] = {}

    def candidates(self, after: int, limit: int) -> list[int]:
        """The next leads whose address some list of version 0.1 replaced."""
        return [number for (number,) in self.database.sql(sql.FOLDED_CANDIDATES, (after, self.until, limit))]

    def look(self, numbers: list[int]) -> list[Found]:
        """Those of the leads that are several houses."""
        database, given = self.database, apsw.carray(array("q", numbers))
        changes: dict[int, list[Change]] = defaultdict(list)
        for number, *change in database.sql(sql.FOLDED_CHANGES, (given,)):
            changes[number].append(Change(*change))
        rows = database.sql(sql.FOLDED_LEADS, (given,))
        known = (self._found(row, changes[row[0]]) for row in rows)
        return [each for each in known if each is not None]

    def _found(self, row: tuple[Any, ...], changes: list[Change]) -> Found | None:
        number, created_at, import_id, undone, corrected, *content = row
        now = dict(zip(COLUMNS, content, strict=True))
        if "address" in (corrections.decoded(corrected) or {}):
            return None
        folded = houses_of(now, created_at, import_id, undone, changes, self._own_id)
        if len(folded.houses) < 2 or any(map(self._forgotten, folded.houses)):
            return None
        work = self._work(number, folded)
        ids = {at: house.last_id for at, house in enumerate(folded.houses) if house.last_id is not None}
        sources = {
            each: self._import(each)[:3]
            for each in {house.import_id for house in folded.houses}
            | set().union(*(h.imports for h in folded.houses))
            if each is not None
        }
        return Found(number, now, folded, sources, self._stays(folded, work), work, ids)

    def _forgotten(self, house: House) -> bool:
        return self.suppression.about_forgotten(_row(house.content, 0)) is not Match.NO

    def _import(self, number: int) -> tuple[int, int, str, str | None, int | None]:
        if number not in self.imports:
            (row,) = self.database.sql(sql.FOLDED_IMPORT, (number,))
            self.imports[number] = row
        return self.imports[number]

    def _own_id(self, content: dict[str, Any], import_id: int | None) -> str | None:
        """The cell of the list's own id, which version 0.1 kept among the further columns too."""
        if import_id is None or content["extras"] is None or content["header_id"] is None:
            return None
        column = self._import(import_id)[3]
        if column is None:
            return None
        header = content["header_id"]
        if header not in self.names:
            self.names[header] = json.loads(self.database.value(leads_sql.HEADER_NAMES, (header,)) or "[]")
        cells = dict(zip(self.names[header], json.loads(content["extras"]), strict=False))
        return (cells.get(column) or "").strip() or None

    def _work(self, lead_id: int, folded: Folded) -> dict[int | None, dict[str, list[int]]]:
        work: dict[int | None, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for table, number, at, happened, event in self.database.sql(sql.FOLDED_WORK, {"lead": lead_id}):
            house = folded.shown(at)
            if happened < at and happened >= folded.periods[0].since and folded.shown(happened) != house:
                house = None  # recorded later, when the lead showed another house
            work[house][table].append(number)
            if event is not None and house is not None:
                work[house]["weight"].append(WEIGHT.get(event, 1))
        return work

    def _stays(self, folded: Folded, work: dict[int | None, dict[str, list[int]]]) -> int:
        """The house with the most weighty work; else the one that the lead shows."""
        shown = folded.now if folded.now is not None else len(folded.houses) - 1
        weights = {house: max(kinds.pop("weight", [0])) for house, kinds in work.items() if house is not None}
        most = max(weights.values(), default=0)
        if not most or weights.get(shown) == most:
            return shown
        return next(house for house, weight in weights.items() if weight == most)


# -- doing -------------------------------------------------------------------------------------------------


def begin(database: Database, actor: str = "operator") -> int:
    """Ask for it; durable. Returns the number of the run, which :func:`unfold` does. One that is not through is continued."""
    with database.write(durable=True):
        running = database.value(sql.UNFOLDING_RUNNING)
        if running is not None:
            return int(running)
        number = int(database.value(sql.BEGIN_UNFOLDING, (database.clock(), actor)))
        audit.append(database, "leads.unfold", f"unfolding:{number}", {"asked": True}, actor=actor)
    return number


def unfold(database: Database, unfolding_id: int, hooks: Hooks | None = None) -> dict[str, int]:
    """Take every folded lead apart, batch by batch; what was interrupted is continued. Returns ``{unfolding, leads, houses}``."""
    hooks, pace = hooks or Hooks(), Pace(BATCH, SMALLEST, pacing.BRIEFLY)
    pace.rows = SMALLEST
    while True:
        row = database.one(sql.UNFOLDING, (unfolding_id,))
        if row is None:
            raise NotFound(f"no leads were taken apart under number {unfolding_id}")
        state, after, leads, houses, _, actor = row
        if state != "running":
            return {"unfolding": unfolding_id, "leads": leads, "houses": houses}
        with pace.write(database):
            hooks.fence()
            numbers = _Looker(database).candidates(after, pace.rows)
            if not numbers:
                database.sql(sql.END_UNFOLDING, ("done", database.clock(), unfolding_id))
                body = {"leads": leads, "houses": houses}
                audit.append(database, "leads.unfold", f"unfolding:{unfolding_id}", body, actor=actor)
                continue
            made = _Unfolder(database, unfolding_id, actor).take_apart(numbers)
            database.sql(sql.ADVANCE_UNFOLDING, (numbers[-1], len(made), sum(made), unfolding_id))
            touched(database)
        hooks.between({"leads": leads + len(made)})


class _Unfolder:
    """Takes a batch of leads apart; inside the caller's transaction."""

    def __init__(self, database: Database, unfolding_id: int, actor: str) -> None:
        self.database = database
        self.unfolding_id = unfolding_id
        self.actor = actor
        self.looker = _Looker(database)
        self.now = database.clock()
        self.context = stages.load(database, self.now)
        self.settler = Settler(database, actor)

    def take_apart(self, numbers: list[int]) -> list[int]:
        """How many leads were made of each that was folded."""
        found = self.looker.look(numbers)
        plans = [self._planned(each) for each in found]
        self._make([house for _, houses, _ in plans for house in houses])
        again = [
            lead
            for each, (body, houses, _) in zip(found, plans, strict=True)
            for lead in self._finish(each, body, houses)
        ]
        redecide.decide_again(self.database, again)
        settle = [
            lead
            for _, houses, moved in plans
            if moved
            for lead in (moved, *(h.lead for h in houses if h.lead))
        ]
        for lead in settle:
            deals.settle(self.database, lead)
            self.settler.settle(lead, f"unfold:{self.unfolding_id}")
        return [sum(house.made for house in houses) for _, houses, _ in plans]

    def _planned(self, found: Found) -> tuple[dict[str, Any], list[_New], int]:
        """Free the keys that the other houses are to be known by."""
        database, lead = self.database, found.lead_id
        (before,) = database.sql(sql.FOLDED_PLACE, (lead,))
        place = dict(zip(_PROVENANCE, before, strict=True))
        own = {at: lead_id_key(self._source(found, at), cell) for at, cell in found.ids.items()}
        person = found.now["person"]
        if person is None:
            person = _weaker(found.now) if place["identity"] in own.values() else place["identity"]
        houses = []
        for at, house in enumerate(found.folded.houses):
            if at == found.stays:
                continue
            identity = own.get(at) or house_key(person, house.address)
            houses.append(_New(at, house, identity, person, found))
        freed = [house.identity for house in houses if house.identity in own.values()]
        database.sql(sql.FREE_KEYS, (lead, json.dumps(freed)))
        identity = place["identity"]
        if identity in freed:
            identity = own.get(found.stays) or house_key(person, found.folded.houses[found.stays].address)
            database.sql(sql.ADD_KEY, (identity, lead, 1))
        body = {
            "person": person,
            "place": place,
            "identity": identity,
            "freed": freed,
            "stood": _columns(database, lead, _STANDS),
            "decided": _columns(database, lead, _DECIDED),
            "policy": self.context.policy_version,
        }
        return body, houses, lead if found.work else 0

    def _source(self, found: Found, at: int) -> str:
        number = found.folded.houses[at].import_id
        return found.source_of[number][2] if number is not None else ""

    def _make(self, houses: list[_New]) -> None:
        """Make leads of houses that are none yet."""
        by_reading: dict[tuple[int, int | None, int], list[_New]] = defaultdict(list)
        for house in houses:
            known = self._known(house)
            if known is not None:
                house.lead = known
            elif house.house.import_id is not None:
                content = house.house.content
                by_reading[house.house.import_id, content["header_id"], house.house.since].append(house)
        for (import_id, header, since), group in by_reading.items():
            file, source, _ = group[0].found.source_of[import_id]
            reading = Reading(import_id, file, source, header, since, tail=True)
            rows = {
                house.identity: _row(house.house.content, house.identity, house.person) for house in group
            }
            chunk = Chunk(Position(), Position(), accepted=list(rows.values()))
            plan = plan_chunk(self.database, chunk.accepted, reading, self.context, self.looker.suppression)
            store_plan(self.database, chunk, plan, reading, self.context)
            made = {identity: lead for lead, identity in enumerate(plan.identities(), plan.first)}
            for house in group:
                house.lead = made.get(house.identity)
                house.made = house.lead is not None

    def _known(self, new: _New) -> int | None:
        """The lead that stands for this house already: the list was read again meanwhile, or another list named it."""
        details = json.loads(new.house.content["details"] or "{}")
        one = property_of(new.house.address, details.get("apn"), details.get("county"))
        keys = [new.identity, house_key(new.person, new.house.address), *keys_of(one)]
        for key in keys:
            lead = self.database.value(leads_sql.LEAD_OF_KEY, (key,))
            if lead is not None and lead != new.found.lead_id:
                return int(lead)
        return None

    def _finish(self, found: Found, body: dict[str, Any], houses: list[_New]) -> list[int]:
        """Move what belongs to the other houses, and let the lead be the one that stays. Returns the leads to decide on again."""
        database, lead = self.database, found.lead_id
        stays = found.folded.houses[found.stays]
        for house in houses:
            if house.lead is None:
                continue
            house.work = {
                table: ids
                for table, ids in found.work.get(house.at, {}).items()
                if table in leads_sql.MOVE_WORK
            }
            for table, ids in house.work.items():
                database.many(leads_sql.MOVE_WORK[table], [(house.lead, each, lead) for each in ids])
            house.deals = found.work.get(house.at, {}).get("deal", [])
            database.many(leads_sql.MOVE_DEAL, [(house.lead, each, lead, self.now) for each in house.deals])
        sightings = self._sightings(found, houses)
        put = {column: value for column, value in stays.content.items() if value != found.now[column]}
        put["person"] = body["person"]
        if body["identity"] != body["place"]["identity"]:
            put["identity"] = body["identity"]
        first = stays.import_id
        if first is not None and found.source_of[first][0] != body["place"]["file_id"]:
            said = next((row for row in sightings if row[1] == found.source_of[first][0]), None)
            put |= {"file_id": found.source_of[first][0], "import_id": first}
            put |= {"line": said[4], "fingerprint": said[5]} if said else {"line": None, "fingerprint": 0}
        changed = [column for column in put if column in COLUMNS and put[column] != found.now[column]]
        # Also what stays as it is and another house said otherwise: taking its import back is not to bring that here again.
        facts = {
            column
            for house in found.folded.houses
            for column in COLUMNS
            if house.content[column] != stays.content[column]
        } | set(changed)
        before = {column: found.now[column] for column in COLUMNS if column in facts}
        database.sql(leads_sql.put_columns(put), (*put.values(), lead))
        database.sql(
            leads_sql.ADD_HISTORY,
            (
                lead,
                self.now,
                self.actor,
                f"unfold:{self.unfolding_id}",
                json.dumps(before, ensure_ascii=False),
            ),
        )
        unsure = {table: ids for table, ids in found.work.get(None, {}).items() if ids}
        body |= {
            "before": {column: found.now.get(column, body["place"].get(column)) for column in put},
            "after": put,
            "houses": [house.to_json() for house in houses],
            "sightings": sightings,
            "unsure": unsure,
        }
        row = (self.unfolding_id, lead, json.dumps(body, ensure_ascii=False), _count(unsure), self.now)
        number = database.value(sql.ADD_UNFOLDED, row)
        audit.append(
            database,
            "lead.unfold",
            f"lead:{lead}",
            {
                "unfolded": number,
                "leads": [house.lead for house in houses if house.lead],
                "unsure": _count(unsure),
            },
            actor=self.actor,
        )
        made = [house.lead for house in houses if house.made and house.lead]
        return [*made, *([lead] if set(changed) - {"person"} else [])]

    def _sightings(self, found: Found, houses: list[_New]) -> list[Any]:
        """Lists that named another house than the one that stays are that house's. Returns what the lead had."""
        database, lead = self.database, found.lead_id
        rows = [list(row) for row in database.sql(sql.FOLDED_SIGHTINGS, (lead,))]
        gone = 0
        stays = found.folded.houses[found.stays]
        first = found.source_of[stays.import_id][0] if stays.import_id is not None else None
        for row in rows:
            _, file, _, import_id, line, fingerprint, *_ = row
            if file == first or import_id not in stays.imports:
                theirs = [each for each in houses if each.lead and import_id in each.house.imports]
                if not theirs and file != first:
                    continue  # it named the owner and nothing new
                database.sql(leads_sql.DROP_SIGHTING, (lead, file))
                gone += 1
                for each in theirs:
                    if not each.made or each.house.import_id is None:
                        continue
                    if found.source_of[each.house.import_id][0] != file:
                        database.sql(leads_sql.ADD_SIGHTING, (each.lead, *row[1:]))
                        database.sql(sql.FEWER_LISTS, (-1, each.lead))
                    elif len(theirs) == 1:
                        database.sql(
                            leads_sql.put_columns(("line", "fingerprint")), (line, fingerprint, each.lead)
                        )
        if gone:
            database.sql(sql.FEWER_LISTS, (gone, lead))
        return rows


class _New:
    """A house that becomes a lead of its own."""

    def __init__(self, at: int, house: House, identity: int, person: int, found: Found) -> None:
        self.at = at
        self.house = house
        self.identity = identity
        self.person = person
        self.found = found
        self.lead: int | None = None
        self.made = False
        self.work: dict[str, list[int]] = {}
        self.deals: list[int] = []

    def to_json(self) -> dict[str, Any]:
        """What taking it back needs."""
        return {"lead": self.lead, "made": self.made, "work": self.work, "deals": self.deals}


def _row(content: dict[str, Any], identity: int, person: int | None = None) -> Row:
    said = {column: content[column] for column in CONTENT}
    if person is not None:
        said["person"] = person
    return Row._make((*said.values(), identity, 0, 0, (), ()))


def _weaker(content: dict[str, Any]) -> int:
    """What version 0.1 knew somebody by in addition to a list's own id."""
    if content["email"]:
        return email_key(content["email"])
    if content["phone_key"] is not None:
        return phone_name_key(content["phone_key"], content["name"])
    return name_address_key(content["name"], content["address"] or content["location"] or "")


# -- taking back -------------------------------------------------------------------------------------------


def undo(
    database: Database, unfolding_id: int, actor: str = "operator", hooks: Hooks | None = None
) -> dict[str, int]:
    """Put the leads of a run together again; houses with which a person has worked since stay. Continues where it was interrupted.
    Returns ``{unfolding, leads, kept}``."""
    hooks, pace = hooks or Hooks(), Pace(BATCH, SMALLEST, pacing.BRIEFLY)
    with database.write(durable=True):
        row = database.one(sql.UNFOLDING, (unfolding_id,))
        if row is None:
            raise NotFound(f"no leads were taken apart under number {unfolding_id}")
        state = row[0]
        if state == "running":
            raise UsageError("the leads are still being taken apart; wait until that is done")
        if state == "undone":
            raise UsageError("these leads were put together again already")
        database.sql(sql.UNDO_UNFOLDING, (database.clock(), actor, unfolding_id))
    done = 0
    with database.references_unchecked():
        while rows := database.sql(sql.UNFOLDED, (unfolding_id, pace.rows)):
            with pace.write(database):
                hooks.fence()
                for number, lead, text in rows:
                    kept = _put_together(database, lead, json.loads(text), unfolding_id, actor)
                    database.sql(sql.REFOLDED, (database.clock(), number))
                    database.sql(sql.COUNT_KEPT, (kept, unfolding_id))
                    audit.append(
                        database,
                        "lead.refold",
                        f"lead:{lead}",
                        {"unfolded": number, "kept": kept},
                        actor=actor,
                    )
                touched(database)
            done += len(rows)
            hooks.between({"leads": done})
    with database.write(durable=True):
        hooks.fence()
        kept = database.one(sql.UNFOLDING, (unfolding_id,))[4]  # type: ignore[index]
        database.sql(sql.END_UNFOLDING, ("undone", database.clock(), unfolding_id))
        counts = {"leads": database.value(sql.COUNT_REFOLDED, (unfolding_id,)), "kept": kept}
        audit.append(database, "leads.refold", f"unfolding:{unfolding_id}", dict(counts), actor=actor)
    return {"unfolding": unfolding_id, **counts}


def _put_together(database: Database, lead: int, body: dict[str, Any], unfolding_id: int, actor: str) -> int:
    """One lead again, but for houses that somebody worked with. Returns how many of them stay."""
    now, gone, kept = database.clock(), [], 0
    moved = False
    for house in body["houses"]:
        if house["lead"] is None:
            continue
        for table, ids in house["work"].items():
            database.many(leads_sql.MOVE_WORK[table], [(lead, each, house["lead"]) for each in ids])
        database.many(leads_sql.MOVE_DEAL, [(lead, each, house["lead"], now) for each in house["deals"]])
        moved = moved or bool(house["work"])
        if not house["made"]:
            continue
        words, given = among(array("q", [house["lead"]]))
        given |= {"import": 0, "undo": f"unfold:{unfolding_id}"}
        if database.sql(sql.WORKED_ON.format(words), given):
            kept += 1
            for table, ids in house["work"].items():
                database.many(leads_sql.MOVE_WORK[table], [(house["lead"], each, lead) for each in ids])
            database.many(leads_sql.MOVE_DEAL, [(house["lead"], each, lead, now) for each in house["deals"]])
            Settler(database, actor).settle(house["lead"], f"refold:{unfolding_id}")
        else:
            gone.append(house["lead"])
    remove.remove_leads(database, gone)
    present = _columns(database, lead, tuple(body["after"]))
    put = {
        column: body["before"][column]
        for column, value in body["after"].items()
        if present[column] == value and not (kept and column in ("person", "identity"))
    }
    facts = {column: present[column] for column in put if column in COLUMNS}
    if put:
        database.sql(leads_sql.put_columns(put), (*put.values(), lead))
        text = json.dumps(facts, ensure_ascii=False)
        database.sql(leads_sql.ADD_HISTORY, (lead, now, actor, f"refold:{unfolding_id}", text))
    if not kept:
        database.many(sql.ADD_KEY, [(each, lead, 1) for each in body["freed"]])
        back = 0
        for row in body["sightings"]:
            database.sql(leads_sql.ADD_SIGHTING, tuple(row))
            back += database.changes()
        database.sql(sql.FEWER_LISTS, (-back, lead))
    if set(facts) - {"person"}:
        redecide.decide_again(database, [lead])
    if moved:
        deals.settle(database, lead)
        Settler(database, actor).settle(lead, f"refold:{unfolding_id}")
    unchanged = not kept and len(put) == len(body["after"])
    if unchanged and _columns(database, lead, _STANDS) == body["stood"]:
        policy, _ = stages.latest_policy(database)
        if policy == body["policy"]:  # the decision is the one that was, too
            decided = body["decided"]
            database.sql(leads_sql.put_columns(decided), (*decided.values(), lead))
    return kept


def _columns(database: Database, lead: int, names: tuple[str, ...]) -> dict[str, Any]:
    return dict(zip(names, database.one(leads_sql.columns_of_lead(names), (lead,)) or (), strict=True))


# -- work on a house that is not known -----------------------------------------------------------------------


def unsure(database: Database, limit: int, after: int = 0) -> list[dict[str, Any]]:
    """Leads that were taken apart and keep outcomes, notes or the like of which nothing says for which house they were:
    ``{id, lead, name, pieces, houses}``; for a person to decide."""
    found = []
    for number, lead, name, address, count, text in database.sql(sql.UNSURE, (after, limit)):
        houses = [each["lead"] for each in json.loads(text)["houses"] if each["lead"]]
        rows = database.sql(sql.FOLDED_HOUSES, (apsw.carray(array("q", houses)),)) if houses else []
        found.append(
            {
                "id": number,
                "lead": lead,
                "name": name,
                "address": address,
                "pieces": count,
                "houses": [{"lead": each, "address": where} for each, where in rows],
            }
        )
    return found


def assign(database: Database, unfolded_id: int, to: int, actor: str = "operator") -> int:
    """Say to which of the houses the work belongs that stayed with the lead; durable. Returns how many pieces were moved."""
    with database.write(durable=True):
        row = database.one(sql.FIND_UNSURE, (unfolded_id,))
        if row is None:
            raise NotFound(f"there is nothing to decide about number {unfolded_id}")
        lead, text = row
        body = json.loads(text)
        houses = {each["lead"]: each for each in body["houses"] if each["lead"]}
        if to != lead and to not in houses:
            names = ", ".join(map(str, sorted([lead, *houses])))
            raise UsageError(f"lead {to} is not one of these houses; say one of {names}")
        moved = 0
        if to != lead:
            for table, ids in body["unsure"].items():
                moved += len(ids)
                if table == "deal":
                    database.many(leads_sql.MOVE_DEAL, [(to, each, lead, database.clock()) for each in ids])
                    houses[to]["deals"] += ids
                else:
                    database.many(leads_sql.MOVE_WORK[table], [(to, each, lead) for each in ids])
                    houses[to]["work"].setdefault(table, []).extend(ids)
            settler = Settler(database, actor)
            for each in (lead, to):
                deals.settle(database, each)
                settler.settle(each, "unfold")
        now = database.clock()
        database.sql(sql.DECIDE_UNSURE, (json.dumps(body, ensure_ascii=False), now, actor, unfolded_id))
        for each in (lead, to):
            search.index_again(database, each)
        audit.append(
            database,
            "lead.assign",
            f"lead:{lead}",
            {"unfolded": unfolded_id, "to": to, "moved": moved},
            actor=actor,
        )
    return moved


def runs(database: Database, limit: int = 5) -> list[dict[str, Any]]:
    """The newest runs: ``{id, state, leads, houses, kept, at, by}``."""
    names = ("id", "state", "leads", "houses", "kept", "at", "by")
    found = [dict(zip(names, row, strict=True)) for row in database.sql(sql.UNFOLDINGS, (limit,))]
    return [{**each, "at": iso(each["at"])} for each in found]
