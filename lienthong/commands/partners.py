"""`lienthong partners`: who we exchange with, how honest each contract is, and whether a partner can be reached."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from lienthong.printing import as_json_option, print_json, print_table
from lienthong.roles import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.exchange.drift import Described
    from engine.queries.drift import Comparison
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
    """Read NAME's contract anew and test the way there: name, connection, TLS, log-in, answer; compare its description and
    the workers' contracts; exit code 1 when one fails or drifts."""
    from lienthong.knocking import drifts, knock

    with opened("partners") as system:
        stages = list(knock(system.partners, name))
        if all(one.ok is not False or one.stage == "authentication" for one in stages):
            stages += drifts(*_compared(system, name))
    if as_json:
        print_json(stages)
    else:
        print_table(
            ("STAGE", "", "SEEN"),
            [(one.stage, _MARKS[one.ok], one.saw) for one in stages],
        )
    return int(any(one.ok is False for one in stages))


def _compared(system: "System", name: str) -> "tuple[Sequence[Described], Sequence[Comparison]]":
    """What NAME says of itself now, which is kept, and everything that was compared of it."""
    from engine.actions import drift
    from engine.queries.drift import of_partner

    described = system.partners.describe(name) if system.may_send() else ()
    if described:
        drift.keep(system.store, name, described)
    with system.store.reading() as connection:
        return described, of_partner(connection, name)


_REASON = click.option(
    "--reason", required=True, help="Why; it is shown to everybody and stands in the audit trail."
)


@command.command(
    name="open",
    epilog="Example: lienthong partners open portal --reason 'new servers' --until 2027-01-05T06:00",
)
@click.argument("name")
@_REASON
@click.option(
    "--until",
    type=click.DateTime(formats=["%Y-%m-%dT%H:%M"]),
    help="Vietnam's time, when one call tries again; without it, until `partners close`.",
)
def open_(*, name: str, reason: str, until: datetime | None) -> None:
    """Open NAME's breaker by hand: nothing is sent to it, no probe either."""
    from engine import errors
    from engine.actions import partners as acts
    from engine.clock import VIETNAM

    with opened("partners") as system:
        _check_known(system, name)
        if system.partners.has_mailbox(name):
            raise errors.ActionNotNow(what=acts.NO_BREAKER)
        moment = until.replace(tzinfo=VIETNAM) if until else None
        acts.open_breaker(system.store, name, until=moment, by="command line", reason=reason)


@command.command(epilog="Example: lienthong partners close portal --reason 'they are back'")
@click.argument("name")
@_REASON
def close(*, name: str, reason: str) -> None:
    """Close NAME's breaker by hand: its lanes go on; after an outage the next failure opens it again."""
    from engine.actions import partners as acts

    with opened("partners") as system:
        _check_known(system, name)
        acts.close_breaker(system.store, name, by="command line", reason=reason)


def _check_known(system: "System", name: str) -> None:
    """Raises: PartnerUnknown."""
    from engine import errors

    if name not in {one["name"] for one in _states(system)}:
        raise errors.PartnerUnknown(partner=name)


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
                "opened_by_hand": state.opened_reason if state else None,
                "waiting": state.waiting if state else 0,
                "unknown": state.unknown if state else 0,
            }
        )
    return rows
