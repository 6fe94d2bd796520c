"""Which of the running dossiers on other versions could go to one version, and what keeps the others where they are.

Dossiers whose tokens stand alike are judged once. Nothing is changed here: each is judged again when it is taken over.
"""

from collections.abc import Hashable
from dataclasses import dataclass

from engine.actions.deploy import DeploymentShelf
from engine.errors import StateUnreadable
from engine.queries import migrations
from engine.queries.migrations import Candidate
from engine.runtime import migrating, state
from engine.runtime.migrating import Unlike
from engine.storage.database import Store

MOST = 10_000
"""How many dossiers are judged, the oldest: as many as a batch holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Safe:
    """A dossier that could go."""

    id: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Dossiers that stay for the same first reason; *codes*: the oldest of them."""

    why: Unlike
    count: int
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was found: *total* run elsewhere, of which the oldest `MOST` were judged; *kept*: most frequent reason first."""

    total: int
    safe: tuple[Safe, ...]
    kept: tuple[Kept, ...]


def survey(store: Store, shelf: DeploymentShelf, deployment: int, *, samples: int = 5) -> Survey:
    """Who could go to *deployment*, with up to *samples* codes for each reason."""
    with store.reading() as connection:
        total = migrations.count_elsewhere(connection, deployment)
        found = list(migrations.elsewhere(connection, deployment, limit=MOST))
    known: dict[Hashable, Unlike | None] = {}
    safe: list[Safe] = []
    kept: dict[Unlike, list[str]] = {}
    for one in found:
        why = _judged(shelf, one, deployment, known)
        if why is None:
            safe.append(Safe(id=one.id, code=one.code))
        else:
            kept.setdefault(why, []).append(one.code)
    groups = [Kept(why=why, count=len(codes), codes=tuple(codes[:samples])) for why, codes in kept.items()]
    return Survey(total=total, safe=tuple(safe), kept=tuple(sorted(groups, key=lambda group: -group.count)))


def _judged(
    shelf: DeploymentShelf, one: Candidate, deployment: int, known: dict[Hashable, Unlike | None]
) -> Unlike | None:
    """The first reason against it; None: there is none."""
    try:
        key = (one.deployment, state.shape(one.state))
        if key not in known:
            found = migrating.reasons(shelf(one.deployment), shelf(deployment), one.state)
            known[key] = found[0] if found else None
        return known[key]
    except StateUnreadable:
        return Unlike(code="state-unreadable")
