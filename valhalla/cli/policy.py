"""``valhalla policy``: the constants of the six stages."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from valhalla.cli.invocation import invocation
from valhalla.program.errors import NotFound

app = typer.Typer(
    help="The rules of the six stages: show, set, shadow, revert, history.", no_args_is_help=True
)


@app.command("show")
def show(
    ctx: typer.Context,
    key: Annotated[
        str | None, typer.Argument(help="A key or section, such as packet.fee or score (default: all).")
    ] = None,
    version: Annotated[int | None, typer.Option(min=1, help="An earlier version.")] = None,
) -> None:
    """The policy in force, or an earlier version of it, with what each key means. It names the formula of the score; a home of
    version 0.1 has formula 1 until: policy set formula 2."""
    from valhalla.scoring import store as stages
    from valhalla.scoring.policies import as_text, leaves
    from valhalla.scoring.stages.policy import PolicyError, defaults_of, get_key

    inv = invocation(ctx)
    with inv.reading() as database:
        try:
            if version is None:
                version, policy = stages.latest_policy(database)
            else:
                policy = stages.policy_at(database, version)
            part = get_key(policy, key) if key else policy
        except (PolicyError, stages.Unknown) as error:
            raise NotFound(str(error)) from None

    def render() -> None:
        from valhalla.cli.tables import table
        from valhalla.scoring.stages.policy_keys import KEYS

        if not isinstance(part, dict):
            meaning = KEYS[key].meaning if key in KEYS else ""
            print(f"{key} = {as_text(part)}" + (f"  ({meaning})" if meaning else ""))
            return
        default = leaves(defaults_of(policy))
        rows = [
            (
                name,
                as_text(value),
                "changed" if default.get(name) != value else "",
                KEYS[name].meaning if name in KEYS else "",
            )
            for name, value in leaves(part, f"{key}." if key else "").items()
        ]
        table(
            ("key", "value", "", "meaning"),
            rows,
            title=f"Policy, version {version}",
            empty="No rules here yet.",
        )

    inv.show({"version": version, "policy" if key is None else key: part}, render)


@app.command("learnt")
def learnt(ctx: typer.Context) -> None:
    """The score learnt from outcomes: whether there is one, whether it decides, and what it weighs."""
    from valhalla.scoring import store as stages
    from valhalla.scoring.relearn import state
    from valhalla.scoring.stages import points, score

    inv = invocation(ctx)
    with inv.reading() as database:
        version, _ = stages.latest_policy(database)
        found = state(database, stages.look(database, database.clock()))

    def render() -> None:
        from valhalla.cli.tables import table

        print(found["why"])
        print(
            f"score.learnt = {found['wanted']} (policy version {version}); it {'decides' if found['used'] else 'does not decide'}."
        )
        if found["learnt"]:
            names = points.NAMES if found["formula"] == points.FORMULA else score.NAMES
            table(
                ("contribution", "learnt points per point of the rules"),
                [
                    (name, f"{weight / 1_000_000:+.2f}")
                    for name, weight in zip(names, found["weights"], strict=True)
                    if weight
                ],
                numbers=("learnt points per point of the rules",),
            )

    inv.show(found, render)


@app.command("set")
def set_(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help='Such as packet.fee or "markets.Houston, TX.fee".')],
    value: Annotated[
        str,
        typer.Argument(help="Number, true or false, a word, or JSON; an empty text removes a market's rule."),
    ],
    reason: Annotated[str, typer.Option(help="Why, for those who read the history.")] = "",
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Set it although a gate of the shadow run fails.")
    ] = False,
) -> None:
    """Change one key: a new version from now on. It is first tried on the newest leads; then those it concerns are decided again."""
    from valhalla.cli.afterwards import follow_up, say_follow_up
    from valhalla.leads.known_markets import policy_key
    from valhalla.scoring.changes import set_policy
    from valhalla.scoring.policies import as_text, parsed

    inv = invocation(ctx)
    with inv.program() as program:
        key = policy_key(program.database, key)
        made, job_id = set_policy(program.reevaluating, key, value, reason, anyway=anyway)
        done = follow_up(program, job_id, patience=30.0)
        data = {
            "version": made.version,
            "changes": [
                {"key": each.key, "before": each.before, "after": each.after} for each in made.changes
            ],
            "reevaluated": done,
        }

        def render() -> None:
            if not made.changes:
                print(f"{key} is {as_text(parsed(value))} already (version {made.version}).")
                return
            for each in made.changes:
                print(f"{each.key}: {as_text(each.before)} -> {as_text(each.after)} (version {made.version})")
            say_follow_up(done)

        inv.show(data, render)


@app.command("revert")
def revert(
    ctx: typer.Context,
    version: Annotated[int, typer.Argument(min=1, help="The version to go back to.")],
    reason: Annotated[str, typer.Option(help="Why, for those who read the history.")] = "",
) -> None:
    """Put an earlier version in force again, as a new version: every decision by it is the one it was."""
    from valhalla.cli.afterwards import follow_up, say_follow_up
    from valhalla.scoring.changes import revert_policy
    from valhalla.scoring.policies import as_text

    inv = invocation(ctx)
    with inv.program() as program:
        made, job_id = revert_policy(program.reevaluating, version, reason)
        done = follow_up(program, job_id, patience=30.0)
    data = {
        "version": made.version,
        "reverted_to": version,
        "changes": [{"key": each.key, "before": each.before, "after": each.after} for each in made.changes],
        "reevaluated": done,
    }

    def render() -> None:
        if not made.changes:
            print(f"The policy is what it was in version {version} already.")
            return
        print(f"Version {made.version} is what version {version} was.")
        for each in made.changes:
            print(f"  {each.key}: {as_text(each.before)} -> {as_text(each.after)}")
        say_follow_up(done)

    inv.show(data, render)


@app.command("shadow")
def shadow(
    ctx: typer.Context,
    key: Annotated[str | None, typer.Argument(help="A key such as packet.fee.")] = None,
    value: Annotated[str | None, typer.Argument(help="What it would be.")] = None,
    version: Annotated[
        int | None, typer.Option("--version", min=1, help="An earlier version instead of a key.")
    ] = None,
    last: Annotated[
        int, typer.Option("--last", min=1, max=2_000_000, help="So many of the newest leads.")
    ] = 10_000,
    apply: Annotated[bool, typer.Option("--apply", help="Switch it on if every gate passes.")] = False,
    reason: Annotated[str, typer.Option(help="With --apply: why.")] = "",
) -> None:
    """What would change for whom if a rule were changed: run over the newest leads, nothing is stored. Exit code 1 when a gate
    fails."""
    from valhalla.cli.afterwards import follow_up
    from valhalla.program.errors import UsageError
    from valhalla.scoring import shadow as shadows
    from valhalla.scoring.changes import revert_policy, set_policy
    from valhalla.scoring.policies import parsed

    if (key is None) == (version is None) or (key is not None and value is None):
        raise UsageError("name what to try: a key and its value, such as packet.fee 12000, or --version N")
    inv = invocation(ctx)
    with inv.reading() as database:
        values = {key: parsed(value or "")} if key is not None else None
        found = shadows.run(database, shadows.proposed(database, values, version=version), last)
    data = found.to_json()
    if apply and found.passed:
        with inv.program() as program:
            if version is not None:
                made, job_id = revert_policy(program.reevaluating, version, reason)
            else:
                made, job_id = set_policy(program.reevaluating, str(key), value or "", reason, anyway=True)
            follow_up(program, job_id, patience=30.0)
        data["applied"] = made.version
    inv.show(data, lambda: _print_shadow(data))
    if not found.passed:
        raise typer.Exit(1)


def _print_shadow(found: dict[str, Any]) -> None:
    from valhalla.cli.tables import table
    from valhalla.program.wording import dollars

    print(
        f"{found['changed']:,} of {found['leads']:,} leads would be decided otherwise: {found['up']:,} up, {found['down']:,} down;"
        f" {found['entering_top']:,} new among the best {found['top']:,}."
    )
    for name, count in found["fields"].items():
        print(f"  {name}: {count:,}")
    table(
        ("lead", "name", "score", "offer", "packet"),
        [
            (
                *(str(each["id"]), each["name"], " -> ".join(map(str, each["score"]))),
                *(" -> ".join(map(dollars, each["offer"])), " -> ".join(dict.fromkeys(each["packet"]))),
            )
            for each in found["movers"]
        ],
        empty="Nobody would move.",
    )
    words = {True: "passed", False: "FAILED", None: "cannot be measured"}
    table(
        ("gate", "", "why"), [(gate["gate"], words[gate["passed"]], gate["why"]) for gate in found["gates"]]
    )
    if "applied" in found:
        print(f"It is in force as version {found['applied']}.")


@app.command("drift")
def drift(ctx: typer.Context) -> None:
    """Do the close estimates still hold? By month, as many closes as were expected, or not."""
    from valhalla.scoring.drift import by_month

    inv = invocation(ctx)
    with inv.reading() as database:
        found = by_month(database)

    words = {True: "DRIFTED", False: "holds", None: "too few"}
    inv.table(
        found,
        ("month", "n", "expected", "closed", "z", ""),
        [
            (
                *(each["month"], str(each["n"]), f"{each['expected']:.2f}", str(each["closed"])),
                *("unknown" if each["z"] is None else f"{each['z']:+.2f}", words[each["drifted"]]),
            )
            for each in found
        ],
        numbers=("n", "expected", "closed", "z"),
        empty="No lead that was estimated has a result yet.",
    )


@app.command("history")
def history(ctx: typer.Context) -> None:
    """Every version of the policy and what it changed."""
    from db.clock import iso
    from valhalla.scoring.policies import as_text
    from valhalla.scoring.policies import history as versions

    inv = invocation(ctx)
    with inv.reading() as database:
        found = versions(database)
    data: list[dict[str, Any]] = [
        {
            "version": each.version,
            "at": iso(each.at),
            "by": each.by,
            "reason": each.reason,
            "changes": [{"key": c.key, "before": c.before, "after": c.after} for c in each.changes],
        }
        for each in found
    ]

    def render() -> None:
        from valhalla.cli.tables import table

        clock = inv.clock()
        rows = [
            (
                *(str(each["version"]), clock(each["at"]), each["by"], each["reason"]),
                "\n".join(
                    f"{c['key']}: {as_text(c['before'])} -> {as_text(c['after'])}" for c in each["changes"]
                ),
            )
            for each in data
        ]
        table(("version", "when", "by", "why", "changes"), rows, numbers=("version",))

    inv.show(data, render)
