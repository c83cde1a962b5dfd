"""Deals: from the offer to the closing.

What a deal *is* follows from the outcomes of its lead, always from all that stand and never step by step, so that an outcome
that is recorded late, or undone, leaves the deal as if things had been recorded in their true order. What was *agreed* in addition to
that (dates, earnest money, the buyer) is set by a person.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from db import Database, audit
from db.clock import DAY, iso
from valhalla.leads import sql
from valhalla.program import settings
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.fields import on_or_off
from valhalla.program.later import later
from valhalla.program.moments import ahead, clock_text, local_day
from valhalla.program.wording import cents, in_dollars

if TYPE_CHECKING:
    from valhalla.leads import work_models
else:
    work_models = later("valhalla.leads.work_models")

STAGES = ("offer", "negotiation", "contract", "assigned", "closed", "lost")
"""The columns of the board. A deal with a second offer is in negotiation."""

OPENS = ("offer", "contract", "won")
LOSES = ("lost", "sold", "dead", "opted_out")

TERMS = (
    *("inspection_until", "closing_at", "assignable", "earnest"),
    *("buyer_id", "buyer_price", "buyer_deposit", "note"),
)
"""What a person sets."""

INSPECTION_DAYS = 3
"""Days before the end of the inspection period from which on it is a reason to look: after it the earnest money is at risk."""

KEPT_DAYS = 90
"""Days for which a board shows a deal that has ended."""


class Event(NamedTuple):
    """An outcome as deals see it; times are UTC microseconds, money is cents."""

    event: str
    at: int
    amount: int | None = None
    closing: int | None = None
    """Of a contract: when it is to close."""
    undone: bool = False


class Episode(NamedTuple):
    """What outcomes say of one deal."""

    state: str
    """``won`` is assigned or closed, by what a person said."""
    offers: int
    offer: int | None
    price: int | None
    fee: int | None
    closing: int | None
    opened_at: int
    stage_since: int
    ended_at: int | None


def episodes(events: Iterable[Event]) -> list[Episode]:
    """The deals that follow from outcomes, given in the order in which they happened.

    An offer, a contract or a close opens one. A lead that is lost, sold, dead or opted out ends it, and so does "not interested"
    before there is a contract. What follows an end is another deal.
    """
    found: list[Episode] = []
    now: Episode | None = None
    for event, at, amount, closing, undone in events:
        if undone:
            continue
        if event in OPENS and now is None:
            now = Episode("offer", 0, None, None, None, None, at, at, None)
        if now is None:
            continue
        if event == "offer":
            again = now.offers == 1 and now.state == "offer"  # from here on it is a negotiation
            now = now._replace(
                offers=now.offers + 1,
                offer=amount if amount is not None else now.offer,
                stage_since=at if again else now.stage_since,
            )
        elif event == "contract":
            now = now._replace(
                state="contract",
                price=amount if amount is not None else now.price,
                closing=closing if closing is not None else now.closing,
                stage_since=at if now.state != "contract" else now.stage_since,
            )
        elif event == "won":
            found.append(now._replace(state="won", fee=amount, stage_since=at, ended_at=at))
            now = None
        elif event in LOSES or (event == "not_interested" and now.state == "offer"):
            found.append(now._replace(state="lost", stage_since=at, ended_at=at))
            now = None
    if now is not None:
        found.append(now)
    return found


class Deal(NamedTuple):
    """A deal in the database; times are UTC microseconds, money is cents."""

    id: int
    lead_id: int
    state: str
    offers: int
    offer: int | None
    price: int | None
    buyer_price: int | None
    fee: int | None
    earnest: int | None
    assignable: int | None
    inspection_until: int | None
    closing_at: int | None
    buyer_id: int | None
    buyer_deposit: int | None
    won_as: str | None
    note: str | None
    opened_at: int
    stage_since: int
    ended_at: int | None
    updated_at: int
    updated_by: str

    @property
    def stage(self) -> str:
        """Its column on the board."""
        return "negotiation" if self.state == "offer" and self.offers > 1 else self.state

    @property
    def spread(self) -> int | None:
        """What is left between the contract and the buyer's price, cents."""
        if self.buyer_price is None or self.price is None:
            return None
        return self.buyer_price - self.price


