"""`lienthong partners`: who we exchange with, how honest each contract is, and whether a partner can be reached."""

from typing import TYPE_CHECKING

import click

from lienthong.printing import as_json_option, print_json, print_table
from lienthong.roles import opened

if TYPE_CHECKING:
    from lienthong.assembly import System


_MARKS = {True: "ok", False: "WRONG", None: "–"}


@click.group(invoke_without_command=True, epilog="Example: lienthong partners check portal")
@as_json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List partners with label and state; `partners check NAME` knocks at one."""
    if ctx.invoked_subcommand is not None:
        return
    with opened("partners") as system:
        found = _states(system)
    if as_json:
        print_json(found)
        return
    print_table(
        ("PARTNER", "LABEL", "STATE", "WAITING", "UNKNOWN", "TITLE"),
        [(p["name"], p["label"], p["state"], p["waiting"], p["unknown"], p["title"]) for p in found],
    )


@command.command(epilog="Example: lienthong partners check portal --json")
@click.argument("name")
@as_json_option
def check(name: str, as_json: bool) -> int:
    """Read NAME's contract anew and test the way there: name, connection, TLS, log-in, answer; exit code 1 when one fails."""
    from lienthong.knocking import knock

    with opened("partners") as system:
        stages = list(knock(system.partners, name))
    if as_json:
        print_json(stages)
    else:
        print_table(
            ("STAGE", "", "SEEN"),
            [(one.stage, _MARKS[one.ok], one.saw) for one in stages],
        )
    return int(any(one.ok is False for one in stages))


def _states(system: "System") -> list[dict[str, object]]:
    from engine.queries.partners import partner_states
    from lienthong.directory import ContractDirectory

    with system.store.reading() as connection:
        states = {state.name: state for state in partner_states(connection)}
    cards = {card.name: card for card in ContractDirectory(system.partners.contracts).cards()}
    rows: list[dict[str, object]] = []
    for name in sorted(cards.keys() | states.keys()):
        card, state = cards.get(name), states.get(name)
        down = state is not None and state.breaker == "open"
        rows.append(
            {
                "name": name,
                "title": card.title if card else "",
                "label": card.label if card else "no contract",
                "transport": card.transport if card else "",
                "state": "paused"
                if state and state.paused
                else "down"
                if down
                else "ok"
                if state
                else "unused",
                "waiting": state.waiting if state else 0,
                "unknown": state.unknown if state else 0,
            }
        )
    return rows
