"""The list of buyers: taking one in, and reading it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from db import Database, audit
from db.clock import iso
from db.orm import fn
from valhalla.leads import sql, work_models
from valhalla.leads.contacts import phone_key
from valhalla.leads.markets import market_of, region
from valhalla.leads.sheet import Refused, Sheet
from valhalla.program.errors import UsageError
from valhalla.program.patterns import pattern
from valhalla.program.wording import cents, in_dollars
from valhalla.scoring.stages.buyers import Buyer
from valhalla.scoring.stages.statistics import wilson

if TYPE_CHECKING:
    from valhalla.leads.traces import Traces

COLUMNS = {
    "name": (
        "name", "buyer", "buyer name", "full name", "contact name", "contact", "cash buyer", "cash buyer name", "investor name",
        "investor", "company", "company name",
    ),
    "markets": ("markets", "market", "areas", "states", "target markets", "target areas", "location", "area"),
    "max_price": (
        "max price", "price", "budget", "maximum price", "max purchase price", "maximum purchase price", "max offer", "max budget",
        "price max", "price range",
    ),
    "min_beds": ("min beds", "beds", "bedrooms"),
    "max_repairs": ("max repairs", "max rehab", "rehab", "repairs"),
    "max_share": ("max share", "share", "arv share", "max arv"),
    "email": ("email", "e-mail", "mail", "email address", "buyer email", "investor email"),
    "phone": ("phone", "mobile", "phone number", "buyer phone", "cell phone", "cell", "phone 1", "investor phone"),
}  # fmt: skip
"""Fields and the headers under which they are found."""


class Listed(NamedTuple):
    """A line of the list as table ``buyer`` has it."""

    name: str
    markets: str
    """JSON."""
    max_price: int | None
    min_beds: int | None
    max_repairs: int | None
    max_share: int | None
    """Parts per million."""
    email: str | None
    phone: str | None


@dataclass
class Imported:
    """What became of a list of buyers; rows = new + changed + same + refused."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    removed: int = 0
    """Buyers that a list which replaces the old one left out."""
    refused: list[Refused] = field(default_factory=list)


def take_list(
    database: Database, sheet: Sheet, *, replace: bool = False, actor: str = "operator"
) -> Imported:
    """Take buyers from a table with the columns :data:`COLUMNS`: a buyer is known by name, and a later list changes what
    they take. ``replace``: anyone who is not in this list leaves. Durable. Raises :class:`UsageError` where the names are
    missing."""
    done = Imported()
    seen: set[str] = set()
    if "name" not in sheet.fields:
        raise UsageError(f"{sheet.path} needs a column name; and may have {', '.join(list(COLUMNS)[1:])}")
    lines = list(sheet)
    with database.write(durable=True):
        for line in lines:
            done.rows += 1
            try:
                if line.problem is not None:
                    raise UsageError(line.problem)
                row = _row(line.cells)
                if row.name in seen:
                    raise UsageError(f"{row.name} stands in the list twice")
            except UsageError as error:
                done.refused.append(Refused(line.number, str(error)))
                continue
            seen.add(row.name)
            known = _known(database, row.name)
            if known is None:
                done.new += 1
            elif known.removed_at is None and _listed(known) == row:
                done.same += 1
                continue
            else:
                done.changed += 1
            _put(database, row)
        if replace and seen:
            for known in list(everybody(database)):
                if known.name not in seen:
                    done.removed += 1
                    _remove(database, known.id)
        counts = {name: getattr(done, name) for name in ("rows", "new", "changed", "same", "removed")}
        audit.append(
            database, "buyer.import", "buyers", {**counts, "refused": len(done.refused)}, actor=actor
        )
    return done


def add(database: Database, cells: dict[str, str], *, actor: str = "operator") -> tuple[int, bool]:
    """Add a buyer by hand, from what a person typed by the names of :data:`COLUMNS`; one of the same name is changed. Durable
    and audited. Returns the number and whether the buyer is new. Raises :class:`UsageError`."""
    row = _row({name: text.strip() for name, text in cells.items() if text.strip()})
    with database.write(durable=True):
        known = _known(database, row.name)
        if known is not None:
            given = {name for name, text in cells.items() if text.strip()}
            before = _listed(known)._asdict()
            row = row._replace(**{name: value for name, value in before.items() if name not in given})
        new = known is None or known.removed_at is not None
        number = _put(database, row)
        audit.append(database, "buyer.add", f"buyer:{number}", {"new": new}, actor=actor)
    return number, new


def matching(database: Database, traces: Traces) -> list[tuple[int, str, str | None, str | None]]:
    """The buyers, also of those who left the list, that the people are: by address or number, or by their whole name where a buyer
    has neither. Number, name, address, phone."""
    row = work_models.Buyer
    query = row.select(row.id, row.name, row.email, row.phone).order_by(row.id).tuples()
    return [
        (number, name, email, phone)
        for number, name, email, phone in query.execute(database)
        if any(map(traces.in_text, (name, email, phone)))
        or (not email and not phone and traces.in_text(name, by_name=True))
    ]