class Listed(NamedTuple):
    """A deal with what a person knows it by."""

    deal: Deal
    name: str
    phone: str | None
    address: str | None
    location: str | None
    market: str | None
    buyer: str | None


def settle(database: Database, lead_id: int, *, actor: str = "operator") -> None:
    """Bring the deals of a lead in line with its outcomes. Call it in the transaction that changed them."""
    events = [Event(*row) for row in database.sql(sql.DEAL_EVENTS, (lead_id,))]
    rows = [Deal(*row) for row in database.sql(sql.DEALS_OF_LEAD, (lead_id,))]
    if not events and not rows:
        return
    closings = {each.closing for each in events if each.event == "contract"}
    pairs = _paired(episodes(events), rows)
    left = [row for row in rows if row.id not in {row.id for row, _ in pairs if row is not None}]
    now = database.clock()
    for row in left:  # first: one lead has one open deal
        if row.state != "undone":
            _put(database, row, {"state": "undone", "ended_at": now, "fee": None}, actor)
    for known, episode in sorted(pairs, key=lambda pair: pair[1].ended_at is None):
        new = known is None
        if known is None:
            known = Deal(
                *database.sql(sql.ADD_DEAL, (lead_id, episode.opened_at, episode.opened_at, now, now, actor))[
                    0
                ]
            )
        state = episode.state
        if state == "won":
            state = known.won_as or _ended_as(known.buyer_id)
        closing = known.closing_at
        if state == "offer":
            closing = None
        elif closing is None or closing in closings:
            closing = episode.closing
        values = episode._asdict() | {"state": state, "closing_at": closing}
        del values["closing"]
        if episode.state != "won":
            values["won_as"] = None
        _put(database, known, values, actor, new=new)


def _ended_as(buyer_id: int | None) -> str:
    """What a deal that was won is called unless a person says it."""
    return "closed" if buyer_id is None else "assigned"


def _paired(found: Sequence[Episode], rows: Sequence[Deal]) -> list[tuple[Deal | None, Episode]]:
    """Each episode with its row: the one that began when it did, else the next that is left, in order of time."""
    free = list(rows)
    pairs: list[tuple[Deal | None, Episode]] = []
    late = []
    for episode in found:
        same = next((row for row in free if row.opened_at == episode.opened_at), None)
        if same is None:
            late.append(episode)
            continue
        free.remove(same)
        pairs.append((same, episode))
    for episode in late:
        pairs.append((free.pop(0) if free else None, episode))
    return pairs


def _put(database: Database, deal: Deal, values: Mapping[str, Any], actor: str, *, new: bool = False) -> None:
    """Change what differs of a deal; a change of its state is an entry of its own."""
    changed = {name: value for name, value in values.items() if getattr(deal, name) != value}
    if not changed:
        return
    changed |= {"updated_at": database.clock(), "updated_by": actor}
    database.sql(sql.put_deal(changed), (*changed.values(), deal.id))
    body = {"deal": deal.id, "from": None if new else deal.state, "to": changed.get("state", deal.state)}
    audit.append(database, "deal.move", f"lead:{deal.lead_id}", body, actor=actor)


# -- what a person says about it -------------------------------------------------------------------


def deal_of(database: Database, lead_id: int) -> Deal:
    """The open deal of a lead, else its newest. Raises :class:`NotFound` when there is none."""
    row = database.one(sql.CURRENT_DEAL, (lead_id,))
    if row is None:
        if database.one(sql.LEAD_EXISTS, (lead_id,)) is None:
            raise NotFound(f"there is no lead {lead_id}; see: valhalla leads list")
        raise NotFound(
            f"lead {lead_id} has no deal yet; one begins with an offer: valhalla outcome {lead_id} offer --amount 95000"
        )
    return Deal(*row)


