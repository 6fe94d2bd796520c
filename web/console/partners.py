"""Partners: who they are, how the exchange with each stands, and the switch that holds everything for one."""

from datetime import UTC, datetime

from flask import Blueprint, Response, request

from engine import errors
from engine.actions import partners as acts
from engine.queries import partner_times, partners
from engine.queries.partner_times import STEP_S, Stretch
from web.console import rendering
from web.console.access import right, visitor
from web.console.exports import Exported, Listed, plain
from web.console.rendering import View, back, page, read
from web.container import Container
from web.words import Words, words


def add(blueprint: Blueprint, container: Container) -> None:
    """``/doi-tac`` and the acts on one."""

    def shown(problem: errors.LienthongError | None = None) -> str:
        cards = {card.name: card for card in container.partners.cards()}
        with container.store.reading() as connection:
            states = {state.name: state for state in partners.partner_states(connection)}
            times = partner_times.of_the_last_day(connection)
        return page(
            "partners.html",
            container,
            rows=[
                (name, cards.get(name), states.get(name), times.get(name))
                for name in sorted(cards.keys() | states.keys())
            ],
            problem=problem,
            typed=request.form if problem else {},
        )

    @blueprint.get("/doi-tac")
    @right("see")
    def partner_list() -> str:
        read(View)
        return shown()

    @blueprint.get("/doi-tac/<string:name>")
    @right("see")
    def partner_page(name: str) -> str:
        read(View)
        card = next((card for card in container.partners.cards() if card.name == name), None)
        with container.store.reading() as connection:
            state = next((one for one in partners.partner_states(connection) if one.name == name), None)
            times = partner_times.of_the_last_day(connection).get(name)
            course = partner_times.course(connection, name)
        if card is None and state is None:
            raise errors.PartnerUnknown(partner=name)
        return page(
            "partner.html",
            container,
            name=name,
            card=card,
            state=state,
            times=times,
            course=[(datetime.fromtimestamp(one.at, UTC), one) for one in course],
            charts=_charts(course, words(rendering.language())),
        )

    @blueprint.post("/doi-tac/<string:name>")
    @right("partners")
    def switch_partner(name: str) -> Response:
        with container.store.reading() as connection:
            known = {state.name for state in partners.partner_states(connection)}
        if name not in known | {card.name for card in container.partners.cards()}:
            raise errors.PartnerUnknown(partner=name)
        act = {"pause": acts.pause, "resume": acts.resume}.get(request.form.get("action", ""))
        if act is None:
            raise errors.RequestInvalid(reason="this is no act on a partner")
        try:
            act(container.store, name, by=visitor().name, reason=rendering.reason())
        except errors.RequestInvalid as problem:
            return Response(shown(problem), status=problem.status, content_type="text/html; charset=utf-8")
        return back("/doi-tac", "done")


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


def _listed(_container: Container) -> Listed:
    return Listed(
        find=lambda connection, _after, _limit: partners.partner_states(connection),
        bound=read(View).bound,
        key=None,
    )


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
