"""One act about many dossiers: chosen or all that match, seen with what each act can do, and confirmed as a batch."""

from collections import Counter
from collections.abc import Sequence

from flask import Blueprint, Response, request

from engine import errors
from engine.actions import batches as acts
from engine.queries import dossier_list
from engine.queries.dossier_list import Line
from web.choosing import can_act_on_dossier
from web.console import bulk
from web.console.access import right, visitor
from web.console.dossiers import DossiersView, wanted_by
from web.container import Container
from web.freezing import Frozen

ACTS = tuple(acts.DOSSIER_ACTS)


def add(blueprint: Blueprint, container: Container) -> None:
    """``/ho-so/xem-truoc`` and ``/ho-so/lo``."""

    @blueprint.post("/ho-so/xem-truoc")
    @right("act")
    def preview_dossiers() -> str:
        action = request.form.get("action", "")
        if action not in ACTS:
            raise errors.RequestInvalid(reason=f"the act {action[:64] or '(none)'} is none about dossiers")
        ids, total = _ids(container)
        able = [line for line in _chosen(container, ids) if can_act_on_dossier(line, action)]
        frozen = Frozen(
            action=action, ids=tuple(line.id for line in able), ignored=len(ids) - len(able), total=total
        )
        return _preview(container, frozen, able)

    @blueprint.post("/ho-so/lo")
    @right("act")
    def confirm_dossiers() -> Response:
        def again(frozen: Frozen, problem: errors.LienthongError) -> str:
            able = [
                line for line in _chosen(container, frozen.ids) if can_act_on_dossier(line, frozen.action)
            ]
            return _preview(container, frozen, able, problem)

        return bulk.confirm(container, "dossier", again)


def _preview(
    container: Container, frozen: Frozen, able: list[Line], problem: errors.LienthongError | None = None
) -> str:
    """*able*: those of the frozen list that the act can still be done about."""
    return bulk.preview(
        "dossier_batch_preview.html",
        container,
        "dossier",
        frozen,
        able,
        problem=problem,
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
