"""The list that an act about many was seen for: counted, and frozen in a signed text until whoever saw it confirms it.

What an act can be done about is in `web.choosing`; what becomes of the list in `engine.actions.batches`.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from itsdangerous import BadSignature, URLSafeTimedSerializer

from engine import errors
from engine.exchange.ports import Json
from web.container import Container

MOST = 10_000
"""How many items a batch holds; of more that match, the oldest."""
COUNTED = 1_000_000
"""How far those that match are counted where there are more than a batch holds."""
TYPED_ABOVE = 100
"""Above how many items the number of them is typed, where an act can be undone."""
SAMPLES = 5
"""How many of a list a preview tells by name."""
GOOD_S = 1800
"""How long what was seen can be confirmed, in seconds."""
_PER_ITEM_S = 0.01
_FOR_GOOD = frozenset({"cancel", "withdraw"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What a preview showed: the act and the ids that it can be done about, in the order of reception.

    *ignored* were chosen, but nothing can be done about them; *total* matched, more than that where `MOST` cut them off.
    *target* says in words what was asked for, where whoever confirms does not say it again. *given* is what the act takes beside
    its items. *mark* tells the list, once it
    was seen, from every other.
    """

    action: str
    ids: tuple[int, ...]
    ignored: int
    total: int
    target: str = ""
    given: Mapping[str, Json] = field(default_factory=dict)
    mark: str | None = None

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


def matching(ids: Callable[..., list[int]], count: Callable[..., tuple[int, bool]]) -> tuple[list[int], int]:
    """As many of those that match as a batch holds, the oldest; and how many match.

    *ids* takes a ``limit`` and *count* up to how many it counts at ``most``, as the queries of every list do.
    """
    found = ids(limit=MOST)
    return found, len(found) if len(found) < MOST else count(most=COUNTED + 1)[0]


def typed_above(action: str) -> int:
    """Above how many items the number of them is typed: always where the act cannot be undone."""
    return 0 if action in _FOR_GOOD else TYPED_ABOVE


def freeze(container: Container, subject: str, who: str, frozen: Frozen) -> str:
    """*frozen*, a list of *subject*, as a text that only *who* (an account, a key) can confirm."""
    nonce = secrets.token_urlsafe(9)  # the same list seen twice in a second is two lists
    content = [
        who,
        frozen.action,
        frozen.ids,
        frozen.ignored,
        frozen.total,
        frozen.target,
        dict(frozen.given),
        nonce,
    ]
    signed = _signer(container, subject).dumps(content)
    return signed if isinstance(signed, str) else signed.decode()


def thaw(container: Container, subject: str, who: str, text: str) -> Frozen:
    """What *who* saw. Raises: FormStale."""
    return _read(container, subject, who, text, within_s=GOOD_S)


def outdated(container: Container, subject: str, who: str, text: str) -> Frozen | None:
    """What *who* saw, however long ago, to be shown anew and confirmed anew; None: it is no list of theirs."""
    try:
        return _read(container, subject, who, text, within_s=None)
    except errors.FormStale:
        return None


def _read(container: Container, subject: str, who: str, text: str, *, within_s: int | None) -> Frozen:
    try:
        content = _signer(container, subject).loads(text, max_age=within_s)
        whose, action, ids, ignored, total, target, given, _ = content
    except (BadSignature, ValueError, TypeError):
        raise errors.FormStale(reason="the list that was seen is too old") from None
    if whose != who:
        raise errors.FormStale(reason="the list that was seen is of another account or key")
    return Frozen(
        action=str(action),
        ids=tuple(ids),
        ignored=int(ignored),
        total=int(total),
        target=str(target),
        given=dict(given),
        mark=hashlib.sha256(f"{subject}.{text}".encode()).hexdigest(),
    )


def _signer(container: Container, subject: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(container.secret, salt=f"{subject}-batch")