def typed_terms(
    database: Database,
    *,
    inspection: str | None = None,
    closing: str | None = None,
    assignable: str | None = None,
    earnest: str | None = None,
    buyer: str | None = None,
    buyer_price: str | None = None,
    deposit: str | None = None,
    note: str | None = None,
) -> dict[str, Any]:
    """Terms as a person typed them; None is "not given", blank takes a term away. Raises :class:`UsageError`."""
    zone, now = settings.value(database, "timezone"), database.clock()
    terms: dict[str, Any] = {}
    for name, text in (("inspection_until", inspection), ("closing_at", closing)):
        if text is not None:
            terms[name] = local_day(ahead(text, now, zone), zone) if text.strip() else None
    if assignable is not None:
        terms["assignable"] = _yes(assignable) if assignable.strip() else None
    for name, text in (("earnest", earnest), ("buyer_price", buyer_price), ("buyer_deposit", deposit)):
        if text is not None:
            terms[name] = cents(text) if text.strip() else None
    if buyer is not None:
        terms["buyer_id"] = buyer_named(database, buyer) if buyer.strip() else None
    if note is not None:
        terms["note"] = note.strip() or None
    return terms


def _yes(text: str) -> int:
    try:
        return int(on_or_off(text))
    except ValueError:
        raise UsageError(
            f"{text!r} does not say whether the contract may be assigned; write yes or no"
        ) from None


def buyer_named(database: Database, name: str) -> int:
    """The number of a buyer; :class:`UsageError` names the nearest one there is."""
    wanted = " ".join(name.split())
    row = work_models.Buyer
    query = row.select(row.name, row.id).where(row.removed_at.is_null())
    known: dict[str, int] = dict(query.tuples().execute(database))
    for found, number in known.items():
        if found.casefold() == wanted.casefold():
            return number
    from difflib import get_close_matches

    near = get_close_matches(wanted, known, 1)
    hint = f"did you mean {near[0]}?" if near else f'add him with: valhalla buyers add "{wanted}"'
    raise UsageError(f"there is no buyer {wanted!r}; {hint}")


def put_terms(database: Database, lead_id: int, terms: Mapping[str, Any], *, actor: str = "operator") -> Deal:
    """Set terms of a lead's deal, in the caller's transaction; audited. Raises :class:`NotFound`, :class:`UsageError`."""
    deal = deal_of(database, lead_id)
    check(terms)
    changed = {name: value for name, value in terms.items() if getattr(deal, name) != value}
    if changed.get("closing_at") is not None and deal.state == "offer":
        raise UsageError(
            "there is no contract yet, so no closing date; record it with: "
            f"valhalla outcome {lead_id} contract --amount PRICE"
        )
    if not changed:
        return deal
    put = changed | {"updated_at": database.clock(), "updated_by": actor}
    if "buyer_id" in changed and deal.state in ("assigned", "closed") and deal.won_as is None:
        put["state"] = _ended_as(changed["buyer_id"])
    database.sql(sql.put_deal(put), (*put.values(), deal.id))
    # A note is somebody's words: the chain only says that there is another one.
    body = {"deal": deal.id, **{name: value for name, value in changed.items() if name != "note"}}
    body["was"] = {name: getattr(deal, name) for name in changed if name != "note"}
    if "note" in changed:
        body["note"] = changed["note"] is not None
        body["was"]["note"] = deal.note is not None
    audit.append(database, "deal.set", f"lead:{lead_id}", body, actor=actor)
    return deal._replace(**put)


def call_won(database: Database, deal: Deal, won_as: str, *, actor: str = "operator") -> Deal:
    """Say whether a deal that was won is ``assigned`` or ``closed``, in the caller's transaction; audited."""
    values = {"won_as": won_as, "state": won_as}
    _put(database, deal, values, actor)
    return deal._replace(won_as=won_as, state=won_as)


def set_terms(database: Database, lead_id: int, terms: Mapping[str, Any], *, actor: str = "operator") -> Deal:
    """Set terms of a lead's deal (:func:`typed_terms`); durable and audited."""
    with database.write(durable=True):
        return put_terms(database, lead_id, terms, actor=actor)


