"""Tables of what is measured: counts that only grow and how far the rows were counted, which processes run, backups made."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, Table, text
from sqlalchemy.dialects.postgresql import JSONB

from engine.storage.tables.base import identity, metadata, moment, words

tally = Table(
    "tally",
    metadata,
    Column("metric", words("metric").type, primary_key=True),
    Column("one", words("one").type, primary_key=True),  # the first label's value
    Column("two", words("two").type, primary_key=True),  # the second label's; empty where there is none
    Column("bound", Float, primary_key=True, server_default=text("0")),  # a histogram's bucket, in seconds
    Column("value", Float, nullable=False),
)

tally_mark = Table(
    "tally_mark",
    metadata,
    Column("name", words("name").type, primary_key=True),
    moment("upto", now=True),  # rows that ended before are counted
)

presence = Table(
    "presence",
    metadata,
    Column("name", words("name").type, primary_key=True),  # what the process marks its leases with
    words("role"),  # worker | scheduler
    words("host"),
    Column("pid", Integer, nullable=False),
    words("version"),
    Column("draining", Boolean, nullable=False, server_default=text("false")),
    moment("started_at", now=True),
    moment("seen_at", now=True),
    # partner → hash of the contract that it holds
    Column("contracts", JSONB, nullable=False, server_default=text("'{}'")),
    # partner → changed_at, revision, trouble of the secret's file
    Column("secrets", JSONB, nullable=False, server_default=text("'{}'")),
)

backup = Table(
    "backup",
    metadata,
    identity(),
    words("status", default="running"),  # running | done | failed
    words("who"),
    words("host"),
    words("folder"),
    words("file", default=""),  # its name, once it is whole
    Column("size_bytes", BigInteger),
    words("sha256", nullable=True),
    Column("dossiers", BigInteger),
    moment("taken_at"),  # the moment whose data it holds
    moment("started_at", now=True),
    moment("ended_at"),
    moment(
        "verified_at"
    ),  # when it was restored and compared last; null: never, or it was not what it should be
    Column("checked", Integer),  # dossiers whose evidence was checked in it
    words("detail", default=""),
)
