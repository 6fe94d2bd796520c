"""Partners: who they are, how the exchange with each stands, what its contract says, how it answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from flask import Blueprint, request
from pydantic import Field

from engine import errors
from engine.actions import secrets
from engine.dossiers.indexing import searchable
from engine.exchange import limits
from engine.exchange.checking import Stage
from engine.exchange.limits import Limits
from engine.exchange.secrets import SecretTold
from engine.queries import drift, partner_times, partners
from engine.queries.partner_times import STEP_S, Stretch
from engine.queries.partners import PartnerState
from engine.storage.database import Connection
from web import conditions
from web.console import rendering
from web.console.access import right
from web.console.exports import Exported, Listed, plain
from web.console.rendering import View, page, read
from web.container import Container, PartnerCard
from web.words import Words, words


class PartnersView(View):
    """The list's address."""

    state: Literal["", "ok", "down", "paused", "unused"] = ""
    label: Literal["", "real", "single-source", "sample"] = ""
    name: str = Field(default="", max_length=64)
    certificate: Literal["", "soon"] = ""
    drift: Literal["", "yes"] = ""


def add(blueprint: Blueprint, container: Container) -> None:
    """``/doi-tac`` and the page of each; what is done there is in `partner_acts`."""

    @blueprint.get("/doi-tac")
    @right("see")
    def partner_list() -> str:
        return all_page(container, read(PartnersView))

    @blueprint.get("/doi-tac/<string:name>")
    @right("see")
    def partner_page(name: str) -> str:
        read(View)
        return one_page(container, name)


def all_page(container: Container, view: PartnersView, problem: errors.LienthongError | None = None) -> str:
    """The list, with what a *problem* says."""
    cards = {card.name: card for card in container.partners.cards()}
    with container.store.reading() as connection:
        states = {state.name: state for state in partners.partner_states(connection)}
        times = partner_times.of_the_last_day(connection)
    names = sorted(cards.keys() | states.keys())
    rows = [
        (name, cards.get(name), states.get(name), times.get(name))
        for name in names
        if _fits(view, name, cards.get(name), states.get(name))
    ]
    filtered = bool(view.state or view.label or view.name or view.certificate or view.drift)
    return page("partners.html", container, view=view, rows=rows, filtered=filtered, problem=problem)


def _fits(view: PartnersView, name: str, card: PartnerCard | None, state: PartnerState | None) -> bool:
    """Whether the filters of the page let a partner through; a part of its code or of its name is enough."""
    called = f"{name} {card.title} {card.title_en}" if card else name
    return (
        view.state in ("", standing(state))
        and view.label in ("", card.label if card else None)
        and searchable(view.name) in searchable(called)
        and (not view.drift or (state is not None and bool(state.drift)))
        and (not view.certificate or (state is not None and state.certificate_soon))
    )


def standing(state: PartnerState | None) -> str:
    """The one word for how the exchange with a partner stands: ok, down, paused, unused."""
    if state is None:
        return "unused"
    return "paused" if state.paused else "down" if state.breaker == "open" else "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """A limit as the contract says it, and as a person set it in its place."""

    name: str
    of_contract: str
    by_hand: object


def limit_lines(card: PartnerCard | None, by_hand: Limits) -> list[LimitLine]:
    """Every limit, by the order of `engine.exchange.limits`."""
    return [
        LimitLine(name=name, of_contract=_of_contract(card, name), by_hand=getattr(by_hand, name))
        for name in limits.NAMES
    ]


def _of_contract(card: PartnerCard | None, name: str) -> str:
    """In words; of operations that differ the least and the most. Empty: it does not say."""
    if card is None or name in limits.WORDS:
        return getattr(card, name) if card is not None else ""
    least, most = card.limits.get(name, (0.0, 0.0))
    if not most:
        return ""
    return f"{least:g}" if least == most else f"{least:g}–{most:g}"


def _secrets(container: Container, name: str) -> Sequence[SecretTold]:
    """Nothing where this system has none to tell of."""
    return secrets.tell(container.store, container.secrets, name) if container.secrets is not None else []


def one_page(
    container: Container,
    name: str,
    problem: errors.LienthongError | None = None,
    stages: Sequence[Stage] | None = None,
    typed: Mapping[str, str] | None = None,
) -> str:
    """The page of one, with what a *problem* says to what was *typed*, or the *stages* of a test.

    Raises: PartnerUnknown.
    """
    card = next((card for card in container.partners.cards() if card.name == name), None)
    with container.store.reading() as connection:
        state = next((one for one in partners.partner_states(connection) if one.name == name), None)
        if card is None and state is None:
            raise errors.PartnerUnknown(partner=name)
        times = partner_times.of_the_last_day(connection, name).get(name)
        course = partner_times.course(connection, name)
        hashes = partners.hashes_of_open_calls(connection, name)
        comparisons = drift.of_partner(connection, name)
        held = partners.held_secrets(connection, name)
    return page(
        "partner.html",
        container,
        name=name,
        card=card,
        state=state,
        times=times,
        drift={one: calls for one, calls in hashes.items() if card is not None and one != card.hash},
        stages=stages,
        comparisons=comparisons,
        secrets=_secrets(container, name) if card is not None else [],
        held_secrets=held,
        problem=problem,
        tag=conditions.tag(name, state.revision if state else 0),
        limit_lines=limit_lines(card, state.limits if state else Limits()),
        typed=typed or (request.form if problem is not None else {}),
        typed_limits=typed is not None,
        course=[(datetime.fromtimestamp(one.at, UTC), one) for one in course],
        charts=_charts(course, words(rendering.language())),
    )


def _charts(course: list[Stretch], t: Words) -> list[tuple[str, dict[str, object]]]:
    """(heading, what the chart is given) for the answers and for the times they took."""
    found = {one.at: one for one in course}
    at = list(range(min(found), max(found) + 1, STEP_S)) if found else []

    def line(
        label: str, colour: str, values: list[float | None], *, dashed: bool = False
    ) -> dict[str, object]:
        return {"label": label, "colour": colour, "values": values, "dash": [6, 4] if dashed else []}

    answers = [
        line(t.good, "--good", [found[moment].good if moment in found else 0 for moment in at]),
        line(
            t.not_good, "--bad", [found[moment].bad if moment in found else 0 for moment in at], dashed=True
        ),
    ]
    times = [
        line("p50 (s)", "--accent", [found[moment].p50_s if moment in found else None for moment in at]),
        line(
            "p95 (s)",
            "--warn",
            [found[moment].p95_s if moment in found else None for moment in at],
            dashed=True,
        ),
    ]
    return [(t.answers, {"at": at, "series": answers}), (t.answer_times, {"at": at, "series": times})]


def _listed(container: Container) -> Listed:
    view = read(PartnersView)
    cards = {card.name: card for card in container.partners.cards()}

    def find(connection: Connection, _after: int | None, _limit: int) -> list[PartnerState]:
        states = partners.partner_states(connection)
        return [one for one in states if _fits(view, one.name, cards.get(one.name), one)]

    return Listed(find=find, bound=view.bound, key=None)


EXPORT = Exported(
    path="/doi-tac",
    right="see",
    columns=plain(
        "name",
        "breaker",
        "paused",
        "paused_reason",
        "waiting",
        "sending",
        "unknown",
        "incidents",
        "oldest_at",
    ),
    listed=_listed,
)
