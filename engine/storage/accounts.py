"""Rows of people: accounts, and sign-ins that failed. Moments are the database's own time.

Their sessions are in `engine.storage.sessions`; how passwords are hashed and what a role may do is in `engine.actions.accounts`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.storage.database import json_text

COLUMNS = "a.id, a.name, a.password, a.roles, a.unit, a.enabled, a.second_factor"
_BY_NAME = text(f"SELECT {COLUMNS} FROM account a WHERE a.name = :name")
_LOCKED = text(f"SELECT {COLUMNS} FROM account a WHERE a.id = :id FOR UPDATE")
_BY_SUBJECT = text(f"SELECT {COLUMNS} FROM account a WHERE a.subject = :subject")
_BIND = text("UPDATE account SET subject = :subject WHERE id = :id")
_ADD = text(
    "INSERT INTO account (name, password, roles, unit) VALUES (:name, :password, CAST(:roles AS jsonb), :unit)"
    " RETURNING id"
)
_CHANGE = text(
    "UPDATE account SET roles = CAST(:roles AS jsonb), unit = :unit, enabled = :enabled WHERE id = :id"
)
_PASSWORD = text("UPDATE account SET password = :password WHERE id = :id")
_HOLD = text("SELECT id FROM account WHERE id = :id OR roles @> CAST(:roles AS jsonb) ORDER BY id FOR UPDATE")
_ADMINS = text(
    "SELECT id FROM account WHERE enabled AND roles @> CAST(:roles AS jsonb) AND id <> :id FOR UPDATE"
)
_SECOND_FACTOR = text("UPDATE account SET second_factor = :sealed, second_factor_step = NULL WHERE id = :id")
_STEP = text(
    "UPDATE account SET second_factor_step = :step WHERE id = :id AND coalesce(second_factor_step, 0) < :step RETURNING id"
)
_BY_ID = text(f"SELECT {COLUMNS} FROM account a WHERE a.id = :id")
_WAIT = text(
    "SELECT coalesce(max(extract(epoch FROM until - now())), 0) FROM failed_sign_in"
    " WHERE address = :address AND name IN (:name, '') AND until > now()"
)
_FAILED = text(
    """
    INSERT INTO failed_sign_in AS f (name, address, failures) VALUES (:name, :address, 1)
    ON CONFLICT (name, address) DO UPDATE SET last_at = now(),
        failures = CASE WHEN f.last_at < now() - interval '1 hour' THEN 1 ELSE f.failures + 1 END,
        until = CASE WHEN f.failures + 1 >= :free
            THEN now() + make_interval(secs => least(300, power(2, least(f.failures + 1 - :free, 9)))) END
    """
)
_FORGET = text("DELETE FROM failed_sign_in WHERE name = :name AND address = :address")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAccount:
    """A person's account; *password* is an argon2 hash."""

    id: int
    name: str
    password: str | None
    roles: tuple[str, ...]
    unit: str | None
    enabled: bool
    second_factor: str | None = None  # sealed


def find_by_name(connection: Connection, name: str) -> StoredAccount | None:
    return _account(connection, _BY_NAME, name=name)


def find_by_id(connection: Connection, account: int) -> StoredAccount | None:
    return _account(connection, _BY_ID, id=account)


def find_by_subject(connection: Connection, subject: str) -> StoredAccount | None:
    """Whose person the identity provider calls *subject*."""
    return _account(connection, _BY_SUBJECT, subject=subject)


def bind(connection: Connection, account: int, subject: str | None) -> None:
    """Raises: StoreConflict: another account has this person."""
    connection.execute(_BIND, {"id": account, "subject": subject})


def lock(connection: Connection, account: int) -> StoredAccount | None:
    """The account, held by this transaction."""
    return _account(connection, _LOCKED, id=account)


def add(connection: Connection, name: str, password: str, roles: Sequence[str], unit: str | None) -> int:
    """A new account's id. Raises: StoreConflict when the name is taken."""
    parameters = {"name": name, "password": password, "roles": json_text(list(roles)), "unit": unit}
    identifier: int = connection.execute(_ADD, parameters).scalar_one()
    return identifier


def change(
    connection: Connection, account: int, *, roles: Sequence[str], unit: str | None, enabled: bool
) -> None:
    parameters = {"id": account, "roles": json_text(list(roles)), "unit": unit, "enabled": enabled}
    connection.execute(_CHANGE, parameters)


def set_password(connection: Connection, account: int, password: str) -> None:
    connection.execute(_PASSWORD, {"id": account, "password": password})


def hold_with(connection: Connection, role: str, account: int) -> None:
    """Hold *account* and everybody with *role*, in the order of their ids: changes of two of them wait for each other."""
    connection.execute(_HOLD, {"roles": json_text([role]), "id": account})


def others_with(connection: Connection, role: str, account: int) -> bool:
    """Whether another enabled account than *account* has *role*; held so that it stays true until commit."""
    rows = connection.execute(_ADMINS, {"roles": json_text([role]), "id": account})
    return rows.first() is not None


def set_second_factor(connection: Connection, account: int, sealed: str | None) -> None:
    connection.execute(_SECOND_FACTOR, {"id": account, "sealed": sealed})


def take_step(connection: Connection, account: int, step: int) -> bool:
    """Whether no code of this *step* of time or a later one was taken before; then this one is."""
    return connection.scalar(_STEP, {"id": account, "step": step}) is not None


def wait_s(connection: Connection, name: str, address: str) -> float:
    """How long this address must wait before it tries *name* again; 0 when it need not."""
    return float(connection.scalar(_WAIT, {"name": name, "address": address}) or 0)


def count_failure(connection: Connection, name: str, address: str, *, free: int) -> None:
    """Count a failure; from the *free*-th on within an hour, each doubles the wait, up to five minutes."""
    connection.execute(_FAILED, {"name": name, "address": address, "free": free})


def forget_failures(connection: Connection, name: str, address: str) -> None:
    connection.execute(_FORGET, {"name": name, "address": address})


def _account(connection: Connection, statement: object, **parameters: object) -> StoredAccount | None:
    row = connection.execute(statement, parameters).mappings().one_or_none()  # type: ignore[call-overload]
    return None if row is None else StoredAccount(**{**row, "roles": tuple(row["roles"])})