def undo_terms(database: Database, lead_id: int, *, actor: str = "operator") -> tuple[Deal, list[str]]:
    """Undo the newest change of a lead's deal that stands; durable and audited. Returns the deal, and the terms that stay as they are:
    what was changed otherwise since, and a note, whose words before are not kept. Raises :class:`NotFound` when there is nothing to
    undo."""
    with database.write(durable=True):
        deal = deal_of(database, lead_id)
        entry, body = _last_set(database, deal, lead_id)
        before, stays = {}, []
        for name, was in body["was"].items():
            if name == "note":
                kept = bool(was) or (deal.note is not None) != body["note"]
            else:
                kept = getattr(deal, name) != body[name]
            if kept:
                stays.append(name)
            else:
                before[name] = None if name == "note" else was
        if before.get("buyer_id") is not None and not work_models.Buyer.select().where(
            work_models.Buyer.id == before["buyer_id"], work_models.Buyer.removed_at.is_null()
        ).exists(database):
            stays.append("buyer_id")
            del before["buyer_id"]
        if deal.state == "offer" and before.get("closing_at") is not None:
            stays.append("closing_at")
            del before["closing_at"]
        put: dict[str, Any] = {**before, "updated_at": database.clock(), "updated_by": actor}
        if "buyer_id" in before and deal.state in ("assigned", "closed") and deal.won_as is None:
            put["state"] = _ended_as(before["buyer_id"])
        database.sql(sql.put_deal(put), (*put.values(), deal.id))
        undone = {"deal": deal.id, "entry": entry, "terms": sorted(before), "stay": sorted(stays)}
        audit.append(database, "deal.unset", f"lead:{lead_id}", undone, actor=actor)
    return deal._replace(**put), stays


def _last_set(database: Database, deal: Deal, lead_id: int) -> tuple[int, dict[str, Any]]:
    undone = set()
    for entry, action, text in database.sql(sql.DEAL_SETS, (deal.id,)):
        body = json.loads(text)
        if action == "deal.unset":
            undone.add(body["entry"])
        elif entry not in undone and "was" in body:
            return int(entry), body
    raise NotFound(f"nothing that was set about the deal of lead {lead_id} can be undone")


def check(terms: Mapping[str, Any]) -> None:
    """Raise :class:`UsageError` for terms that make no sense."""
    unknown = set(terms) - set(TERMS)
    if unknown:
        raise UsageError(f"a deal has no {sorted(unknown)[0]}; it has {', '.join(TERMS)}")
    for name in ("earnest", "buyer_price", "buyer_deposit"):
        if terms.get(name) is not None and not 0 <= terms[name] <= 10**12:
            raise UsageError("an amount must be from zero to ten billion")
    if len(terms.get("note") or "") > 4_000:
        raise UsageError("a note has 4,000 letters at most")


# -- what is shown ---------------------------------------------------------------------------------


def deals(database: Database, *, market: str | None = None, ended: bool = True) -> list[Listed]:
    """The deals of the board: the open ones, longest in their stage first; then (``ended``) those that ended lately."""
    since = database.clock() - KEPT_DAYS * DAY
    rows = database.sql(sql.OPEN_DEALS, {"market": market})
    if ended:
        rows = [*rows, *database.sql(sql.ENDED_DEALS, {"market": market, "since": since})]
    return [_listed(row) for row in rows]


def deals_of_lead(database: Database, lead_id: int) -> list[Listed]:
    """The deals of one lead, the newest first."""
    return [_listed(row) for row in database.sql(sql.DEALS_SHOWN, (lead_id,))]


def _listed(row: Sequence[Any]) -> Listed:
    size = len(Deal._fields)
    return Listed(Deal(*row[:size]), *row[size:])


class Wait(NamedTuple):
    """Why a deal waits for a person."""

    why: str
    due: int
    """Since when, or until when (UTC microseconds): the earlier, the more it presses."""
    code: str
    """``offer``, ``negotiation``, ``contract``, ``inspection`` or ``closing``."""
    over: int
    """Days beyond what is allowed; negative: days until then."""


