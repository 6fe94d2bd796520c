"""What is made true of a database that comes from a backup, before anybody can look at it, and when it may send again.

What the lost installation did after the dump is not known: a call that was open then may have reached its partner since,
also one that nobody had begun. So each is unknown and goes the way of its operation: asked after, sent again where the
partner drops repeats, else a person's. The same holds, until sending goes on, for calls that dossiers of the dump write anew.
"""

from dataclasses import dataclass

from psycopg import sql
from sqlalchemy import Connection, text

from engine.exchange.ports import Json
from engine.storage import calls, installation
from engine.storage.backups.manifest import Manifest
from engine.storage.database import notify

RESTORED = "restored"
COUNTED = 1_000
_DETAIL = "the database was restored from a backup: it may have been sent since"

# A held call stays held. One that was pending gets the attempt that somebody may have made of it; what its attempts and
# questions came to before is kept under their numbers.
_UNKNOWN = f"""
    WITH open AS (
        SELECT id, status = 'pending' AS pending FROM call WHERE status IN ('pending', 'sending') AND dossier_id <= (
            SELECT CAST(value ->> 'through' AS bigint) FROM installation WHERE name = '{RESTORED}')
        ORDER BY id FOR UPDATE),
    opened AS (
        UPDATE call c SET status = CASE WHEN c.repeat = 'neither' THEN 'incident' ELSE 'unknown' END,
            attempt = c.attempt + CASE WHEN o.pending THEN 1 ELSE 0 END,
            sends = c.sends + CASE WHEN o.pending THEN 1 ELSE 0 END,
            worker = NULL, lease_until = NULL, earlier_asks = c.earlier_asks + c.asks, asks = 0, absents = 0,
            due_at = CASE WHEN c.id IN (SELECT call_id FROM call_hold) THEN c.due_at ELSE now() END, detail = '{_DETAIL}'
        FROM open o WHERE c.id = o.id
        RETURNING c.id, c.dossier_id, c.partner, c.operation, c.element, c.task, c.status, c.attempt, o.pending),
    tried AS (
        INSERT INTO attempt (call_id, ask, number, worker, started_at, detail, partner)
        SELECT id, false, attempt, '', now(), '{_DETAIL}', partner FROM opened WHERE pending),
    told AS (
        INSERT INTO incident (cause, dossier_id, partner, call_id, task, element, title, facts, actions)
        SELECT 'unknown-outcome', dossier_id, partner, id, task, element,
            partner || '.' || operation || ': {_DETAIL}', jsonb_build_object('operation', operation, 'reason', '{RESTORED}'),
            '["done", "resend", "skip"]'
        FROM opened WHERE status = 'incident')
    SELECT count(*) FROM opened
"""

_RESTORED = f"""
    INSERT INTO installation (name, value)
    SELECT '{RESTORED}', jsonb_build_object('at', now(), 'taken_at', CAST({{taken_at}} AS text), 'file', CAST({{file}} AS text),
        'by', CAST({{by}} AS text), 'through', coalesce((SELECT max(id) FROM dossier), 0))
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
_ENVIRONMENT = f"""
    INSERT INTO installation (name, value) VALUES ('{installation.ENVIRONMENT}', to_jsonb(CAST({{environment}} AS text)))
    ON CONFLICT (name) DO NOTHING
