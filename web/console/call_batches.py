"""One act about many calls: chosen or all that match, seen with what each can be done about, and confirmed as a batch."""

from collections import Counter
from collections.abc import Sequence

from flask import Blueprint, Response, request
from pydantic import ValidationError

from engine import errors
from engine.actions import batches as acts
from engine.actions.by_hand import CALL_ACTS
from engine.queries import call_list
from engine.queries.call_list import CallLine
from web import problems
from web.console import bulk, rendering
from web.console.access import right, visitor
from web.console.bulk import Frozen
from web.console.calls import CallsView, able, wanted_by
from web.console.rendering import back, page
from web.container import Container


def add(blueprint: Blueprint, container: Container) -> None:
    """``/cuoc-goi/xem-truoc`` and ``/cuoc-goi/lo``."""

    @blueprint.post("/cuoc-goi/xem-truoc")
    @right("act")
    def preview_calls() -> str:
        action = request.form.get("action", "")
        if action not in CALL_ACTS:
            raise errors.RequestInvalid(reason=f"the act {action[:64] or '(none)'} is none about calls")
        ids, total = _ids(container)
        found = _chosen(container, ids)
        ready = [one for one in found if action in able(one)]
        frozen = Frozen(
            action=action, ids=tuple(one.id for one in ready), ignored=len(ids) - len(ready), total=total
        )
        return _preview(container, frozen, ready, left_out=[one for one in found if action not in able(one)])

    @blueprint.post("/cuoc-goi/lo")
    @right("act")
    def confirm_calls() -> Response:
        frozen = bulk.thaw(container, "call")
        try:
            bulk.check_count(frozen, _typed_above(frozen.action))
            batch = acts.create(
                container.store,
                frozen.action,
                frozen.ids,
                subject="call",
                by=visitor().name,
                reason=rendering.reason(),
                target=request.form.get("target", "")[:500],
            )
        except errors.RequestInvalid as problem:
            ready = [one for one in _chosen(container, frozen.ids) if frozen.action in able(one)]
            again = _preview(container, frozen, ready, problem=problem)
            return Response(again, status=problem.status, content_type="text/html; charset=utf-8")
        return back(f"/lo/{batch}")


def _preview(
    container: Container,
    frozen: Frozen,
    ready: list[CallLine],
    *,
    left_out: Sequence[CallLine] = (),
    problem: errors.LienthongError | None = None,
) -> str:
    """*ready*: those of the frozen list that the act can still be done about; *left_out*: those ignored from the start."""
    return page(
        "call_batch_preview.html",
        container,
        frozen=frozen,
        ice=bulk.freeze(container, "call", frozen),
        gone=len(frozen.ids) - len(ready),
        by_state=Counter(one.state for one in ready).most_common(),
        by_partner=Counter(f"{one.partner}.{one.operation}" for one in ready).most_common(),
        left_out=Counter(_why_not(one) for one in left_out).most_common(),
        dossiers=len({one.dossier for one in ready}),
        samples=ready[: bulk.SAMPLES],
        typed_above=_typed_above(frozen.action),
        target=request.form.get("target", ""),
        problem=problem,
        typed=request.form,
    )


def _why_not(call: CallLine) -> str:
    """The state in which nothing can be done by this act."""
    return "incident" if call.incident is not None else call.state


def _typed_above(action: str) -> int:
    """Above how many the count is typed: always where it cannot be undone."""
    return 0 if action == "withdraw" else bulk.TYPED_ABOVE


def _ids(container: Container) -> tuple[list[int], int]:
    """Those ticked, or all that match the filter that came along; and how many match. Raises: RequestInvalid."""
    ticked = bulk.chosen("call")
    if ticked is not None:
        return ticked, len(ticked)
    given = bulk.filters(tuple(CallsView.model_fields))
    try:
        view = CallsView.model_validate({name: value for name, value in given.items() if value})
    except ValidationError as exc:
        raise problems.from_validation(exc) from exc
    wanted = wanted_by(view)
    with container.store.reading() as connection:
        ids = call_list.ids_of(connection, wanted, limit=bulk.MOST)
        if len(ids) < bulk.MOST:
            return ids, len(ids)
        return ids, call_list.count_calls(connection, wanted, most=bulk.COUNTED + 1)[0]


def _chosen(container: Container, ids: Sequence[int]) -> list[CallLine]:
    with container.store.reading() as connection:
        return call_list.chosen(connection, ids, unit=visitor().unit)