def forget(database: Database, numbers: Iterable[int]) -> None:
    """Leave out who these buyers were, for erasing them; inside the caller's transaction."""
    row, now = work_models.Buyer, database.clock()
    for number in numbers:
        left = row.update(
            name=f"(left out {number})",
            email=None,
            phone=None,
            markets="[]",
            removed_at=fn.coalesce(row.removed_at, now),
            updated_at=now,
        )
        left.where(row.id == number).execute(database)


def everybody(database: Database) -> Any:
    """The buyers on the list, by name; those who left it are kept for the packets that name them."""
    row = work_models.Buyer
    query = row.select().where(row.removed_at.is_null())
    return query.order_by(row.name.collate("NOCASE"), row.id).execute(database)


def _known(database: Database, name: str) -> Any:
    """The row of the buyer of this name, also of one who left the list."""
    return work_models.Buyer.select().where(work_models.Buyer.name == name).first(database)


def _listed(row: Any) -> Listed:
    return Listed._make(getattr(row, name) for name in Listed._fields)


def _put(database: Database, buyer: Listed) -> int:
    """Put a buyer on the list, or change one of the same name; the number."""
    row, now = work_models.Buyer, database.clock()
    put = row.insert(**buyer._asdict(), created_at=now, updated_at=now).on_conflict(
        conflict_target=(row.name,),
        preserve=[*(getattr(row, name) for name in Listed._fields[1:]), row.updated_at],
        update={row.removed_at: None},
    )
    put.execute(database)
    return int(_known(database, buyer.name).id)


def _remove(database: Database, number: int) -> None:
    now = database.clock()
    gone = work_models.Buyer.update(removed_at=now, updated_at=now)
    gone.where(work_models.Buyer.id == number).execute(database)


def all_buyers(database: Database) -> list[dict[str, Any]]:
    """Every buyer on the list; None is "any". With the deals that he took, what he paid, and whether he closed: of the deals
    that he was named in and that ended, the share that did not fall through, with its 95 % interval."""
    bought = {number: figures for number, *figures in database.sql(sql.BOUGHT)}
    return [
        {"id": row.id, **shown(_listed(row)), **_track(*bought.get(row.id, (0, 0, 0, None, None)))}
        for row in everybody(database)
    ]


def shown(buyer: Listed) -> dict[str, Any]:
    """A buyer as people read it: money in dollars, shares from 0 to 1; None is "any"."""
    return {
        **buyer._asdict(),
        "markets": json.loads(buyer.markets),
        "max_price": in_dollars(buyer.max_price),
        "max_repairs": in_dollars(buyer.max_repairs),
        "max_share": None if buyer.max_share is None else buyer.max_share / 1_000_000,
    }


def _track(took: int, fell: int, pending: int, paid: int | None, last: int | None) -> dict[str, Any]:
    """What a buyer did; money in dollars. Before the first deal that ended nothing is known."""
    ended = took + fell
    between = wilson(took, ended)
    return {
        "bought": took,
        "fell_through": fell,
        "pending": pending,
        "average_price": in_dollars(paid),
        "last_bought": None if last is None else iso(last),
        "reliability": {
            "share": took / ended if ended else None,
            "n": ended,
            "low": round(between.low, 4) if ended else None,
            "high": round(between.high, 4) if ended else None,
        },
    }


def wishes(database: Database) -> list[Buyer]:
    """What the buyers on the list take, for :func:`valhalla.scoring.stages.buyers.match`."""
    return [
        Buyer(
            *(row.name, tuple(json.loads(row.markets)), row.max_price),
            *(row.min_beds, row.max_repairs, row.max_share),
        )
        for row in everybody(database)
    ]


def offered(cells: dict[str, str]) -> Listed:
    """What a row about somebody who buys says of them, read as far as it goes: a list of contacts is not a list of wishes, so what
    cannot be read is left out. ``cells`` may have ``city`` and ``state`` too."""
    city, state = cells.get("city", ""), cells.get("state", "")
    place = market_of(city or None, state or None, None)[0] or region(state) or " ".join(city.split())
    try:
        markets = _markets(cells.get("markets", ""))
    except UsageError:
        markets = [" ".join(cells["markets"].split())]
    beds = re.match(r"\d{1,2}", cells.get("min_beds", ""))
    return Listed(
        " ".join(cells.get("name", "").split()),
        json.dumps([place] if place else markets, ensure_ascii=False),
        _most(cells.get("max_price", "")),
        int(beds[0]) if beds else None,
        None,
        None,
        cells.get("email", "").lower() or None,
        cells.get("phone") or None,
    )


