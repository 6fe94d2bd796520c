"""One act about many dossiers: chosen or all that match, seen with what each act can do, and confirmed as a batch."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask import Blueprint, Response, request

from engine import errors
from engine.actions import batches as acts
from engine.actions import lengthen
from engine.exchange.ports import Json
from engine.queries import dossier_list
from engine.queries.clock import Clocks
from engine.queries.dossier_list import Line
from web import freezing
from web.choosing import can_act_on_dossier
from web.console import bulk, rendering
from web.console.access import right, visitor
from web.console.dossiers import DossiersView, wanted_by
from web.container import Container
from web.freezing import Frozen
from web.lengthening import moved

ACTS = tuple(acts.DOSSIER_ACTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What a later due date comes to: how many are due when, and the first of them one by one."""

    by_day: Sequence[tuple[datetime, int]]
    of: Mapping[int, datetime]


def add(blueprint: Blueprint, container: Container) -> None:
    """``/ho-so/xem-truoc`` and ``/ho-so/lo``."""
    clocks = Clocks()

    @blueprint.post("/ho-so/xem-truoc")
    @right("act")
    def preview_dossiers() -> Response:
        action = request.form.get("action", "")
        if action not in ACTS:
            raise errors.RequestInvalid(reason=f"the act {action[:64] or '(none)'} is none about dossiers")
        frozen = _frozen(container, action)
        if action != acts.EXTEND or "frozen" not in request.form:
            return _answer(_preview(container, clocks, frozen))
        try:
            with container.store.reading() as connection:
                asked = lengthen.wanted(_given(lengthen.last_event(connection)))
        except errors.RequestInvalid as problem:
            return _answer(_preview(container, clocks, frozen, problem), problem.status)
        return _answer(_preview(container, clocks, replace(frozen, given=asked.as_json())))

    @blueprint.post("/ho-so/lo")
    @right("act")
    def confirm_dossiers() -> Response:
        return bulk.confirm(
            container,
            "dossier",
            lambda frozen, problem: _preview(container, clocks, frozen, problem),
            only=ACTS,
        )


def _answer(content: str, status: int = 200) -> Response:
    return Response(content, status=status, content_type="text/html; charset=utf-8")


def _frozen(container: Container, action: str) -> Frozen:
    """What is chosen, or was when its due date was not said yet. Raises: RequestInvalid, FormStale."""
    if "frozen" in request.form:
        return freezing.thaw(container, "dossier", str(visitor().account), request.form["frozen"])
    ids, total = _ids(container)
    able = [line.id for line in _chosen(container, ids) if can_act_on_dossier(line, action)]
    return Frozen(action=action, ids=tuple(able), ignored=len(ids) - len(able), total=total)


def _given(seen: int) -> dict[str, Json]:
    """The due date that the form asks for. Raises: RequestInvalid."""
    day, days = request.form.get("day", "").strip(), request.form.get("days", "").strip()
    if days and not (days.isascii() and days.isdigit() and len(days) < 5):
        raise errors.RequestInvalid(reason=f"a due date is put off by 1 to {lengthen.MOST_DAYS} working days")
    begins = rendering.day_begins(day)
    return {
        "day": begins.date().isoformat() if begins else None,
        "days": int(days) if days else None,
        "ground": request.form.get("ground", ""),
        "seen": seen,
    }


def _preview(
    container: Container, clocks: Clocks, frozen: Frozen, problem: errors.LienthongError | None = None
) -> str:
    """The page that shows what *frozen* comes to as things stand; those that no due date can be later for are ignored."""
    able = [line for line in _chosen(container, frozen.ids) if can_act_on_dossier(line, frozen.action)]
    moves = None
    if frozen.given:
        with container.store.reading() as connection:
            found = moved(connection, clocks, lengthen.wanted(frozen.given), able)
        able = [line for line, _ in found]
        kept = tuple(line.id for line in able)
        if problem is None:
            frozen = replace(frozen, ids=kept, ignored=frozen.ignored + len(frozen.ids) - len(kept))
        by_day = sorted(Counter(after for _, after in found).items())
        moves = Moves(by_day=by_day, of={line.id: after for line, after in found[: freezing.SAMPLES]})
    return bulk.preview(
        "dossier_batch_preview.html",
        container,
        "dossier",
        frozen,
        able,
        problem=problem,
        moves=moves,
        asks_for_day=frozen.action == acts.EXTEND and not frozen.given,
        most_days=lengthen.MOST_DAYS,
        by_situation=Counter(line.situation for line in able).most_common(),
        by_procedure=Counter(line.procedure for line in able).most_common(),
        by_partner=Counter((line.call or "–").split(".")[0] for line in able).most_common(),
    )


def _ids(container: Container) -> tuple[list[int], int]:
    """What is chosen, and how many match. Raises: RequestInvalid."""
    return bulk.ids(
        container,
        "dossier",
        lambda: wanted_by(bulk.filter_of(DossiersView), container),
        dossier_list.ids_of,
        dossier_list.count_lines,
    )


def _chosen(container: Container, ids: Sequence[int]) -> list[Line]:
    with container.store.reading() as connection:
        return dossier_list.chosen(connection, ids, unit=visitor().unit)
