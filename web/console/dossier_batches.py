"""One act about many dossiers: chosen or all that match, seen with what each act can do, and confirmed as a batch."""

from collections import Counter

from flask import Blueprint, Response, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from pydantic import ValidationError

from engine import errors
from engine.actions import batches as acts
from engine.dossiers.statuses import Status, may_become
from engine.queries import dossier_list
from engine.queries.dossier_list import Line
from web import problems
from web.console import rendering
from web.console.access import right, visitor
from web.console.batches import MOST, TYPED_ABOVE
from web.console.dossiers import DossiersView, wanted_by
from web.console.rendering import back, page
from web.container import Container

ACTS = tuple(acts.DOSSIER_ACTS)
_GOOD_S = 1800
_SAMPLES = 5
_PER_ITEM_S = 0.01


def add(blueprint: Blueprint, container: Container) -> None:
    """``/ho-so/xem-truoc`` and ``/ho-so/lo``."""

    @blueprint.post("/ho-so/xem-truoc")
    @right("act")
    def preview_dossiers() -> str:
        action = request.form.get("action", "")
        if action not in ACTS:
            raise errors.RequestInvalid(reason=f"the act {action[:64] or '(none)'} is none about dossiers")
        return _preview(container, action, _chosen(container, _ids(container)))

    @blueprint.post("/ho-so/lo")
    @right("act")
    def confirm_dossiers() -> Response:
        action, ids = _thawed(container)
        found = _chosen(container, ids)
        able = [line for line in found if is_able(line, action)]
        try:
            _check_count(action, len(able))
            batch = acts.create(
                container.store,
                action,
                [line.id for line in able],
                subject="dossier",
                by=visitor().name,
                reason=rendering.reason(),
                target=request.form.get("target", "")[:500],
            )
        except errors.RequestInvalid as problem:
            again = _preview(container, action, found, problem)
            return Response(again, status=problem.status, content_type="text/html; charset=utf-8")
        return back(f"/lo/{batch}")


def is_able(line: Line, action: str) -> bool:
    """Whether *action* can do anything about the dossier as it stands; what cannot is left out of the batch."""
    if action == "resume":
        return line.suspended
    if action == "suspend":
        return not line.suspended and line.situation != "over"
    if action == "cancel":
        return may_become(Status(line.status), Status.WITHDRAWN)
    return line.call is not None and not line.suspended


def _preview(
    container: Container, action: str, found: list[Line], problem: errors.LienthongError | None = None
) -> str:
    able = [line for line in found if is_able(line, action)]
    frozen = _signer(container).dumps([visitor().token, action, [line.id for line in found]])
    return page(
        "dossier_batch_preview.html",
        container,
        action=action,
        frozen=frozen,
        able=len(able),
        ignored=len(found) - len(able),
        by_situation=Counter(line.situation for line in able).most_common(),
        by_procedure=Counter(line.procedure for line in able).most_common(),
        by_partner=Counter((line.call or "–").split(".")[0] for line in able).most_common(),
        samples=able[:_SAMPLES],
        about_s=max(1, round(len(able) * _PER_ITEM_S)),
        typed_above=0 if action == "cancel" else TYPED_ABOVE,
        target=request.form.get("target", ""),
        problem=problem,
        typed=request.form,
    )


def _check_count(action: str, count: int) -> None:
    """Raises: RequestInvalid: the count of what is large or cannot be undone was not typed."""
    if (action == "cancel" or count > TYPED_ABOVE) and request.form.get("count", "").strip() != str(count):
        raise errors.RequestInvalid(reason=f"type the number {count} to confirm")


def _ids(container: Container) -> list[int]:
    """Those ticked, or all that match the filter that came along, oldest first. Raises: RequestInvalid."""
    if request.form.get("all") == "yes":
        wanted = wanted_by(_filter(), container)
        with container.store.reading() as connection:
            return dossier_list.ids_of(connection, wanted, limit=MOST)
    given = request.form.getlist("dossier")[:MOST]
    if not given:
        raise errors.RequestInvalid(reason="nothing was chosen")
    if not all(one.isascii() and one.isdigit() for one in given):
        raise errors.RequestInvalid(reason="a dossier's number is no number")
    return [int(one[:18]) for one in given]


def _filter() -> DossiersView:
    given = {name: request.form.get(f"filter_{name}", "").strip() for name in DossiersView.model_fields}
    try:
        return DossiersView.model_validate({name: value for name, value in given.items() if value})
    except ValidationError as exc:
        raise problems.from_validation(exc) from exc


def _chosen(container: Container, ids: list[int]) -> list[Line]:
    with container.store.reading() as connection:
        return dossier_list.chosen(connection, ids, unit=visitor().unit)


def _thawed(container: Container) -> tuple[str, list[int]]:
    """The act and the ids of the preview. Raises: FormStale."""
    try:
        token, action, ids = _signer(container).loads(request.form.get("frozen", ""), max_age=_GOOD_S)
    except (BadSignature, ValueError, TypeError):
        raise errors.FormStale(reason="its list of dossiers is too old") from None
    if token != visitor().token:
        raise errors.FormStale(reason="its list of dossiers is of another session")
    return str(action), [int(one) for one in ids]


def _signer(container: Container) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(container.secret, salt="dossier-batch")
