"""What every act about many shares: the list that a preview froze, its bound, and the number that is typed.

What an act can be done about, and what a preview tells of it, is each page's own business.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from engine import errors
from web.console.access import visitor
from web.container import Container

MOST = 10_000
"""How many items a batch holds; of more that match, the oldest."""
COUNTED = 1_000_000
"""How far those that match are counted where there are more than a batch holds."""
TYPED_ABOVE = 100
SAMPLES = 5
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


def chosen(name: str) -> list[int] | None:
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


def filters(names: Sequence[str]) -> dict[str, str]:
    """The list's filter that came along with a form, of the *names* that it gives."""
    return {
        name: request.form[f"filter_{name}"].strip() for name in names if f"filter_{name}" in request.form
    }


def freeze(container: Container, subject: str, frozen: Frozen) -> str:
    """*frozen* as a form carries it, for this session."""
    content = [visitor().token, frozen.action, frozen.ids, frozen.ignored, frozen.total]
    signed = _signer(container, subject).dumps(content)
    return signed if isinstance(signed, str) else signed.decode()


def thaw(container: Container, subject: str) -> Frozen:
    """What the preview of *subject* showed. Raises: FormStale."""
    try:
        content = _signer(container, subject).loads(request.form.get("frozen", ""), max_age=_GOOD_S)
        token, action, ids, ignored, total = content
    except (BadSignature, ValueError, TypeError):
        raise errors.FormStale(reason="the list that was seen is too old") from None
    if token != visitor().token:
        raise errors.FormStale(reason="the list that was seen is of another session")
    return Frozen(action=str(action), ids=tuple(ids), ignored=int(ignored), total=int(total))


def check_count(frozen: Frozen, typed_above: int) -> None:
    """Raises: RequestInvalid: the number of what is large or cannot be undone was not typed."""
    count = len(frozen.ids)
    if count > typed_above and request.form.get("count", "").strip() != str(count):
        raise errors.RequestInvalid(reason=f"type the number {count} to confirm")


def _signer(container: Container, subject: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(container.secret, salt=f"{subject}-batch")
