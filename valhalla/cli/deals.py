"""``valhalla deals``: from the offer to the closing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.cli.options import Html, Lead, Out, Pdf, endings
from valhalla.program.errors import UsageError

if TYPE_CHECKING:
    from valhalla.leads.deals import Deal

app = typer.Typer(help="Deals: the board, what was agreed, assigning and closing them.", no_args_is_help=True)

Fee = Annotated[
    str | None,
    typer.Option("--fee", help="Your fee (default: what is left between contract and buyer's price)."),
]
At = Annotated[str | None, typer.Option("--at", help="When, such as 2026-11-20 (default: now).")]
Buyer = Annotated[str | None, typer.Option("--buyer", help="The buyer's name, as in: buyers list.")]
Price = Annotated[str | None, typer.Option("--buyer-price", help="What the buyer pays.")]
Deposit = Annotated[str | None, typer.Option("--deposit", help="The buyer's deposit.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    market: Annotated[
        str | None, typer.Option("--market", help='Only this market, such as "Houston, TX".')
    ] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Without those that have ended.")] = False,
) -> None:
    """The deals, open ones first, with days in their stage and what waits for you."""
    from valhalla.leads.deals import board
    from valhalla.leads.known_markets import market_named

    inv = invocation(ctx)
    with inv.reading() as database:
        found = board(database, market=market_named(database, market), ended=not open_only)
    inv.show(found, lambda: _print_board(found))


@app.command("show")
def show(ctx: typer.Context, lead: Lead) -> None:
    """The deals of one lead, the newest first, with everything that was agreed."""
    from valhalla.leads.deals import deal_of, shown

    inv = invocation(ctx)
    with inv.reading() as database:
        deal_of(database, lead)
        found = shown(database, lead)

    def render() -> None:
        for each in found:
            _print_deal(each)

    inv.show(found, render)


@app.command("set")
def set_(
    ctx: typer.Context,
    lead: Lead,
    inspection: Annotated[
        str | None, typer.Option("--inspection", help="When the inspection period ends, such as 10d.")
    ] = None,
    closing: Annotated[
        str | None, typer.Option("--closing", help="The closing date, such as 2026-12-15.")
    ] = None,
    assignable: Annotated[
        str | None, typer.Option("--assignable", help="Whether the contract may be assigned: yes or no.")
    ] = None,
    earnest: Annotated[str | None, typer.Option("--earnest", help="Earnest money.")] = None,
    buyer: Buyer = None,
    buyer_price: Price = None,
    deposit: Deposit = None,
    note: Annotated[str | None, typer.Option("--note", help="Words about the deal.")] = None,
) -> None:
    """Set what was agreed on a lead's deal; "" takes it away again."""
    from valhalla.leads.deals import set_terms, typed_terms

    inv = invocation(ctx)
    with inv.writing() as database:
        terms = typed_terms(
            database,
            inspection=inspection,
            closing=closing,
            assignable=assignable,
            earnest=earnest,
            buyer=buyer,
            buyer_price=buyer_price,
            deposit=deposit,
            note=note,
        )
        if not terms:
            raise UsageError("say what to set, such as --closing 2026-12-15; see: valhalla deals set --help")
        _say(inv, database, set_terms(database, lead, terms))


@app.command("undo")
def undo(ctx: typer.Context, lead: Lead) -> None:
    """Undo what was set last on a lead's deal; once more undoes what was set before that."""
    from valhalla.leads.deals import undo_terms

    inv = invocation(ctx)
    with inv.writing() as database:
        deal, stays = undo_terms(database, lead)
        _say(inv, database, deal)
        if stays and not inv.json:
            print(f"As it is: {', '.join(stays)}, changed since or not kept.")


@app.command("assign")
def assign(
    ctx: typer.Context,
    lead: Lead,
    fee: Fee = None,
    buyer: Buyer = None,
    buyer_price: Price = None,
    deposit: Deposit = None,
    at: At = None,
) -> None:
    """The contract was assigned to a buyer: records the lead as won, with your fee."""
    from valhalla.leads import closing
    from valhalla.leads.deals import typed_terms

    inv = invocation(ctx)
    with inv.program() as program:
        database = program.database
        terms = typed_terms(database, buyer=buyer, buyer_price=buyer_price, deposit=deposit)
        ended, _ = closing.assign(
            program.reevaluating, lead, fee=_amount(fee), terms=terms, at=_moment(database, at)
        )
        _say(inv, database, ended.deal)


@app.command("close")
def close(ctx: typer.Context, lead: Lead, fee: Fee = None, at: At = None) -> None:
    """The deal closed: records the lead as won; one that was assigned is only called closed."""
    from valhalla.leads import closing

    inv = invocation(ctx)
    with inv.program() as program:
        database = program.database
        ended, _ = closing.close(program.reevaluating, lead, fee=_amount(fee), at=_moment(database, at))
        _say(inv, database, ended.deal)


