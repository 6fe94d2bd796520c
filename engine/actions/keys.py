"""API keys: made once, shown once, stored as a digest; and who a presented key belongs to.

A key is ``lt_<prefix>_<secret>``: the prefix finds the row, the SHA-256 of the whole text (256 random bits, so no slow
hash is needed) proves it. Expiry runs on the database's own time, which demo time does not move.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from engine import errors
from engine.storage import access, units
from engine.storage.database import Store

SCOPES = {
    "dossiers:read": "read dossiers, timelines and documents",
    "dossiers:write": "hand in dossiers, documents and supplements, withdraw",
    "dossiers:suspend": "hold dossiers still and let them go on",
    "dossiers:amend": "correct a value of a dossier's data, give a later due date",
    "dossiers:move": "have a dossier go on at another step",
    "work-items": "list, claim and complete what a person must do",
    "messages": "send messages as the partner that the key belongs to",
    "messages:handle": "list messages that came, say whose they are, reject them",
    "incidents": "list incidents and act on them",
    "calls": "list what is sent to partners, hold it, let it go on, withdraw it",
    "calls:renew": "send a refused call again with a new key",
    "batches": "do one act about many, follow it, pause it; each act takes its own scope beside",
    "partners": "pause partners and let them go on",
    "schedules": "read and edit the timetable, run a row of it",
    "deployments": "upload procedures, activate a version",
    "mailbox": "fetch and acknowledge what waits for the partner that the key belongs to",
    "metrics": "read /metrics",
    "admin": "everything",
}
"""Every scope and what it allows."""

SPEAKING = frozenset({"messages", "mailbox"})
"""The scopes of a key that speaks as its partner: without a partner it could do nothing."""

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is asking: a key's owner. *unit* and *partner* narrow what it sees; None means no narrowing."""

    id: str
    name: str
    scopes: frozenset[str]
    unit: str | None
    partner: str | None

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes

    def require(self, scope: str) -> None:
        """Raises: NotAllowed when the key lacks *scope*."""
        if not self.may(scope):
            raise errors.NotAllowed(what=f"{SCOPES.get(scope, scope)}: it lacks the scope {scope}")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A new key; *text* is never to be had again."""

    name: str
    prefix: str
    text: str


def create(
    store: Store,
    name: str,
    *,
    scopes: Iterable[str],
    unit: str | None = None,
    partner: str | None = None,
    expires_at: datetime | None = None,
    by: str = "command line",
) -> IssuedKey:
    """Issue a key.

    Raises:
        RequestInvalid: a scope that does not exist, or none at all; a unit that does not exist; one of the scopes
            that speak for a partner, and no partner.
    """
    wanted = tuple(dict.fromkeys(scopes))
    _check(wanted, partner)
    made, digest = _new_key(name)
    row = access.StoredKey(
        name=name,
        prefix=made.prefix,
        sha256=digest,
        scopes=wanted,
        unit=unit,
        partner=partner,
        expired=False,
        revoked=False,
    )
    with store.transaction() as connection:
        units.require(connection, unit)
        access.add_key(connection, row, expires_at=expires_at, by=by)
        access.audit(connection, by, "key-created", facts={"prefix": made.prefix, "scopes": list(wanted)})
    return made


def _check(scopes: tuple[str, ...], partner: str | None) -> None:
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise errors.RequestInvalid(
            reason=f"scope {unknown[0] if unknown else '(none)'}: choose from {', '.join(SCOPES)}"
        )
    if partner is None and "admin" not in scopes and not SPEAKING.isdisjoint(scopes):
        raise errors.RequestInvalid(
            reason=f"a key with the scope {' or '.join(sorted(SPEAKING))} needs a partner"
        )


def _new_key(name: str) -> tuple[IssuedKey, str]:
    """A key out of random bits, and the digest that is stored."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    text = f"lt_{prefix}_{secrets.token_urlsafe(32)}"
    return IssuedKey(name=name, prefix=prefix, text=text), _digest(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """A new key in place of one that goes on working until *old_expires_at*."""

    key: IssuedKey
    old_expires_at: datetime


def rotate(store: Store, prefix: str, *, overlap_s: float, by: str) -> Rotated:
    """Issue a key like the one with *prefix*, which ends after *overlap_s*; lasting as long as the old one did.

    Raises:
        RequestInvalid: no key with this prefix is in force.
    """
    with store.transaction() as connection:
        old = access.retire_key(connection, prefix, overlap_s=overlap_s)
        if old is None:
            raise errors.RequestInvalid(
                reason=f"no key in force has the prefix {prefix}; `lienthong keys list` shows them"
            )
        made, digest = _new_key(old.key.name)
        row = replace(old.key, prefix=made.prefix, sha256=digest)
        access.add_key(connection, row, expires_at=old.successor_expires_at, by=by)
        access.audit(connection, by, "key-rotated", facts={"prefix": prefix, "successor": made.prefix})
    return Rotated(key=made, old_expires_at=old.expires_at)


def revoke(store: Store, prefix: str, *, by: str) -> str:
    """End the key with *prefix* at once; its name.

    Raises:
        RequestInvalid: no key with this prefix is in force.
    """
    with store.transaction() as connection:
        name = access.revoke_key(connection, prefix)
        if name is None:
            raise errors.RequestInvalid(
                reason=f"no key in force has the prefix {prefix}; `lienthong keys list` shows them"
            )
        access.audit(connection, by, "key-revoked", facts={"prefix": prefix})
    return name


def authenticate(store: Store, text: str) -> Principal:
    """Whose key this is.

    Raises:
        NotAuthenticated: no key of ours, or one that is expired or revoked.
    """
    parts = text.split("_", 2)
    if len(parts) != 3 or parts[0] != "lt":
        raise errors.NotAuthenticated(reason="this is no key of this system")
    found = _find(store, parts[1])
    if found is None or not hmac.compare_digest(found.sha256, _digest(text)):
        raise errors.NotAuthenticated(reason="the key is not known here")
    principal = _principal(found)
    if found.unnoted:
        with store.transaction() as connection:
            access.note_use(connection, found.prefix)
    return principal


def in_force(store: Store, prefix: str) -> Principal:
    """The owner of the key with *prefix*, for whoever proved otherwise that it is theirs.

    Raises:
        NotAuthenticated: it is gone, expired or revoked.
    """
    found = _find(store, prefix)
    if found is None:
        raise errors.NotAuthenticated(reason="the key is not known here")
    return _principal(found)


def _find(store: Store, prefix: str) -> access.StoredKey | None:
    with store.reading() as connection:
        return access.find_key(connection, prefix[:64].replace("\0", ""))


def _principal(found: access.StoredKey) -> Principal:
    if found.revoked or found.expired:
        raise errors.NotAuthenticated(reason="the key was revoked" if found.revoked else "the key expired")
    return Principal(
        id=f"key:{found.prefix}",
        name=found.name,
        scopes=frozenset(found.scopes),
        unit=found.unit,
        partner=found.partner,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
