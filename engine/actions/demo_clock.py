"""Moving demo time: the offset that every process of a system reads. It only ever goes forward, as time does.

Only a system whose partners are simulated may do this; who decides on that is the caller.
"""

from datetime import UTC, datetime, timedelta

from engine.clock import VIETNAM
from engine.storage import installation
from engine.storage.database import Connection, Store


def is_in_use(store: Store) -> bool:
    """Whether the database, which has our schema, holds dossiers of people: some, though demo time was never set."""
    with store.reading() as connection:
        known = installation.get(connection, installation.DEMO_OFFSET_S) is not None
        return not known and installation.latest_submission(connection) is not None


def begin_at(store: Store, earliest: datetime) -> datetime:
    """Let it be *earliest*, or, where that is past here, the first Monday at the same hour after what was; the moment.

    What was is the demo time so far and the last submission, so that no day is lived through twice.
    """
    with store.transaction() as connection:
        moment = earliest
        known = installation.get(connection, installation.DEMO_OFFSET_S) is not None
        lived = [_now(connection)] if known else []
        latest = installation.latest_submission(connection)
        if latest is not None:
            lived.append(latest)
        if lived and max(lived) >= earliest:
            moment = _monday_after(max(lived), earliest)
        _set(connection, moment)
    return moment


def move_to(store: Store, moment: datetime) -> datetime:
    """Let it be *moment*, unless it is later already; the moment that it is then."""
    with store.transaction() as connection:
        now = _now(connection)
        if moment <= now:
            return now
        _set(connection, moment)
    return moment


def _now(connection: Connection) -> datetime:
    offset = installation.get(connection, installation.DEMO_OFFSET_S)
    return datetime.now(UTC) + timedelta(seconds=float(offset) if isinstance(offset, int | float) else 0.0)


def _set(connection: Connection, moment: datetime) -> None:
    installation.put(connection, installation.DEMO_OFFSET_S, (moment - datetime.now(UTC)).total_seconds())


def _monday_after(moment: datetime, hour_of: datetime) -> datetime:
    local = moment.astimezone(VIETNAM)
    like = hour_of.astimezone(VIETNAM)
    day = local.date() + timedelta(days=7 - local.weekday())
    return datetime.combine(day, like.time(), VIETNAM)