@app.command("lose")
def lose(
    ctx: typer.Context,
    lead: Lead,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, in your words.")] = None,
    at: At = None,
) -> None:
    """The deal fell through: records the lead as lost."""
    from valhalla.leads import closing

    inv = invocation(ctx)
    with inv.program() as program:
        ended, _ = closing.lose(program.reevaluating, lead, reason=reason, at=_moment(program.database, at))
        _say(inv, program.database, ended.deal)


@app.command("sheet")
def sheet(
    ctx: typer.Context,
    lead: Lead,
    html: Html = False,
    pdf: Pdf = False,
    out: Out = None,
) -> None:
    """The sheet for buyers: the house, ARV, repairs and your price; nothing about the seller or your spread."""
    from valhalla.reports.buyer_sheet import gather
    from valhalla.reports.buyer_sheet_files import make_files

    inv = invocation(ctx)
    wanted = endings(inv, html, pdf, out)
    with inv.reading() as database:
        found = gather(database, lead)
    written = make_files(inv.home, lead, found, wanted, out)
    data = {**found, "files": [str(path) for path in written]}
    inv.show(data, lambda: _print_sheet(data))


def _amount(text: str | None) -> int | None:
    from valhalla.program.wording import cents

    return None if text is None else cents(text)


def _moment(database: Any, text: str | None) -> int | None:
    from valhalla.program import settings
    from valhalla.program.moments import moment

    if text is None:
        return None
    return moment(text, database.clock(), settings.value(database, "timezone"), noon=True)


def _say(inv: Invocation, database: Any, deal: Deal) -> None:
    from valhalla.leads.deals import shown

    (found,) = [each for each in shown(database, deal.lead_id) if each["id"] == deal.id]
    inv.show(found, lambda: _print_deal(found))


def _day(at: str | None) -> str:
    return "" if at is None else at[:10]


def _money(value: float | None) -> str:
    from valhalla.program.wording import dollars

    return dollars(value, "")


def _print_board(found: list[dict[str, Any]]) -> None:
    from valhalla.cli.tables import table

    table(
        ("lead", "name", "address", "stage", "days", "offer", "contract", "buyer", "fee", "closing", "waits"),
        (
            (
                *(str(each["lead"]), each["name"], each["address"] or each["location"] or "", each["stage"]),
                "" if each["days_in_stage"] is None else str(each["days_in_stage"]),
                *(_money(each["offer"]), _money(each["price"])),
                each["buyer"]["name"] if each["buyer"] else "",
                *(_money(each["fee"]), _day(each["closing_at"])),
                each["waits"]["why"] if each["waits"] else "",
            )
            for each in found
        ),
        numbers=("lead", "days", "offer", "contract", "fee"),
        spare=("offer", "buyer", "address"),
        empty="No deals yet. One begins with an offer: valhalla outcome LEAD offer --amount 95000",
    )


def _print_deal(deal: dict[str, Any]) -> None:
    from rich.text import Text

    from valhalla.cli.tables import console

    out = console()
    place = deal["address"] or deal["location"] or "address unknown"
    days = deal["days_in_stage"]
    since = "" if days is None else ", since today" if days == 0 else f", {days} day{'s' * (days != 1)}"
    out.print(
        Text.assemble((place, "bold"), f"  {deal['name']}, lead {deal['lead']}: {deal['stage']}{since}")
    )
    if deal["waits"]:
        out.print(Text(f"  {deal['waits']['why']}.", style="yellow"))
    yes = {True: "yes", False: "no", None: None}
    for name, value in (
        ("offered", _money(deal["offer"])),
        ("contract", _money(deal["price"])),
        ("earnest money", _money(deal["earnest"])),
        ("assignable", yes[deal["assignable"]]),
        ("inspection ends", _day(deal["inspection_until"])),
        ("closing", _day(deal["closing_at"])),
        ("buyer", deal["buyer"]["name"] if deal["buyer"] else None),
        ("buyer pays", _money(deal["buyer_price"])),
        ("buyer's deposit", _money(deal["buyer_deposit"])),
        ("spread", _money(deal["spread"])),
        ("fee", _money(deal["fee"])),
        ("note", deal["note"]),
    ):
        out.print(Text.assemble((f"  {name:<16}", "dim"), value or "unknown"))


def _print_sheet(data: dict[str, Any]) -> None:
    from valhalla.reports.buyer_sheet import lines

    for line in lines(data):
        print(line)
    for path in data["files"]:
        print(f"Written to {path}")