class Limits(NamedTuple):
    """Days in a stage that are too long."""

    offer: int
    negotiation: int
    contract: int
    """Days before the closing, without a buyer; and under contract without a closing date."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Limits:
        """As they are set."""
        return cls(*(int(values[f"stuck.{name}_days"]) for name in cls._fields))


def wait_of(deal: Deal, now: int, zone: str | None, limits: Limits) -> Wait | None:
    """What presses most about an open deal; None: nothing does."""
    if deal.ended_at is not None:
        return None
    days = days_in_stage(deal, now, zone)
    if deal.state == "offer":
        stage = deal.stage
        allowed = limits.offer if stage == "offer" else limits.negotiation
        if days < allowed:
            return None
        why = (
            f"No answer to the offer for {_days(days)}"
            if stage == "offer"
            else f"In negotiation for {_days(days)}"
        )
        return Wait(why, deal.stage_since + allowed * DAY, stage, days - allowed)
    found = []
    today = local_day(now, zone)
    if deal.inspection_until is not None and deal.buyer_id is None:
        left = _between(today, deal.inspection_until)
        if 0 <= left <= INSPECTION_DAYS:
            why = f"The inspection period ends {_in_days(left)}: the last way out"
            found.append(Wait(why, deal.inspection_until, "inspection", -left))
    if deal.closing_at is not None:
        left = _between(today, deal.closing_at)
        if left < 0:
            found.append(
                Wait(f"The closing date passed {_days(-left)} ago", deal.closing_at, "closing", -left)
            )
        elif left <= limits.contract and deal.buyer_id is None:
            found.append(
                Wait(f"Closing {_in_days(left)}, and no buyer yet", deal.closing_at, "contract", -left)
            )
    elif days >= limits.contract:
        why = f"Under contract for {_days(days)} without a closing date"
        found.append(Wait(why, deal.stage_since + limits.contract * DAY, "contract", days - limits.contract))
    return min(found, key=lambda wait: wait.due, default=None)


def waiting(database: Database, values: Mapping[str, Any] | None = None) -> list[tuple[Listed, Wait]]:
    """The deals that wait for a person, the most pressing first: for Today, alerts and the digest."""
    values = settings.effective(database) if values is None else values
    now, zone, limits = database.clock(), values["timezone"], Limits.of(values)
    found = []
    for each in deals(database, ended=False):
        wait = wait_of(each.deal, now, zone, limits)
        if wait is not None:
            found.append((each, wait))
    return sorted(found, key=lambda pair: (pair[1].due, pair[0].deal.id))


def days_in_stage(deal: Deal, now: int, zone: str | None) -> int:
    """Days on the operator's calendar since it came into its stage, or that it took until it ended there."""
    return max(0, _between(local_day(deal.stage_since, zone), local_day(now, zone)))


def to_json(listed: Listed, wait: Wait | None, now: int, zone: str | None) -> dict[str, Any]:
    """The documented shape: money in dollars, times as ISO 8601, days on the operator's calendar; what is not known is None."""
    deal = listed.deal
    return {
        "id": deal.id,
        "lead": deal.lead_id,
        "name": listed.name,
        "phone": listed.phone,
        "address": listed.address,
        "location": listed.location,
        "market": listed.market,
        "stage": deal.stage,
        "days_in_stage": days_in_stage(deal, now, zone) if deal.ended_at is None else None,
        "offers": deal.offers,
        **{
            name: in_dollars(getattr(deal, name))
            for name in ("offer", "price", "buyer_price", "spread", "fee", "earnest", "buyer_deposit")
        },
        "assignable": None if deal.assignable is None else bool(deal.assignable),
        **{
            name: None if (at := getattr(deal, name)) is None else clock_text(at, zone, "%Y-%m-%d")
            for name in ("inspection_until", "closing_at")
        },
        **{
            name: None if (at := getattr(deal, name)) is None else iso(at)
            for name in ("opened_at", "stage_since", "ended_at")
        },
        "buyer": None if deal.buyer_id is None else {"id": deal.buyer_id, "name": listed.buyer},
        "note": deal.note,
        "waits": None if wait is None else {"code": wait.code, "why": wait.why, "days_over": wait.over},
    }


def board(database: Database, *, market: str | None = None, ended: bool = True) -> list[dict[str, Any]]:
    """The deals of the board as JSON."""
    values = settings.effective(database)
    now, zone, limits = database.clock(), values["timezone"], Limits.of(values)
    return [
        to_json(each, wait_of(each.deal, now, zone, limits), now, zone)
        for each in deals(database, market=market, ended=ended)
    ]


def shown(database: Database, lead_id: int) -> list[dict[str, Any]]:
    """The deals of one lead as JSON, the newest first."""
    values = settings.effective(database)
    now, zone, limits = database.clock(), values["timezone"], Limits.of(values)
    return [
        to_json(each, wait_of(each.deal, now, zone, limits), now, zone)
        for each in deals_of_lead(database, lead_id)
    ]


def _between(day: int, other: int) -> int:
    """Whole days from one local midnight to another, whatever daylight saving makes of them."""
    return round((other - day) / DAY)


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _in_days(count: int) -> str:
    return {0: "today", 1: "tomorrow"}.get(count, f"in {count} days")
