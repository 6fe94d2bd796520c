"""The metadata with its naming rule, and the column shapes that every table shares."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, MetaData, Text, func

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)


def identity() -> Column[int]:
    """A bigint key that the database counts up."""
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def moment(name: str, *, now: bool = False, nullable: bool = True) -> Column[object]:
    """An aware instant in UTC; with *now*, the database's own time unless given."""
    return Column(
        name,
        DateTime(timezone=True),
        server_default=func.now() if now else None,
        nullable=nullable and not now,
    )


def words(name: str, *, default: str | None = None, nullable: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, Text, server_default=default, nullable=nullable)
