"""Unit rows: the offices at which dossiers are handed in, decided on and fetched."""

from sqlalchemy import Connection, text

_ENSURE = text(
    "INSERT INTO unit (code, name, calendar_code) VALUES (:code, :name, :calendar) ON CONFLICT (code) DO NOTHING"
)


def ensure(connection: Connection, code: str, name: str, *, calendar: str) -> None:
    """Have the unit *code* with the working *calendar*; one that is there is left alone."""
    connection.execute(_ENSURE, {"code": code, "name": name, "calendar": calendar})
