"""Applying one event to one dossier, in memory: what happened in, rows to write out.

The instance is run by the interpreter; its changes become rows here. Nothing is read but what the group has loaded (and
large data, on demand), and nothing is written but through the book's `Writes`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.actions import admit, amend
from engine.actions.book import Book
from engine.actions.calls import write_call
from engine.actions.dossier_view import DossierView
from engine.actions.reporting import Reporting
from engine.dossiers.ledger import EntryKind
from engine.dossiers.statuses import Status
from engine.exchange.ports import Json, Partners
from engine.runtime import progress as run
from engine.storage.groups import LoadedEvent
from engine.storage.messages import Wait
from engine.storage.writes import instant, octets, row


@dataclass(slots=True)
class Advance:
    """One event being applied. After `apply`: the waits that opened, the message that came back, the new instance."""

    book: Book
    event: LoadedEvent
    interpreter: run.Interpreter
    partners: Partners
    deployments: admit.Deployments
    view: DossierView = field(init=False)
    reporting: Reporting = field(init=False)
    waits: list[Wait] = field(default_factory=list)
    returned: int | None = None
    delivered: int | None = None
    kept: tuple[run.InstanceRef, run.Progress] | None = None
    _opened: dict[str, list[tuple[list[dict[str, object]], dict[str, object]]]] = field(default_factory=dict)
    _pending_calls: dict[str, run.CallOpened] = field(default_factory=dict)
    _rearmed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.view = DossierView(self.book)
        self.reporting = Reporting.of(self.book, self.partners, self.view)

    def apply(self) -> None:
        """Let the event happen."""
        _KINDS[self.event.kind](self)
        self.reporting.close()
        self.book.close()
        self.book.writes.applied.append(self.event.id)

    # -- kinds of events -------------------------------------------------------------------------------

    def submitted(self) -> None:
        if self.event.instance is None and not Status(self.book.status).is_final:
            deployment, process = self.book.dossier.deployment, self.book.procedure.process
            self._take(self.interpreter.begin(deployment, process, {}, self._run_view()))

    def call_settled(self) -> None:
        call = self.event.call
        if call is None:
            return
        facts: dict[str, Json] = {"partner": call.partner, "operation": call.operation, "call": call.id}
        self.book.tell("call-answered", facts | {"fault": call.fault})
        if call.report_seq is not None:
            self.reporting.go_on(call)
        elif call.task is not None:
            happening = run.CallSettled(
                task=call.task, reply=call.reply, fault=call.fault, message=call.detail
            )
            if not self._advance(happening) and call.fault is None:
                self._late_effect(call.partner, call.operation, call.id)

    def message(self) -> None:
        message = self.event.message
        if message is None:
            return
        task = str(self.event.payload["task"])
        if self._advance(run.MessageArrived(task=task, payload=message.payload)):
            self.book.tell("message", {"name": message.name, "source": message.source, "message": message.id})
            self.delivered = message.id
        else:
            self.returned = message.id

    def timer(self) -> None:
        task = str(self.event.payload["task"])
        if self.event.payload.get("legal") and self.book.put_off(task):
            return
        self._advance(run.TimerFired(task=task))

    def work_item(self) -> None:
        payload = self.event.payload
        data = payload.get("data")
        self.book.tell("decided", {"work_item": payload.get("work_item"), "by": payload.get("by")})
        self._advance(
            run.WorkItemDone(task=str(payload["task"]), data=data if isinstance(data, dict) else {})
        )

    def resolved(self) -> None:
        payload = self.event.payload
        data = payload.get("data")
        self.book.tell("resolved", {name: payload.get(name) for name in ("act", "by", "reason", "incident")})
        if payload.get("report_seq") is not None:
            self._resolve_report(payload)
            return
        happening = run.Resolved(
            task=str(payload["task"]),
            act=str(payload["act"]),
            data=data if isinstance(data, dict) else {},
        )
        self._advance(happening)

    def moved(self) -> None:
        payload = self.event.payload
        origin, target = str(payload["from"]), str(payload["to"])
        facts: dict[str, Json] = {name: payload.get(name) for name in ("from", "to", "by", "reason")}
        done = self._advance(run.Moved(task=str(payload["task"]), origin=origin, target=target))
        self.book.tell("moved" if done else "move-refused", facts)

    def migrated(self) -> None:
        done = admit.migrated(self.book, self.event, self.deployments, self.interpreter, self._run_view())
        if done is not None:
            self._take(done)

    def _resolve_report(self, payload: Mapping[str, Json]) -> None:
        partner, seq = str(payload["partner"]), int(str(payload["report_seq"]))
        inputs = payload.get("inputs")
        if payload["act"] == "skip":
            self.reporting.end(partner, seq)
            return
        if not isinstance(inputs, dict):  # its call was composed, and is no more
            self.reporting.again(partner, seq)
            return
        write_call(
            self.book,
            self.partners,
            partner,
            str(payload["operation"]),
            inputs,
            view=self.view,
            report_seq=seq,
            step=str(payload["step"]),
        )

    def withdrawn(self) -> None:
        payload = self.event.payload
        if not self.book.take_status(Status.WITHDRAWN):
            return
        reason = str(payload.get("reason", ""))
        self.book.phase = Status.WITHDRAWN.name_vi
        self._advance(run.Cancelled(reason=reason))
        seq = self.book.tell("withdrawn", {"by": payload.get("by"), "reason": reason})
        self._report(seq, "status", Status.WITHDRAWN.name_vi, "withdrawal")

    def corrected(self) -> None:
        amend.correct(self.book, self.view, self.event.payload)

    def extended(self) -> None:
        amend.extend(self.book, self.event.payload)

    def calendar_changed(self) -> None:
        self.book.count_anew()

    # -- the instance ------------------------------------------------------------------------------------

    def _run_view(self) -> run.View:
        return run.View(dossier=self.view, now=self.book.now, calendar=self.book.calendar)

    def _advance(self, happening: run.Happening) -> bool:
        instance = self.event.instance
        if instance is None or not instance.running:
            return False
        done = self.interpreter.advance(
            self._ref(instance.version), instance.state, happening, self._run_view()
        )
        if done.applied:
            self._take(done)
        return done.applied

    def _ref(self, version: int) -> run.InstanceRef:
        instance = self.event.instance
        return run.InstanceRef(
            id=self.book.dossier.id,
            version=version,
            deployment=self.book.deployment,
            process=instance.process if instance else self.book.procedure.process,
            format=instance.format if instance else 0,
        )

    def _take(self, progress: run.Progress) -> None:
        version = self.event.instance.version + 1 if self.event.instance else 1
        cancelled = self.event.kind == "withdrawn"
        self.kept = (self._ref(version), progress)
        self.book.writes.instances.append(
            row(
                dossier_id=self.book.dossier.id,
                deployment_id=self.book.deployment,
                process=self._ref(version).process,
                state=octets(progress.state),
                format=progress.format,
                version=version,
                status="running" if not progress.ended else "cancelled" if cancelled else "ended",
            )
        )
        if progress.writes:
            self.book.data.update(progress.writes)
            self.view.write(progress.writes)
        for change in progress.changes:
            _CHANGES[type(change)](self, change)
        self._write_opened()
        if progress.ended:
            self.book.tell("ended", {"process": self._ref(version).process})

    # -- changes of the instance ---------------------------------------------------------------------------

    def _step(self, step: run.Step) -> None:
        facts: dict[str, Json] = {
            "element": step.element,
            "type": step.type,
            "name": step.name,
            "task": step.task,
        }
        if step.what != "entered":
            self.book.tell(step.what, facts)
            return
        first = self.event.kind == "submitted" and step.status == self.book.status == Status.NEW
        changed = step.status is not None and (self.book.take_status(step.status) or first)
        if step.clock is not None:
            self._clock(step)
        goes_on = step.phase is not None and step.phase != self.book.phase  # waiting on is no new step
        if step.phase is not None:
            self.book.phase = step.phase
        seq = self.book.tell("entered", facts | {"status": self.book.status if changed else None})
        if changed or goes_on:
            kind = "status" if changed else "step"
            text = step.phase or step.name or Status(self.book.status).name_vi
            self._report(seq, kind, text, step.element, lane=step.lane)

    def _report(self, seq: int, kind: str, text: str, element: str, lane: str | None = None) -> None:
        self.view.refresh()
        self.reporting.owe(
            seq,
            {
                "kind": kind,
                "status": self.book.status,
                "text": text,
                "phase": self.book.phase,
                "element": element,
                "officer": self.event.payload.get("by") or "",
                "lane": lane or "",
            },
        )

    def _clock(self, step: run.Step) -> None:
        kind = EntryKind(str(step.clock))
        if kind is EntryKind.RESUME:
            self.book.end_all_pauses()
        else:
            self.book.enter(kind, task=step.task, reason=step.reason or "", ground=step.ground or "")
        if kind is EntryKind.PAUSE and self.book.status == Status.SUPPLEMENT_ASKED:
            self.book.ask_supplement(
                step.task, by=str(self.event.payload.get("by") or ""), text=step.phase or step.name
            )

    def _call(self, change: run.CallOpened) -> None:
        self._pending_calls[change.task] = change

    def _wait(self, change: run.WaitOpened) -> None:
        columns = row(
            dossier_id=self.book.dossier.id,
            task=change.task,
            element=change.element,
            name=change.name,
            key=change.key,
            message_id=None,
        )
        self._open(change.task, self.book.writes.waits, columns)

    def _timer(self, change: run.TimerOpened) -> None:
        self._rearmed.add(change.task)
        columns = row(
            dossier_id=self.book.dossier.id,
            task=change.task,
            element=change.element,
            due_at=instant(change.due_at),
            legal_from=instant(change.legal_from),
            legal_days=change.legal_days,
            host=change.host,
        )
        self._open(change.task, self.book.writes.timers, columns)

    def _item(self, change: run.WorkItemOpened) -> None:
        columns = row(
            dossier_id=self.book.dossier.id,
            task=change.task,
            element=change.element,
            name=change.name,
            groups=list(change.groups),
            unit=self.book.dossier.competent_unit,
            form=change.form,
            given={name: value for name, value in change.given.items() if value is not None} or None,
            opened_at=instant(self.book.now),
        )
        self._open(change.task, self.book.writes.work_items, columns)

    def _closed(self, change: run.Closed) -> None:
        if self.book.dossier.has_pauses or self.book.paused_here:
            self.book.end_pause(change.task, completed=change.completed)
        self._pending_calls.pop(change.task, None)
        self._rearmed.discard(change.task)
        for table, columns in self._opened.pop(change.task, ()):
            table.remove(columns)
        self.book.writes.closed.append(
            row(dossier_id=self.book.dossier.id, task=change.task, completed=change.completed)
        )
        self.book.writes.unwanted.append(row(dossier_id=self.book.dossier.id, task=change.task))

    def _parked(self, change: run.Parked) -> None:
        self.book.writes.incidents.append(
            row(
                cause=change.code or "model-error",
                dossier_id=self.book.dossier.id,
                task=change.task,
                element=change.element,
                title=f"{change.element}: {change.message}"[:500],
                facts={"code": change.code, "message": change.message},
                actions=["retry", "skip"],
            )
        )
        self.book.tell("parked", {"element": change.element, "code": change.code})

    def _open(self, task: str, table: list[dict[str, object]], columns: dict[str, object]) -> None:
        table.append(columns)
        self._opened.setdefault(task, []).append((table, columns))

    def _write_opened(self) -> None:
        """Write the calls and waits that are still open at the end of the step."""
        for change in self._pending_calls.values():
            write_call(
                self.book,
                self.partners,
                change.partner,
                change.operation,
                change.inputs,
                view=self.view,
                task=change.task,
                element=change.element,
                faults=change.faults,
            )
        for columns in self.book.writes.closed:
            columns["rearmed"] = columns["task"] in self._rearmed
        waits = self.book.writes.waits
        self.waits = [
            Wait(dossier=self.book.dossier.id, task=str(w["task"]), name=str(w["name"]), key=str(w["key"]))
            for w in waits
        ]

    def _late_effect(self, partner: str, operation: str, call: int) -> None:
        self.book.tell("late-effect", {"partner": partner, "operation": operation, "call": call})
        if not self.partners.terms(partner, operation).effect:
            return
        self.book.writes.incidents.append(
            row(
                cause="effect-after-cancel",
                dossier_id=self.book.dossier.id,
                partner=partner,
                title=f"{partner}.{operation} took effect after its task was over",
                facts={"operation": operation, "call": call},
                actions=["close"],
            )
        )


_KINDS: Mapping[str, Callable[[Advance], None]] = {
    "submitted": Advance.submitted,
    "call-settled": Advance.call_settled,
    "message": Advance.message,
    "timer": Advance.timer,
    "work-item": Advance.work_item,
    "resolved": Advance.resolved,
    "moved": Advance.moved,
    "migrated": Advance.migrated,
    "withdrawn": Advance.withdrawn,
    "corrected": Advance.corrected,
    "extended": Advance.extended,
    "calendar-changed": Advance.calendar_changed,
}

_CHANGES: Mapping[type, Callable[..., None]] = {
    run.Step: Advance._step,  # a table of this module's own methods
    run.CallOpened: Advance._call,
    run.WaitOpened: Advance._wait,
    run.TimerOpened: Advance._timer,
    run.WorkItemOpened: Advance._item,
    run.Closed: Advance._closed,
    run.Parked: Advance._parked,
}