class Roll:
    """The list of buyers as it is compared with those who are offered; inside the caller's transaction, which is the person's word."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows: dict[int, tuple[Listed, bool]] = {}
        """By number: the buyer, and whether nothing has changed since they came."""
        self._by: dict[tuple[str, str | int], int] = {}
        for row in sorted(everybody(database), key=lambda row: int(row.id)):
            self._note(row.id, _listed(row), row.created_at == row.updated_at)

    def _note(self, number: int, buyer: Listed, fresh: bool) -> None:
        self._rows[number] = (buyer, fresh)
        for key in _keys(buyer):
            self._by.setdefault(key, number)

    def _find(self, offer: Listed) -> int | None:
        """The buyer with the same address or number; with the same name, where either has no address and no number."""
        for key in _keys(offer):
            number = self._by.get(key)
            if number is not None:
                known = self._rows[number][0]
                if key[0] != "name" or not (known.email or known.phone) or not (offer.email or offer.phone):
                    return number
        return None

    def take(self, offer: Listed) -> bool | None:
        """Put somebody on the list, or fill what is blank of a buyer who is known. Whether they are new on it; None: the offer names
        nobody."""
        number = self._find(offer)
        if number is not None:
            before, _ = self._rows[number]
            after = Listed._make(
                old if old is not None else new for old, new in zip(before, offer, strict=True)
            )
            here, more = json.loads(before.markets), json.loads(offer.markets)
            if here:  # else they buy anywhere
                markets = list(dict.fromkeys([*here, *more]))
                after = after._replace(markets=json.dumps(markets, ensure_ascii=False))
            if after != before:
                _put(self._database, after)
                self._note(number, after, False)
            return False
        contact = offer.email or offer.phone
        name = offer.name or contact
        if not name:
            return None
        if ("name", name) in self._by:
            name = f"{name} ({contact})"
        buyer = offer._replace(name=name)
        self._note(_put(self._database, buyer), buyer, True)
        return True

    def drop(self, offer: Listed) -> bool:
        """Take somebody off the list who came onto it by an offer and whom nothing has changed since; whether they were taken off."""
        number = self._find(offer)
        if number is None or not self._rows[number][1]:
            return False
        _remove(self._database, number)
        gone, _ = self._rows.pop(number)
        for key in _keys(gone):
            self._by.pop(key, None)
        return True


def _keys(buyer: Listed) -> list[tuple[str, str | int]]:
    """What a buyer is found by, the strongest first."""
    keys: list[tuple[str, str | int]] = []
    if buyer.email:
        keys.append(("email", buyer.email.lower()))
    number = phone_key(buyer.phone) if buyer.phone else None
    if number is not None:
        keys.append(("phone", number))
    if buyer.name:
        keys.append(("name", buyer.name))
    return keys


_AMOUNT = pattern(r"(\d[\d,]*(?:\.\d+)?)\s*([km]?)(?![\d%])", re.IGNORECASE)
_TIMES = {"": 100, "k": 100_000, "m": 100_000_000}


def _most(text: str) -> int | None:
    """The largest amount in a text, in cents: ``$150k-200k``."""
    amounts = [
        round(float(each[1].replace(",", "")) * _TIMES[each[2].lower()])
        for each in _AMOUNT.finditer(text[:100])
    ]
    return max((each for each in amounts if 0 < each < 10**15), default=None)


def _row(cells: dict[str, str]) -> Listed:
    name = " ".join(cells.get("name", "").split())
    if not name:
        raise UsageError("the name is missing")
    price, beds, repairs = cells.get("max_price"), cells.get("min_beds"), cells.get("max_repairs")
    if beds and not re.fullmatch(r"\d{1,2}\+?", beds):
        raise UsageError(f"{beds!r} is not a number of beds")
    return Listed(
        name,
        json.dumps(_markets(cells.get("markets", "")), ensure_ascii=False),
        cents(price) or None if price else None,
        int(beds.rstrip("+")) if beds else None,
        cents(repairs) if repairs else None,
        _share(cells.get("max_share", "")),
        cells.get("email") or None,
        cells.get("phone") or None,
    )


def _markets(text: str) -> list[str]:
    """``Houston, TX; Dallas, TX`` or ``TX, FL``; empty is every market."""
    if not text or text.lower() in ("any", "all", "everywhere"):
        return []
    parts = re.split(r"[;|/\n]", text) if re.search(r"[;|/\n]", text) else _unlisted(text)
    found = []
    for part in (each.strip() for each in parts):
        if part:
            known = region(part) or market_of(None, None, part)[0]
            if known is None:
                raise UsageError(
                    f'{part!r} is not a market; write "Houston, TX" or a state such as TX, several with ; between'
                )
            found.append(known)
    return list(dict.fromkeys(found))


def _unlisted(text: str) -> list[str]:
    """A list of states with commas, or one market, which has a comma itself."""
    parts = [part.strip() for part in text.split(",")]
    return parts if all(re.fullmatch(r"[A-Za-z]{2}", part) for part in parts) else [text]


def _share(text: str) -> int | None:
    if not text:
        return None
    match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*(%?)", text)
    if match is None:
        raise UsageError(f"{text!r} is not a share; write 70% or 0.7")
    value = float(match[1])
    ppm = round(value * (10_000 if match[2] or value > 1.5 else 1_000_000))
    if not 0 < ppm <= 1_000_000:
        raise UsageError(f"{text!r} is not a share; write 70% or 0.7")
    return ppm
