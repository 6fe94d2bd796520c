"""What every act about many shares: what was chosen, the list that a preview froze, and its confirmation as a batch.

What an act can be done about, and what a preview tells of it, is each page's own business.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from flask import Response, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from pydantic import ValidationError

from engine import errors
from engine.actions import batches as acts
from web import problems
from web.console import rendering
from web.console.access import visitor
from web.console.rendering import View, back, page
from web.container import Container

Filter = TypeVar("Filter", bound=View)

MOST = 10_000
"""How many items a batch holds; of more that match, the oldest."""
COUNTED = 1_000_000
"""How far those that match are counted where there are more than a batch holds."""
TYPED_ABOVE = 100
_SAMPLES = 5
_GOOD_S = 1800
_PER_ITEM_S = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What a preview showed: the act and the ids that it can be done about, in the order of reception.

    *ignored* were chosen, but nothing can be done about them; *total* matched, more than that where `MOST` cut them off.
    """

    action: str
    ids: tuple[int, ...]
    ignored: int
    total: int

    @property
    def cut(self) -> bool:
        """Whether more match than a batch holds."""
        return self.total > MOST

    @property
    def counted(self) -> str:
        """How many match: exact up to a million."""
        told = f"{min(self.total, COUNTED):,}".replace(",", ".")
        return f"{told}+" if self.total > COUNTED else told

    @property
    def about_s(self) -> int:
        """About how long it takes, in seconds."""
        return max(1, round(len(self.ids) * _PER_ITEM_S))


def ticked(name: str) -> list[int] | None:
    """The ids that were ticked as *name*; None: all that match are wanted. Raises: RequestInvalid."""
    if request.form.get("all") == "yes":
        return None
    given = request.form.getlist(name)
    if not given:
        raise errors.RequestInvalid(reason="nothing was chosen")
    if len(given) > MOST:
        raise errors.RequestInvalid(reason=f"more than {MOST} were chosen")
    if not all(one.isascii() and one.isdigit() and len(one) <= 18 for one in given):
        raise errors.RequestInvalid(reason="what was chosen is no number")
    return [int(one) for one in given]


def filter_of(model: type[Filter]) -> Filter:
    """The list's filter that came along with a form; what was emptied stays empty.

    Raises: RequestInvalid: something in it is malformed.
    """
    given = {
        name: request.form[f"filter_{name}"].strip()
        for name in model.model_fields
        if f"filter_{name}" in request.form
    }
    try:
        return model.model_validate(given)
    except ValidationError as exc:
        raise problems.from_validation(exc) from exc


def matching(ids: Callable[..., list[int]], count: Callable[..., tuple[int, bool]]) -> tuple[list[int], int]:
    """As many of those that match as a batch holds, the oldest; and how many match.

    *ids* takes a ``limit`` and *count* up to how many it counts at ``most``, as the queries of every list do.
    """
    found = ids(limit=MOST)
    return found, len(found) if len(found) < MOST else count(most=COUNTED + 1)[0]


def preview(
    template: str,
    container: Container,
    subject: str,
    frozen: Frozen,
    able: Sequence[object],
    *,
    typed_above: int,
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
        ice=_freeze(container, subject, frozen),
        gone=len(frozen.ids) - len(able),
        samples=able[:_SAMPLES],
        typed_above=typed_above,
        target=request.form.get("target", ""),
        problem=problem,
        typed=request.form,
        **told,
    )


def _freeze(container: Container, subject: str, frozen: Frozen) -> str:
    """*frozen* as a form carries it, for this session."""
    content = [visitor().token, frozen.action, frozen.ids, frozen.ignored, frozen.total]
    signed = _signer(container, subject).dumps(content)
    return signed if isinstance(signed, str) else signed.decode()


def _thaw(container: Container, subject: str) -> Frozen:
    """What the preview of *subject* showed. Raises: FormStale."""
    try:
        content = _signer(container, subject).loads(request.form.get("frozen", ""), max_age=_GOOD_S)
        token, action, ids, ignored, total = content
    except (BadSignature, ValueError, TypeError):
        raise errors.FormStale(reason="the list that was seen is too old") from None
    if token != visitor().token:
        raise errors.FormStale(reason="the list that was seen is of another session")
    return Frozen(action=str(action), ids=tuple(ids), ignored=int(ignored), total=int(total))


def confirm(
    container: Container,
    subject: str,
    typed_above: Callable[[str], int],
    again: Callable[[Frozen, errors.RequestInvalid], str],
) -> Response:
    """Make a batch of what the preview of *subject* showed and go to its page; *again* shows it anew where that is refused.

    *typed_above* tells above how many items an act asks for their number. Raises: FormStale.
    """
    frozen = _thaw(container, subject)
    try:
        _check_count(frozen, typed_above(frozen.action))
        batch = acts.create(
            container.store,
            frozen.action,
            frozen.ids,
            subject=subject,
            by=visitor().name,
            reason=rendering.reason(),
            target=request.form.get("target", "")[:500],
        )
    except errors.RequestInvalid as problem:
        return Response(
            again(frozen, problem), status=problem.status, content_type="text/html; charset=utf-8"
        )
    return back(f"/lo/{batch}")


def _check_count(frozen: Frozen, typed_above: int) -> None:
    """Raises: RequestInvalid: the number of what is large or cannot be undone was not typed."""
    count = len(frozen.ids)
    if count > typed_above and request.form.get("count", "").strip() != str(count):
        raise errors.RequestInvalid(reason=f"type the number {count} to confirm")


def _signer(container: Container, subject: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(container.secret, salt=f"{subject}-batch")