"""
_PAUSED = f"""
    INSERT INTO installation (name, value) VALUES ('{installation.SENDING}', '"paused"')
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
# The clock may have been moved, so the days are counted on the installation's own.
_COUNTERS = """
    WITH clock AS (SELECT make_interval(secs => coalesce((SELECT CAST(value AS float8) FROM installation
        WHERE name = 'demo_offset_s' AND jsonb_typeof(value) = 'number'), 0)) AS ahead),
    days AS (SELECT CAST(generate_series(
        date_trunc('day', (CAST({taken_at} AS timestamptz) + ahead) AT TIME ZONE 'Asia/Ho_Chi_Minh'),
        date_trunc('day', (now() + ahead) AT TIME ZONE 'Asia/Ho_Chi_Minh'), interval '1 day') AS date) AS day FROM clock)
    INSERT INTO dossier_counter (unit, day, last)
    SELECT unit, day, {ahead} FROM days CROSS JOIN (SELECT code AS unit FROM unit UNION SELECT unit FROM dossier_counter) u
    ON CONFLICT (unit, day) DO UPDATE SET last = dossier_counter.last + {ahead}
"""
_INCIDENT = """
    INSERT INTO incident (cause, title, facts, actions)
    SELECT 'backup-restored', 'the database is that of ' || {taken_at} || ', restored from ' || {file}
        || ': what was done since is not in it, and ' || count(*) || ' open calls may have been sent',
        jsonb_build_object('file', CAST({file} AS text), 'taken_at', CAST({taken_at} AS text), 'calls', count(*)), '["close"]'
    FROM call WHERE detail = {detail}
"""
_AUDIT = """
    INSERT INTO audit (who, what, facts) VALUES ({by}, 'backup-restored',
        jsonb_build_object('file', CAST({file} AS text), 'taken_at', CAST({taken_at} AS text)))
"""

_LOOK = text(f"SELECT value FROM installation WHERE name = '{RESTORED}'")
_RELEASE = text(
    f"DELETE FROM installation WHERE name = '{installation.SENDING}' AND value = '\"paused\"' RETURNING name"
)
_FOLLOWED = text(
    f"UPDATE installation SET value = value || jsonb_build_object('released_at', now()) WHERE name = '{RESTORED}'"
)
_STANDING = text(
    """
    SELECT to_regclass('public.dossier') IS NOT NULL AS ours,
        (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')) AS things,
        (SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend') AS others,
        (SELECT current_setting('server_version_num')::integer / 10000) AS server_major
    """
)
_DOSSIERS = text(f"SELECT count(*) FROM (SELECT 1 FROM dossier LIMIT {COUNTED}) AS found")
_MARKED = text(f"SELECT count(*) FROM call WHERE detail = '{_DETAIL}'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The database that is to be restored into: whether it is *ours*, holds *things* and *dossiers* (counted up to `COUNTED`),
    and how many *others* are connected."""

    ours: bool
    things: int
    others: int
    server_major: int
    dossiers: int


def look_at(connection: Connection) -> Target:
    """What is there now."""
    row = connection.execute(_STANDING).mappings().one()
    return Target(**row, dossiers=int(connection.scalar(_DOSSIERS) or 0) if row["ours"] else 0)


def after_restore(manifest: Manifest, *, by: str, ahead: int) -> list[str]:
    """The statements that make a restored database safe: nothing is sent, what was open is unknown, numbers begin *ahead*."""
    given = {
        "detail": sql.Literal(_DETAIL),
        "taken_at": sql.Literal(manifest.taken_at.isoformat()),
        "file": sql.Literal(manifest.file),
        "by": sql.Literal(by),
        "environment": sql.Literal(manifest.environment),
        "ahead": sql.Literal(ahead),
    }
    wanted = (_ENVIRONMENT, _RESTORED, _PAUSED, _UNKNOWN, _COUNTERS, _AUDIT, _INCIDENT)
    return [sql.SQL(one).format(**given).as_string(None) for one in wanted]


def marked(connection: Connection) -> int:
    """How many calls are open that may have been sent since the backup that this database comes from."""
    return int(connection.scalar(_MARKED) or 0)


def restored(connection: Connection) -> dict[str, Json] | None:
    """What is known of the restore that this database comes from: at, taken_at, file, by, through, released_at."""
    found = connection.scalar(_LOOK)
    return found if isinstance(found, dict) else None


def is_paused(connection: Connection) -> bool:
    """Whether nothing is sent to anybody."""
    return installation.get(connection, installation.SENDING) == "paused"


def release(connection: Connection) -> int | None:
    """Let calls be sent again, those unknown that may have been sent before; how many. None: sending was not paused."""
    if connection.execute(_RELEASE).first() is None:
        return None
    found = restored(connection)
    changed = 0
    if found is not None and "released_at" not in found:
        changed = int(connection.scalar(text(_UNKNOWN)) or 0)
        connection.execute(_FOLLOWED)
    notify(connection, calls.CHANNEL)
    return changed
