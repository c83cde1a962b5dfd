"""``valhalla packet``, ``valhalla digest`` and ``valhalla buyers``: what is read on paper, and who buys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.cli.options import Html, Out, Pdf, endings
from valhalla.program.errors import UsageError

buyers = typer.Typer(help="The list of buyers: add, import, list.", no_args_is_help=True)


def packet(
    ctx: typer.Context,
    lead: Annotated[int, typer.Argument(help="Number of the lead.")],
    html: Html = False,
    pdf: Pdf = False,
    out: Out = None,
) -> None:
    """The deal packet of a lead, your worksheet: numbers, offer, risks, buyers, next steps; a page or PDF. It is not for buyers:
    theirs is deals sheet."""
    from db.clock import iso
    from valhalla.reports.packet_files import make_files

    inv = invocation(ctx)
    wanted = endings(inv, html, pdf, out)
    with inv.writing() as database:
        made, written = make_files(database, inv.home, lead, wanted, out)
    data = {
        **made.body,
        "packet": made.id,
        "made_at": iso(made.created_at),
        "new": made.new,
        "files": [str(path) for path in written],
    }
    inv.show(data, lambda: _print_packet(data, written))


def _print_packet(data: dict[str, Any], written: list[Path]) -> None:
    from rich.text import Text

    from valhalla.cli.tables import console, hanging
    from valhalla.program.wording import money
    from valhalla.reports.packet_page import STATUS

    out, numbers = console(), data["numbers"]
    place = data["property"]["address"] or data["property"]["location"] or "address unknown"
    out.print(Text.assemble((f"{place}", "bold"), f"  {data['lead']['name']}, lead {data['lead']['id']}"))
    needs = f" Still needed: {', '.join(data['missing'])}." if data["missing"] else ""
    out.print(Text.assemble((data["status"], "bold"), f": {STATUS[data['status']]}{needs}"))
    if data["offer"]:
        out.print(
            Text(
                f"Open at {money(data['offer']['opening_cents'])}, go up to {money(data['offer']['most_cents'])}."
            )
        )
    names = {"asking": "asking_cents", "ARV": "arv_cents", "repairs": "repairs_cents", "fee": "fee_cents",
             "MAO": "mao_cents", "spread": "spread_cents", "buyer's price": "buyer_price_cents"}  # fmt: skip
    facts = [
        f"{name} {money(numbers[key]) if numbers[key] is not None else 'missing'}"
        for name, key in names.items()
    ]
    out.print(Text(hanging(", ".join(facts), 2), style="dim"))
    for line in (data["formula"], *data["assumptions"]):
        if line:
            out.print(Text(hanging(line, 2), style="dim"))
    for risk in data["risks"]:
        out.print(Text(hanging(f"Risk: {risk}", 2), style="yellow"))
    out.print(Text(hanging(data["buyers"]["says"], 2)))
    for path in written:
        print(path)


def digest(
    ctx: typer.Context,
    html: Annotated[bool, typer.Option("--html", help="Print the page instead of text.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Print text (this is the default).")] = False,
    write: Annotated[
        bool,
        typer.Option("--write", help="Also write both to the home's logs folder, as happens each evening."),
    ] = False,
    mail: Annotated[
        bool,
        typer.Option(
            "--mail", help="Draft a mail of it: an effect, sent when it is approved and the lock is off."
        ),
    ] = False,
    to: Annotated[
        str | None, typer.Option("--to", help="With --mail: to whom (default: the setting digest.mail).")
    ] = None,
) -> None:
    """The day in two minutes: who to call, what came in, what was refused and why, what changed, alerts."""
    from valhalla.reports import digest_page
    from valhalla.reports.digest import gather

    inv = invocation(ctx)
    if html and text:
        raise UsageError("choose --html or --text")
    if to is not None and not mail:
        raise UsageError("--to belongs to --mail")
    if mail:
        _mail_digest(inv, to)
        return
    if write:
        with inv.writing() as database:
            paths = digest_page.write(database, inv.home)
            facts = gather(database)
        inv.show({**facts, "files": [str(path) for path in paths]}, lambda: print(*paths, sep="\n"))
        return
    with inv.reading() as database:
        facts = gather(database)
    inv.show(facts, lambda: print(digest_page.html(facts) if html else digest_page.text(facts), end=""))


def _mail_digest(inv: Invocation, to: str | None) -> None:
    from valhalla.effects import register
    from valhalla.program import settings
    from valhalla.reports.digest_mail import draft

    with inv.writing() as database:
        to = to or settings.effective(database)["digest.mail"]
        if not to:
            raise UsageError("to whom? Use --to ADDRESS, or: valhalla config set digest.mail ADDRESS")
        effect = draft(database, inv.home, to, actor="operator")
    inv.show(
        register.as_json(effect),
        lambda: print(
            f"Effect {effect['id']} ({effect['kind']} to {effect['target']}): {effect['state']}. "
            f"Send it with: valhalla effects approve {effect['id']}"
        ),
    )


@buyers.command("import")
def import_(
    ctx: typer.Context,
    path: Annotated[
        Path, typer.Argument(help="A CSV with name, markets, max price, beds, rehab, share, email, phone.")
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Anyone who is not in this list leaves.")
    ] = False,
) -> None:
    """Take buyers from a CSV; a buyer is known by name, and a later list changes what they take."""
    from valhalla.intake.other_lists import import_buyers

    inv = invocation(ctx)
    with inv.writing() as database:
        done = import_buyers(database, path, replace=replace)

    def render() -> None:
        for each in done.refused[:20]:
            print(f"[REFUSED] {path}:{each.line}: {each.message}")
        print(
            f"{done.rows:,} lines: {done.new:,} new, {done.changed:,} changed, {done.same:,} as before, "
            f"{len(done.refused):,} refused" + (f"; {done.removed:,} left the list" if done.removed else "")
        )

    inv.show({**vars(done), "refused": [each._asdict() for each in done.refused]}, render)
    if done.rows and len(done.refused) == done.rows:
        raise typer.Exit(1)


Offers = Annotated[list[int] | None, typer.Argument(metavar="[OFFER]...", help="Numbers of offers.")]
All = Annotated[bool, typer.Option("--all", help="Every offer that waits.")]
OfImport = Annotated[int | None, typer.Option("--import", help="Every offer of this import.")]


@buyers.command("add")
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The buyer's name; one that is on the list is changed.")],
    markets: Annotated[str, typer.Option("--markets", help='Such as "Houston, TX; Dallas, TX", or TX.')] = "",
    max_price: Annotated[str, typer.Option("--max-price", help="The most he pays.")] = "",
    min_beds: Annotated[str, typer.Option("--min-beds", help="The fewest bedrooms.")] = "",
    max_repairs: Annotated[str, typer.Option("--max-repairs", help="The most repairs he takes on.")] = "",
    max_share: Annotated[str, typer.Option("--max-share", help="The most of the ARV, such as 70%.")] = "",
    phone: Annotated[str, typer.Option("--phone", help="His number.")] = "",
    email: Annotated[str, typer.Option("--email", help="His e-mail address.")] = "",
) -> None:
    """Add a buyer by hand, or change one."""
    from valhalla.leads.buyers import add as add_buyer

    inv = invocation(ctx)
    cells = {
        "name": name,
        "markets": markets,
        "max_price": max_price,
        "min_beds": min_beds,
        "max_repairs": max_repairs,
        "max_share": max_share,
        "phone": phone,
        "email": email,
    }
    with inv.writing() as database:
        number, new = add_buyer(database, cells)
    says = (
        f"{' '.join(name.split())} is on the list of buyers."
        if new
        else f"{' '.join(name.split())} was changed."
    )
    inv.show({"id": number, "new": new}, lambda: print(says))


@buyers.command()
def accept(ctx: typer.Context, numbers: Offers = None, all_: All = False, import_: OfImport = None) -> None:
    """Take people whom lists offer into the list of buyers."""
    from valhalla.intake import offers

    inv = invocation(ctx)
    chosen = _chosen(numbers, all_, import_)
    with inv.writing() as database:
        done = offers.accept(database, chosen, import_id=import_)
    says = f"{_rows(done.offers)} accepted: {done.new:,} new buyers, {done.known:,} rows about buyers who are known."
    if done.refused:
        says += f" {_rows(len(done.refused))} without a name, e-mail or number stay offered."
    inv.show(vars(done), lambda: print(says))


@buyers.command()
def decline(ctx: typer.Context, numbers: Offers = None, all_: All = False, import_: OfImport = None) -> None:
    """Say no to people whom lists offer as buyers; they are not offered again."""
    from valhalla.intake import offers

    inv = invocation(ctx)
    chosen = _chosen(numbers, all_, import_)
    with inv.writing() as database:
        done = offers.decline(database, chosen, import_id=import_)
    inv.show(vars(done), lambda: print(f"{_rows(done.offers)} declined."))


@buyers.command()
def undo(ctx: typer.Context, numbers: Annotated[list[int], typer.Argument(metavar="OFFER...")]) -> None:
    """Offer again what was accepted or declined; a buyer who came by that offer alone leaves the list."""
    from valhalla.intake import offers

    inv = invocation(ctx)
    with inv.writing() as database:
        done = offers.undo(database, numbers)
    inv.show(
        vars(done),
        lambda: print(f"{_rows(done.offers)} offered again; {done.left:,} left the list of buyers."),
    )


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _chosen(numbers: list[int] | None, all_: bool, import_: int | None) -> list[int] | None:
    """The offers that a person names; None is all of them."""
    if bool(numbers) + all_ + (import_ is not None) != 1:
        raise UsageError("say which: numbers of offers, --import NUMBER, or --all")
    return numbers or None


@buyers.command("list")
def list_(
    ctx: typer.Context,
    offered: Annotated[
        bool, typer.Option("--offered", help="Those whom lists offer, and who wait for your yes.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many offers at most.")] = 1000,
) -> None:
    """The buyers and what they take."""
    from valhalla.leads.buyers import all_buyers
    from valhalla.program.wording import dollars

    inv = invocation(ctx)
    if offered:
        _list_offers(inv, limit)
        return
    with inv.reading() as database:
        found = all_buyers(database)

    rows = [
        (
            *(b["name"], "; ".join(b["markets"]) or "any"),
            *("any" if b[key] is None else dollars(b[key]) for key in ("max_price", "max_repairs")),
            "any" if b["min_beds"] is None else str(b["min_beds"]),
            "any" if b["max_share"] is None else f"{b['max_share']:.0%}",
            *(str(b["bought"] or ""), "" if b["average_price"] is None else dollars(b["average_price"])),
            _reliable(b["reliability"]),
            b["phone"] or b["email"] or "",
        )
        for b in found
    ]
    headers = (
        *("buyer", "markets", "pays up to", "repairs up to", "beds from", "share of ARV"),
        *("took", "paid", "closes", "contact"),
    )
    inv.table(
        found,
        headers,
        rows,
        numbers=headers[2:8],
        spare=("repairs up to", "beds from", "paid", "share of ARV"),
        empty="No buyers yet. Import a list with: valhalla buyers import FILE",
    )


def _reliable(found: dict[str, Any]) -> str:
    if not found["n"]:
        return ""
    return f"{found['share']:.0%} of {found['n']} ({found['low']:.0%}-{found['high']:.0%})"


def _list_offers(inv: Invocation, limit: int) -> None:
    from valhalla.intake import offers
    from valhalla.leads.buyers import shown

    with inv.reading() as database:
        found = [{**each, "buyer": shown(each["buyer"])} for each in offers.waiting(database, limit)]
        total = offers.count(database)

    def render() -> None:
        from valhalla.cli.tables import table
        from valhalla.program.wording import dollars

        rows = [
            (
                *(str(each["id"]), buyer["name"] or "", each["wants"] or "", "; ".join(buyer["markets"])),
                "" if buyer["max_price"] is None else dollars(buyer["max_price"]),
                *(buyer["phone"] or buyer["email"] or "", f"{each['file']}:{each['line']}"),
            )
            for each in found
            for buyer in [each["buyer"]]
        ]
        headers = ("offer", "name", "wants", "market", "pays up to", "contact", "list")
        table(headers, rows, numbers=("offer", "pays up to"), empty="Nobody is offered as a buyer.")
        if found:
            print(f"{total:,} wait. Take them: valhalla buyers accept {found[0]['id']}, or --all")

    inv.show(found, render)
