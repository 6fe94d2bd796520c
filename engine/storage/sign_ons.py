"""Rows of sign-ins that have begun at the identity provider: each is taken once, and forgotten after a quarter of an hour."""

from sqlalchemy import Connection, text

from engine.exchange.sign_on import SignOnBegun

_KEEP_S = 900

_BEGIN = text(
    "INSERT INTO sign_on (digest, state, nonce, verifier, next, kept)"
    " VALUES (:digest, :state, :nonce, :verifier, :next, :kept)"
)
_TAKE = text(
    "DELETE FROM sign_on WHERE digest = :digest"
    " RETURNING state, nonce, verifier, next, kept, begun_at > now() - make_interval(secs => :keep_s) AS fresh"
)
_PURGE = text("DELETE FROM sign_on WHERE begun_at < now() - make_interval(secs => :keep_s)")


def begin(connection: Connection, digest: str, begun: SignOnBegun, *, next_path: str, kept: str) -> None:
    """Remember what was begun under *digest*, with where to go on and a form to send again afterwards."""
    connection.execute(_PURGE, {"keep_s": _KEEP_S})
    given = {"digest": digest, "state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier}
    connection.execute(_BEGIN, {**given, "next": next_path, "kept": kept})


def take(connection: Connection, digest: str) -> tuple[SignOnBegun, str, str] | None:
    """What was begun, where to go on and the kept form, once; None when there is none, or it is too old."""
    row = connection.execute(_TAKE, {"digest": digest, "keep_s": _KEEP_S}).mappings().one_or_none()
    if row is None or not row["fresh"]:
        return None
    begun = SignOnBegun(address="", state=row["state"], nonce=row["nonce"], verifier=row["verifier"])
    return begun, row["next"], row["kept"]
