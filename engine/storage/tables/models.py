"""Tables of what is deployed and set up: deployments, models, procedures, the timetable, the installation."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from engine.storage.tables.base import identity, metadata, moment, words

deployment = Table(
    "deployment",
    metadata,
    identity(),
    words("procedure_code"),
    Column("version", Integer, nullable=False),
    words("process"),
    words("hash"),
    Column("definition", JSONB, nullable=False),  # procedure.yaml as read
    moment("deployed_at", now=True),
    words("deployed_by", default=""),
    moment("retired_at"),  # from then on it cannot be made the active one
    Column("findings", Integer),  # warnings when it was stored; null: nobody looked
    words("commit_id", nullable=True),  # of the folder's repository; null: nobody said
    Column("commit_changed", Boolean),  # whether the folder had changes that are in no commit
    UniqueConstraint("procedure_code", "version"),
    UniqueConstraint("procedure_code", "hash"),
)

model = Table(
    "model",
    metadata,
    Column("deployment_id", ForeignKey("deployment.id"), primary_key=True),
    Column("name", words("name").type, primary_key=True),
    words("kind"),  # bpmn | dmn | form | procedure | scenario | text
    Column("original", LargeBinary, nullable=False),
    Column("canonical", LargeBinary, nullable=False),
    words("sha256"),
    words("canonical_sha256"),
    Column("rewriter", Integer, nullable=False, server_default="1"),
)

scenario_run = Table(
    "scenario_run",
    metadata,
    Column("deployment_id", ForeignKey("deployment.id"), primary_key=True),  # the last run of each
    moment("at", now=True),
    words("who"),
    Column("results", JSONB, nullable=False),  # [{file, name, passed, wrong}]
)

procedure = Table(
    "procedure",
    metadata,
    Column("code", words("code").type, primary_key=True),
    words("name_vi"),
    words("name_en"),
    Column("active_deployment_id", ForeignKey("deployment.id"), nullable=False),
)

schedule = Table(
    "schedule",
    metadata,
    Column("name", words("name").type, primary_key=True),
    words("job"),
    words("trigger"),  # "every 10 s" or a cron line
    words("planned", nullable=True),  # the trigger that the settings gave; null: they gave this one
    Column("arguments", JSONB, nullable=False, server_default=text("'{}'")),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    moment("next_at"),
    moment("last_at"),
    Column("late_s", Float),  # how long after its moment it fired last
    Index("schedule_next_at_idx", "next_at"),
)

installation = Table(
    "installation",
    metadata,
    Column("name", words("name").type, primary_key=True),
    Column("value", JSONB, nullable=False),
)
"""One row per fact of this installation: ``environment`` (name), ``demo_offset_s``, ``sending`` (paused or not)."""
