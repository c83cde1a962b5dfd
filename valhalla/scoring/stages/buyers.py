"""Which buyers of an imported list a deal fits, and why the others do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from valhalla.program.wording import listed, several


class Buyer(NamedTuple):
    """What a buyer takes; None is "any". Money in cents."""

    name: str
    markets: tuple[str, ...] = ()
    """Markets ("Houston, TX") or states ("TX"); empty: all."""
    max_price: int | None = None
    min_beds: int | None = None
    max_repairs: int | None = None
    max_share: int | None = None
    """Most they pay as a share of ARV less repairs, parts per million."""


class Deal(NamedTuple):
    """What buyers ask about. None is not known, and fits only buyers who do not ask."""

    market: str | None
    state: str | None
    price: int | None
    """The most the buyer would pay: MAO + fee."""
    arv: int | None
    repairs: int | None
    beds: int | None


class Matches(NamedTuple):
    """Buyers that fit, in the order of the list, and how many fail on what (each counts once, at the first)."""

    names: tuple[str, ...]
    of: int
    against: tuple[tuple[str, int], ...]

    def says(self) -> str:
        """``2 of 12 buyers fit: Ann and Bob. Against the others: price 7, market 3.``"""
        if self.of == 0:
            return "No buyer list has been imported."
        fit = f"{len(self.names)} of {several(self.of, 'buyer')} fit"
        fit += f": {listed(self.names)}." if self.names else "."
        if self.against:
            fit += f" Against the others: {', '.join(f'{why} {count}' for why, count in self.against)}."
        return fit


def match(deal: Deal, buyers: Sequence[Buyer]) -> Matches:
    """Compare a deal with every buyer."""
    why = [(buyer.name, against(deal, buyer)) for buyer in buyers]
    counts = Counter(reason for _, reason in why if reason is not None)
    return Matches(
        tuple(name for name, reason in why if reason is None),
        len(buyers),
        tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def against(deal: Deal, buyer: Buyer) -> str | None:
    """The first thing that speaks against a buyer: market, price, beds, repairs or share; None when the deal fits."""
    if buyer.markets and deal.market not in buyer.markets and deal.state not in buyer.markets:
        return "market"
    if buyer.max_price is not None and (deal.price is None or deal.price > buyer.max_price):
        return "price"
    if buyer.min_beds is not None and (deal.beds is None or deal.beds < buyer.min_beds):
        return "beds"
    if buyer.max_repairs is not None and (deal.repairs is None or deal.repairs > buyer.max_repairs):
        return "repairs"
    if buyer.max_share is not None:
        if deal.price is None or deal.arv is None or deal.repairs is None:
            return "share"
        if deal.price > deal.arv * buyer.max_share // 1_000_000 - deal.repairs:
            return "share"
    return None
