"""Rows of recovery codes: digests of those of an account that are still good. A code that was taken is no row any more."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

_FORGET = text("DELETE FROM recovery_code WHERE account_id = :account")
_ADD = text(
    "INSERT INTO recovery_code (account_id, digest) SELECT :account, unnest(CAST(:digests AS text[]))"
)
_TAKE = text("DELETE FROM recovery_code WHERE account_id = :account AND digest = :digest RETURNING digest")
_LEFT = text("SELECT count(*) FROM recovery_code WHERE account_id = :account")


def replace(connection: Connection, account: int, digests: Sequence[str]) -> None:
    """Have *digests* be good from now on, and none that were before."""
    connection.execute(_FORGET, {"account": account})
    if digests:
        connection.execute(_ADD, {"account": account, "digests": list(digests)})


def take(connection: Connection, account: int, digest: str) -> bool:
    """Whether a code with this *digest* was good; it is no longer."""
    return connection.scalar(_TAKE, {"account": account, "digest": digest}) is not None


def left(connection: Connection, account: int) -> int:
    """How many codes of *account* are still good."""
    return int(connection.scalar(_LEFT, {"account": account}) or 0)
