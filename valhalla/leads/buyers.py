"""The list of buyers: taking one in, and reading it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from db import Database, audit
from valhalla.leads import sql
from valhalla.leads.markets import market_of, region
from valhalla.leads.sheet import Refused, Sheet
from valhalla.program.errors import UsageError
from valhalla.program.wording import cents
from valhalla.scoring.stages.buyers import Buyer

COLUMNS = {
    "name": ("name", "buyer", "company"),
    "markets": ("markets", "market", "areas", "states"),
    "max_price": ("max price", "price", "budget", "maximum price"),
    "min_beds": ("min beds", "beds", "bedrooms"),
    "max_repairs": ("max repairs", "max rehab", "rehab", "repairs"),
    "max_share": ("max share", "share", "arv share", "max arv"),
    "email": ("email", "e-mail", "mail"),
    "phone": ("phone", "mobile"),
}
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
    """Take buyers from a table with the columns :data:`COLUMNS`: a buyer is known by his name, and a later list changes what
    he takes. ``replace``: whoever is not in this list leaves. Durable. Raises :class:`UsageError` where the names are
    missing."""
    done = Imported()
    seen: set[str] = set()
    if "name" not in sheet.fields:
        raise UsageError(f"{sheet.path} needs a column name; and may have {', '.join(list(COLUMNS)[1:])}")
    lines = list(sheet)
    with database.write(durable=True):
        now = database.clock()
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
            known = database.one(sql.KNOWN_BUYER, (row.name,))
            if known is None:
                done.new += 1
            elif known == (*row, None):
                done.same += 1
                continue
            else:
                done.changed += 1
            database.sql(sql.PUT_BUYER, (*row, now, now))
        if replace and seen:
            for number, name, *_ in database.sql(sql.BUYERS):
                if name not in seen:
                    done.removed += 1
                    database.sql(sql.REMOVE_BUYER, (now, now, number))
        counts = {name: getattr(done, name) for name in ("rows", "new", "changed", "same", "removed")}
        audit.append(
            database, "buyer.import", "buyers", {**counts, "refused": len(done.refused)}, actor=actor
        )
    return done


def all_buyers(database: Database) -> list[dict[str, Any]]:
    """Every buyer on the list; None is "any"."""
    return [
        {
            "id": number,
            "name": name,
            "markets": json.loads(markets),
            "max_price": None if price is None else price / 100,
            "min_beds": beds,
            "max_repairs": None if repairs is None else repairs / 100,
            "max_share": None if share is None else share / 1_000_000,
            "email": email,
            "phone": phone,
        }
        for number, name, markets, price, beds, repairs, share, email, phone in database.sql(sql.BUYERS)
    ]


def wishes(database: Database) -> list[Buyer]:
    """What the buyers on the list take, for :func:`valhalla.scoring.stages.buyers.match`."""
    return [
        Buyer(name, tuple(json.loads(markets)), price, beds, repairs, share)
        for _, name, markets, price, beds, repairs, share, *_ in database.sql(sql.BUYERS)
    ]


def _row(cells: dict[str, str]) -> Listed:
    name = " ".join(cells.get("name", "").split())
    if not name:
        raise UsageError("the name is missing")
    price, beds, repairs = cells.get("max_price"), cells.get("min_beds"), cells.get("max_repairs")
    if beds and not re.fullmatch(r"\d{1,2}\+?", beds):
        raise UsageError(f"{beds!r} is no number of beds")
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
                    f'{part!r} is no market; write "Houston, TX" or a state such as TX, several with ; between'
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
        raise UsageError(f"{text!r} is no share; write 70% or 0.7")
    value = float(match[1])
    ppm = round(value * (10_000 if match[2] or value > 1.5 else 1_000_000))
    if not 0 < ppm <= 1_000_000:
        raise UsageError(f"{text!r} is no share; write 70% or 0.7")
    return ppm
