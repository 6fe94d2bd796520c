"""What comes in: a new dossier, a message, a withdrawal. Durable when the function returns, and only then acknowledged."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import orjson

from engine import errors
from engine.actions.conditions import Seen, hold_dossier
from engine.dossiers import codes, timeline
from engine.dossiers.indexing import searchable
from engine.dossiers.statuses import Status, may_become
from engine.dossiers.submission import Submission
from engine.exchange.ports import Arrival, Json
from engine.storage import access, dossiers, events, incidents, messages
from engine.storage.access import StoredAnswer
from engine.storage.database import Connection, Store, json_text, plain_text
from engine.storage.documents import DocumentRow

AMBIGUOUS = "ambiguous-message"
LONGEST_NAME = 500  # characters that an index can hold, whatever they are


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a dossier is handed in, who decides on it, and where the result is fetched: unit codes."""

    receiving: str
    competent: str
    returning: str
    delivery: str = "counter"  # counter | online | post

    @property
    def units(self) -> tuple[str, ...]:
        """Each of them once, the receiving one first."""
        return tuple(dict.fromkeys((self.receiving, self.competent, self.returning)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A dossier that is now ours. *access_code* is told once, to the applicant; only its digest is kept. *answer* is what
    was told when the same request came before."""

    id: int
    code: str
    created: bool
    access_code: str
    answer: StoredAnswer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What whoever hands a dossier in is told of its code and access code, kept for the same request under its key."""

    principal: str
    key: str
    telling: Callable[[str, str], StoredAnswer]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coming:
    """A dossier that is about to be ours, and how it came."""

    procedure: str
    submission: Submission
    desk: Desk
    now: datetime
    by: str
    documents: Sequence[DocumentRow]
    indexed: Mapping[str, str | None]
    asked: dossiers.Asked
    trace: str | None
    telling: Callable[[str, str], StoredAnswer] | None


def submit(
    store: Store,
    procedure: str,
    submission: Submission,
    desk: Desk,
    *,
    now: datetime,
    by: str,
    external_id: str,
    documents: Sequence[DocumentRow] = (),
    indexed: Mapping[str, str | None] | None = None,
    request: str | None = None,
    trace: str | None = None,
    reply: Reply | None = None,
) -> Submitted:
    """Take a dossier in: code, row, papers, first line of its timeline, its first event and *reply*, in one transaction.

    The same *external_id* again gives the dossier that it made, with the answer that was kept (an access code is nowhere
    else). *request* is a digest of what was asked: however long ago that was, another request under the same id is no
    repetition. *indexed* is what it is searched by.

    Raises:
        ProcedureUnknown, UnitUnknown. IdempotencyConflict: the id, or the reply's key, was used for something else.
    """
    asked = dossiers.Asked(
        external_id=external_id,
        request=request,
        principal=reply.principal if reply else None,
        key=reply.key if reply else None,
    )
    coming = _Coming(
        procedure=procedure,
        submission=submission,
        desk=desk,
        now=now,
        by=by,
        documents=documents,
        indexed=indexed or {},
        asked=asked,
        trace=trace,
        telling=reply.telling if reply else None,
    )
    try:
        return _take(store, coming)
    except errors.StoreConflict:  # such as its double, that was committed meanwhile and is known now
        return _take(store, coming)


def _take(store: Store, coming: _Coming) -> Submitted:
    desk, day = coming.desk, codes.local_day(coming.now)
    with store.terse() as connection:
        ground = dossiers.ground(connection, coming.asked, coming.procedure, desk.units, day)
        if (known := _known(ground, coming.asked)) is not None:
            return known
        deployment, number = _checked(ground, coming.procedure, desk, day)
        code = codes.format_dossier_code(desk.receiving, coming.now, number)
        return _insert(connection, coming, deployment, code)


def _known(ground: dossiers.Ground, asked: dossiers.Asked) -> Submitted | None:
    """What the same request made before. Raises: IdempotencyConflict: what came before was another one."""
    if ground.used not in (None, asked.request):
        raise errors.IdempotencyConflict(key=asked.key or asked.external_id)
    if ground.known is None:
        return None
    _check_same(ground.known, asked.key or asked.external_id, "submitted", asked.request)
    return Submitted(
        id=ground.known.id, code=ground.known.code, created=False, access_code="", answer=ground.answer
    )


def _check_same(known: dossiers.KnownRequest, key: str, kind: str, request: str | None) -> None:
    """Raises: IdempotencyConflict: what came under this key before was another request."""
    if known.kind != kind or (None not in (known.request, request) and known.request != request):
        raise errors.IdempotencyConflict(key=key)


def _checked(ground: dossiers.Ground, procedure: str, desk: Desk, day: date) -> tuple[int, int]:
    """The deployment and the day's number. Raises: ProcedureUnknown, UnitUnknown."""
    if ground.deployment is None:
        raise errors.ProcedureUnknown(procedure=procedure)
    for unit in desk.units:
        if unit not in ground.units:
            raise errors.UnitUnknown(unit=unit, day=day.isoformat())
    if ground.number is None:
        raise errors.StoreConflict(what="this submission")
    return ground.deployment, ground.number


def _insert(connection: Connection, coming: _Coming, deployment: int, code: str) -> Submitted:
    salt, access_code = secrets.token_bytes(16), f"{secrets.randbelow(10**8):08d}"
    submission, desk, asked = coming.submission, coming.desk, coming.asked
    body = timeline.entry_bytes(1, coming.now, "submitted", _facts(coming, salt))
    new = dossiers.NewDossier(
        code=code,
        procedure=coming.procedure,
        deployment=deployment,
        channel=submission.channel.value,
        delivery=desk.delivery,
        applicant=submission.applicant,
        search=searchable(str(submission.applicant.get("name", ""))),
        data=submission.data,
        receiving=desk.receiving,
        competent=desk.competent,
        returning=desk.returning,
        now=coming.now,
        access=timeline.digest(salt, access_code),
        salt=salt,
        by=coming.by,
        body=body,
        head=timeline.chain(timeline.genesis(code), body),
        payload={"by": coming.by, "at": coming.now.isoformat(), "request": asked.request},
        indexed=coming.indexed,
        trace=coming.trace,
        documents=coming.documents,
        asked=asked,
        answer=coming.telling(code, access_code) if coming.telling is not None else None,
    )
    return Submitted(id=dossiers.insert(connection, new), code=code, created=True, access_code=access_code)


def _facts(coming: _Coming, salt: bytes) -> dict[str, Json]:
    """What the timeline's first entry says; of the person and the data only digests."""
    submission = coming.submission
    return {
        "procedure": coming.procedure,
        "channel": submission.channel.value,
        "by": coming.by,
        "applicant": timeline.digest(salt, orjson.dumps(submission.applicant).decode()),
        "data": timeline.digest(salt, orjson.dumps(submission.data).decode()),
    }


def take_message(
    store: Store,
    arrival: Arrival,
    *,
    now: datetime,
    keep_days: float = 30.0,
    first: Callable[[Connection], None] | None = None,
) -> bool:
    """Store a message once and give it to the wait that it meets; nobody waits: it is kept. True: it was there already.

    *first* is done before, in the same transaction, where the message is new.

    Raises:
        MessageConflict: the same id came before with another body (an incident tells of it).
        MessageRefused: its names are too long, or its content is nested too deep, to be stored.
    """
    conflict: errors.MessageConflict | None = None
    with store.transaction() as connection:
        if first is not None and messages.stored_hash(connection, arrival) is None:
            first(connection)
        try:
            repeated = take_message_in(connection, arrival, now=now, keep_days=keep_days)
            if repeated:
                messages.count_repeat(connection, arrival)
        except errors.MessageConflict as error:  # its incident is committed before it leaves
            repeated, conflict = True, error
    if conflict is not None:
        raise conflict
    return repeated


def lock_for(connection: Connection, arrivals: Sequence[Arrival]) -> None:
    """Take all locks of a transaction that stores several messages, each of them `check`ed, in the order that everybody keeps."""
    resolved = ((a.name, a.key, messages.resolve_dossier(connection, a)) for a in arrivals)
    messages.lock(connection, list(resolved))


def take_message_in(connection: Connection, arrival: Arrival, *, now: datetime, keep_days: float) -> bool:
    """`take_message` within a transaction that stores more, such as a feed's cursor."""
    check(arrival)
    dossier = messages.resolve_dossier(connection, arrival)
    messages.lock(connection, [(arrival.name, arrival.key, dossier)])
    message = messages.store(connection, arrival, dossier=dossier, keep_until=now + timedelta(days=keep_days))
    if message is not None:
        offer(connection, message, now=now)
        return False
    if messages.stored_hash(connection, arrival) != messages.body_hash(arrival):
        _open_conflict(connection, arrival, dossier)
        raise errors.MessageConflict(message=arrival.message_id, source=arrival.source)
    return True


def check(arrival: Arrival) -> None:
    """Raises: MessageRefused: no database could hold it, find it again, or be asked for it."""
    reference = arrival.reference[1] if arrival.reference is not None else ""
    names = {"message id": arrival.message_id, "key": arrival.key, "number of the dossier": reference}
    for what, value in names.items():
        if plain_text(value, len(value)) != value:
            raise errors.MessageRefused(reason=f"its {what} has characters that are none, such as NUL")
        if len(value) > LONGEST_NAME:
            raise errors.MessageRefused(
                reason=f"its {what} has {len(value)} characters, at most {LONGEST_NAME} are taken"
            )
    try:
        json_text(arrival.payload)
    except errors.StoreRefused as error:
        raise errors.MessageRefused(reason=error.message) from error


def offer(connection: Connection, message: int, *, now: datetime | None = None) -> None:
    """Give a kept message whose locks are held to the wait that it meets; a person decides where several dossiers wait.

    *now* is when it came; without it, it counts as come when its event is applied.
    """
    waits = messages.open_waits(connection, message)
    if not waits:
        return
    if not waits[0].own and len({wait.dossier for wait in waits}) > 1:
        _ask_whose(connection, message, len(waits))
        return
    payload: dict[str, Json] = {"message": message, "task": waits[0].task}
    messages.meet(connection, message, waits[0].dossier, waits[0].task)
    events.append(
        connection,
        waits[0].dossier,
        "message",
        payload | ({"at": now.isoformat()} if now is not None else {}),
    )


def _ask_whose(connection: Connection, message: int, waits: int) -> None:
    called = messages.named(connection, message)
    if called is None:
        return
    messages.set_status(connection, [message], "ambiguous")
    incidents.open_incident(
        connection,
        AMBIGUOUS,
        f"message {called.message_id} of {called.source} is awaited by several dossiers",
        partner=called.source,
        facts={"message": message, "name": called.name, "waits": waits},
        actions=["deliver", "close"],
    )


def _open_conflict(connection: Connection, arrival: Arrival, dossier: int | None) -> None:
    facts = {"message_id": arrival.message_id, "name": arrival.name}
    if incidents.is_open(connection, "message-conflict", arrival.source, facts):
        return
    incidents.open_incident(
        connection,
        "message-conflict",
        f"{arrival.source} sent message {arrival.message_id} again with another body",
        dossier=dossier,
        partner=arrival.source,
        facts=facts,
        actions=["close"],
    )


def withdraw(
    store: Store,
    code: str,
    *,
    reason: str,
    by: str,
    now: datetime,
    external_id: str | None = None,
    request: str | None = None,
    audited: bool = False,
    seen: Seen | None = None,
) -> None:
    """Let the applicant take the dossier back; what it leads to is applied by a worker. *audited*: an admin does it.
    *seen* looks at the dossier once it is locked, and raises where its caller saw something else.

    Raises:
        DossierNotFound; TransitionRefused: the dossier is done, over, or was withdrawn before.
        IdempotencyConflict: *external_id* was used for something else; see `submit`.
    """
    with store.transaction() as connection:
        known = dossiers.known_request(connection, external_id) if external_id is not None else None
        if known is not None:
            _check_same(known, external_id or "", "withdrawn", request)
            return  # this very request, whose answer was lost
        hold_dossier(connection, code, seen)
        found = dossiers.find_status(connection, code)
        if found is None:
            raise errors.DossierNotFound(dossier=code)
        dossier, status = found
        if not may_become(Status(status), Status.WITHDRAWN):
            raise errors.TransitionRefused(status=status, wanted=int(Status.WITHDRAWN))
        payload: Json = {"reason": reason, "by": by, "at": now.isoformat(), "request": request}
        events.append(connection, dossier, "withdrawn", payload, external_id=external_id)
        if audited:
            access.audit(connection, by, "dossier-cancelled", dossier=dossier, reason=reason)
