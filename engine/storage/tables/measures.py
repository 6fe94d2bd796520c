"""Tables of what is measured over time: counts that only grow, and how far the rows were counted."""

from sqlalchemy import Column, Float, Table, text

from engine.storage.tables.base import metadata, moment, words

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
