"""One act about many calls: chosen or all that match, seen with what each can be done about, and confirmed as a batch."""

from collections import Counter
from collections.abc import Sequence

from flask import Blueprint, Response, request

from engine import errors
from engine.actions.by_hand import CALL_ACTS
from engine.queries import call_list
from engine.queries.call_list import CallLine
from web.choosing import acts_on_call
from web.console import bulk
from web.console.access import right, visitor
from web.console.calls import CallsView, wanted_by
from web.container import Container
from web.freezing import Frozen


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
        ready = [one for one in found if action in acts_on_call(one)]
        frozen = Frozen(
            action=action, ids=tuple(one.id for one in ready), ignored=len(ids) - len(ready), total=total
        )
        return _preview(
            container, frozen, ready, left_out=[one for one in found if action not in acts_on_call(one)]
        )

    @blueprint.post("/cuoc-goi/lo")
    @right("act")
    def confirm_calls() -> Response:
        def again(frozen: Frozen, problem: errors.LienthongError) -> str:
            ready = [one for one in _chosen(container, frozen.ids) if frozen.action in acts_on_call(one)]
            return _preview(container, frozen, ready, problem=problem)

        return bulk.confirm(container, "call", again)


def _preview(
    container: Container,
    frozen: Frozen,
    ready: list[CallLine],
    *,
    left_out: Sequence[CallLine] = (),
    problem: errors.LienthongError | None = None,
) -> str:
    """*ready*: those of the frozen list that the act can still be done about; *left_out*: those ignored from the start."""
    return bulk.preview(
        "call_batch_preview.html",
        container,
        "call",
        frozen,
        ready,
        problem=problem,
        by_state=Counter(one.state for one in ready).most_common(),
        by_partner=Counter(f"{one.partner}.{one.operation}" for one in ready).most_common(),
        left_out=Counter(_why_not(one) for one in left_out).most_common(),
        dossiers=len({one.dossier for one in ready}),
    )


def _why_not(call: CallLine) -> str:
    """The state in which nothing can be done by this act."""
    return "incident" if call.incident is not None else call.state


def _ids(container: Container) -> tuple[list[int], int]:
    """What is chosen, and how many match. Raises: RequestInvalid."""
    return bulk.ids(
        container,
        "call",
        lambda: wanted_by(bulk.filter_of(CallsView)),
        call_list.ids_of,
        call_list.count_calls,
    )


def _chosen(container: Container, ids: Sequence[int]) -> list[CallLine]:
    with container.store.reading() as connection:
        return call_list.chosen(connection, ids, unit=visitor().unit)
