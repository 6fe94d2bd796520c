"""Partners: who they are, how the exchange with each stands, the switch that holds everything for one, a test of the way."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from flask import Blueprint, Response, request
from pydantic import Field

from engine import errors
from engine.actions import partners as acts
from engine.actions.receive import searchable
from engine.exchange.checking import Stage
from engine.queries import partner_times, partners
from engine.queries.partner_times import STEP_S, Stretch
from engine.queries.partners import PartnerState
from engine.storage.database import Connection
from web.console import rendering
from web.console.access import right, visitor
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


def add(blueprint: Blueprint, container: Container) -> None:
    """``/doi-tac`` and the acts on one."""
    _add_reading(blueprint, container)
    _add_acts(blueprint, container)


def _add_reading(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/doi-tac")
    @right("see")
    def partner_list() -> str:
        return _all(container, read(PartnersView))

    @blueprint.get("/doi-tac/<string:name>")
    @right("see")
    def partner_page(name: str) -> str:
        read(View)
        return _one(container, name)


def _add_acts(blueprint: Blueprint, container: Container) -> None:
    @blueprint.post("/doi-tac/<string:name>")
    @right("partners")
    def switch_partner(name: str) -> Response:
        _check_known(container, name)
        action = request.form.get("action", "")
        act = {"pause": acts.pause, "resume": acts.resume}.get(action)
        if act is None:
            raise errors.RequestInvalid(reason="this is no act on a partner")

        def seen(paused: bool, why: str | None) -> None:
            if paused is (action == "pause"):
                what = f"{name} is paused already: {why}" if paused else f"{name} is not paused"
                raise errors.ActionNotNow(what=what)

        try:
            act(container.store, name, by=visitor().name, reason=rendering.reason(), seen=seen)
        except errors.RequestInvalid as problem:
            return _refused(_all(container, PartnersView(), problem), problem.status)
        return rendering.returned("/doi-tac")

    @blueprint.post("/doi-tac/<string:name>/thu")
    @right("partners")
    def test_partner(name: str) -> Response:
        """What was seen is shown at once and kept nowhere but in the audit trail."""
        _check_known(container, name)
        try:
            stages = _checked(container, name, by=visitor().name, reason=rendering.reason())
        except errors.RequestInvalid as problem:
            return _refused(_one(container, name, problem), problem.status)
        return Response(_one(container, name, stages=stages), content_type="text/html; charset=utf-8")


def _checked(container: Container, name: str, *, by: str, reason: str) -> Sequence[Stage]:
    """The way to a partner, tested now. Raises: PartnerUnknown; RequestInvalid: this system speaks to nobody."""
    if container.checking is None or not container.may_send():
        raise errors.RequestInvalid(reason="this system sends nothing")
    return acts.check(container.store, container.checking, name, by=by, reason=reason)


def _check_known(container: Container, name: str) -> None:
    """Raises: PartnerUnknown."""
    with container.store.reading() as connection:
        known = {state.name for state in partners.partner_states(connection)}
    if name not in known | {card.name for card in container.partners.cards()}:
        raise errors.PartnerUnknown(partner=name)


def _all(container: Container, view: PartnersView, problem: errors.LienthongError | None = None) -> str:
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
    filtered = bool(view.state or view.label or view.name or view.certificate)
    return page("partners.html", container, view=view, rows=rows, filtered=filtered, problem=problem)


def _fits(view: PartnersView, name: str, card: PartnerCard | None, state: PartnerState | None) -> bool:
    """Whether the filters of the page let a partner through; a part of its code or of its name is enough."""
    called = f"{name} {card.title} {card.title_en}" if card else name
    return (
        view.state in ("", standing(state))
        and view.label in ("", card.label if card else None)
        and searchable(view.name) in searchable(called)
        and (not view.certificate or (state is not None and state.certificate_soon))
    )


def standing(state: PartnerState | None) -> str:
    """The one word for how the exchange with a partner stands: ok, down, paused, unused."""
    if state is None:
        return "unused"
    return "paused" if state.paused else "down" if state.breaker == "open" else "ok"


def _one(
    container: Container,
    name: str,
    problem: errors.LienthongError | None = None,
    stages: Sequence[Stage] | None = None,
) -> str:
    card = next((card for card in container.partners.cards() if card.name == name), None)
    with container.store.reading() as connection:
        state = next((one for one in partners.partner_states(connection) if one.name == name), None)
        if card is None and state is None:
            raise errors.PartnerUnknown(partner=name)
        times = partner_times.of_the_last_day(connection, name).get(name)
        course = partner_times.course(connection, name)
        hashes = partners.hashes_of_open_calls(connection, name)
    return page(
        "partner.html",
        container,
        name=name,
        card=card,
        state=state,
        times=times,
        drift={one: calls for one, calls in hashes.items() if card is not None and one != card.hash},
        stages=stages,
        problem=problem,
        course=[(datetime.fromtimestamp(one.at, UTC), one) for one in course],
        charts=_charts(course, words(rendering.language())),
    )


def _refused(shown: str, status: int) -> Response:
    return Response(shown, status=status, content_type="text/html; charset=utf-8")


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
