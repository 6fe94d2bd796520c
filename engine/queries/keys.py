"""The API keys that were issued; never their secrets."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_LIST = text(
    """
    SELECT name, prefix, scopes, unit, partner, created_at, created_by, expires_at, used_at,
        CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= now() THEN 'expired' ELSE 'in force' END AS state
    FROM api_key ORDER BY id
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKeyLine:
    """A key as lists show it."""

    name: str
    prefix: str
    scopes: tuple[str, ...]
    unit: str | None
    partner: str | None
    created_at: datetime
    created_by: str  # empty: made before that was kept
    expires_at: datetime | None
    used_at: datetime | None  # about
    state: str  # in force | expired | revoked


def list_keys(connection: Connection) -> list[IssuedKeyLine]:
    """Every key, oldest first."""
    return [
        IssuedKeyLine(**{**row, "scopes": tuple(row["scopes"])})
        for row in connection.execute(_LIST).mappings()
    ]
