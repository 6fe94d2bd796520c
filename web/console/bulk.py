"""What the pages of every act about many share: what was chosen, its preview, and its confirmation as a batch.

What an act can be done about, and what a preview tells of it, is each page's own business.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TypeVar

from flask import Response, request
from pydantic import ValidationError

from engine import errors
from engine.actions import batches as acts
from web import freezing, problems
from web.console import rendering
from web.console.access import visitor
from web.console.rendering import View, back, page
from web.container import Container
from web.freezing import Frozen

Filter = TypeVar("Filter", bound=View)
_KEPT = "filter_"


def ids(
    container: Container,
    subject: str,
    wanted: Callable[[], object],
    find: Callable[..., list[int]],
    count: Callable[..., tuple[int, bool]],
) -> tuple[list[int], int]:
    """Those ticked as *subject*, or all that match the filter that came along; and how many match.

    *find* and *count* are the list's own, given what *wanted* makes of the form. Raises: RequestInvalid.
    """
    given = ticked(subject)
    if given is not None:
        return given, len(given)
    sought = wanted()
    with container.store.reading() as connection:
        return freezing.matching(partial(find, connection, sought), partial(count, connection, sought))


def ticked(name: str) -> list[int] | None:
    """The ids that were ticked as *name*; None: all that match are wanted. Raises: RequestInvalid."""
    if request.form.get("all") == "yes":
        return None
    given = request.form.getlist(name)
    if not given:
        raise errors.RequestInvalid(reason="nothing was chosen")
    if len(given) > freezing.MOST:
        raise errors.RequestInvalid(reason=f"more than {freezing.MOST} were chosen")
    if not all(one.isascii() and one.isdigit() and len(one) <= 18 for one in given):
        raise errors.RequestInvalid(reason="what was chosen is no number")
    return [int(one) for one in given]


def filter_of(model: type[Filter]) -> Filter:
    """The list's filter that came along with a form; what was emptied stays empty.

    Raises: RequestInvalid: something in it is malformed.
    """
    kept = (
        (name.removeprefix(_KEPT), value) for name, value in request.form.items() if name.startswith(_KEPT)
    )
    given = {name: value.strip() for name, value in kept if model.takes(name)}
    try:
        return model.model_validate(given)
    except ValidationError as exc:
        raise problems.from_validation(exc) from exc


def preview(
    template: str,
    container: Container,
    subject: str,
    frozen: Frozen,
    able: Sequence[object],
    *,
    problem: errors.LienthongError | None,
    **told: object,
) -> str:
    """The page that shows *frozen* before it is confirmed; *told* is what it tells of its *subject* alone.

    *able*: those of the list that the act can still be done about.
    """
    return page(
        template,
        container,
        frozen=frozen,
        ice=freezing.freeze(container, subject, str(visitor().account), frozen),
        gone=len(frozen.ids) - len(able),
        samples=able[: freezing.SAMPLES],
        typed_above=freezing.typed_above(frozen.action),
        target=request.form.get("target", ""),
        problem=problem,
        typed=request.form,
        **told,
    )


def confirm(
    container: Container,
    subject: str,
    again: Callable[[Frozen, errors.LienthongError], str],
    only: Collection[str] | None = None,
) -> Response:
    """Make a batch of what the preview of *subject* showed and go to its page; *again* shows it anew where that is refused.

    A list that was seen too long ago is shown as it stands now, to be confirmed anew. *only*: the acts that are confirmed here.
    Raises: FormStale: it is no such list.
    """
    given, who = request.form.get("frozen", ""), str(visitor().account)
    try:
        frozen = freezing.thaw(container, subject, who, given)
    except errors.FormStale as stale:
        seen = freezing.outdated(container, subject, who, given)
        if seen is None:
            raise
        _check_act(seen, only)
        return _answer(again(seen, stale), stale.status)
    _check_act(frozen, only)
    try:
        _check_count(frozen)
        batch = acts.create(
            container.store,
            frozen.action,
            frozen.ids,
            subject=subject,
            by=visitor().name,
            reason=rendering.reason(),
            target=request.form.get("target", "")[:500],
            confirmed=frozen.mark,
            given=frozen.given,
        )
    except errors.RequestInvalid as problem:
        return _answer(again(frozen, problem), problem.status)
    return back(f"/lo/{batch}")


def _check_act(frozen: Frozen, only: Collection[str] | None) -> None:
    """Raises: FormStale: what one page may confirm, another right may be needed for on the other."""
    if only is not None and frozen.action not in only:
        raise errors.FormStale(reason="the list was seen on another page")


def _answer(content: str, status: int) -> Response:
    return Response(content, status=status, content_type="text/html; charset=utf-8")


def _check_count(frozen: Frozen) -> None:
    """Raises: RequestInvalid: the number of what is large or cannot be undone was not typed."""
    count = len(frozen.ids)
    if count > freezing.typed_above(frozen.action) and request.form.get("count", "").strip() != str(count):
        raise errors.RequestInvalid(reason=f"type the number {count} to confirm")
