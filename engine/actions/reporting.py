"""What we owe a portal about a dossier: reports, and the exchange of calls by which each of them travels.

Reports of one dossier to one partner go out one after another, none merged: the next exchange begins when the one before
is over. How a partner wants to be told is its contract's business; here is only whose turn it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.actions.book import Book
from engine.actions.calls import write_call
from engine.actions.dossier_view import DossierView
from engine.exchange.ports import Answer, Json, Outcome, Partners
from engine.storage import groups
from engine.storage.groups import AnsweredCall
from engine.storage.writes import instant, row


@dataclass(slots=True)
class Reporting:
    """The reports of one dossier while an event is applied."""

    book: Book
    partners: Partners
    view: DossierView
    _unfinished: list[tuple[str, int, str]]
    _new: dict[tuple[str, int], dict[str, Json]]

    @classmethod
    def of(cls, book: Book, partners: Partners, view: DossierView) -> "Reporting":
        return cls(book, partners, view, list(book.dossier.reports), {})

    def owe(self, seq: int, facts: Mapping[str, Json]) -> None:
        """Owe the timeline entry *seq* to every partner that the procedure reports to, and to those that subscribed."""
        body: dict[str, Json] = {
            "seq": seq,
            "at": instant(self.book.now),
            "unit": self.book.dossier.competent_unit,
            **facts,
        }
        for partner in self._readers():
            waits = any(name == partner for name, _, _ in self._unfinished)
            self._unfinished.append((partner, seq, "waiting"))
            self._new[partner, seq] = body
            if not waits:
                self._start(partner, seq)

    def _readers(self) -> Sequence[str]:
        dossier, named = self.book.dossier, self.book.procedure.reports
        units = frozenset({dossier.receiving_unit, dossier.competent_unit, dossier.returning_unit})
        subscribed = self.partners.subscribers(dossier.procedure, units)
        return [*named, *(one for one in subscribed if one not in named)]

    def go_on(self, call: AnsweredCall) -> None:
        """Take the exchange that *call* was a step of further, or end it and begin the next report."""
        seq = call.report_seq or 0
        if (call.partner, seq) not in {(name, number) for name, number, _ in self._unfinished}:
            return
        answer = Answer(
            outcome=Outcome.FAULT if call.fault else Outcome.OK,
            reply=call.reply,
            fault=call.fault,
            detail=call.detail,
        )
        self._step(call.partner, seq, step=call.step, answer=answer)

    def again(self, partner: str, seq: int) -> None:
        """Begin the exchange of a report that has not arrived from its first step: a call of it was taken out of its lane."""
        if any((name, number) == (partner, seq) for name, number, _ in self._unfinished):
            self._start(partner, seq)

    def end(self, partner: str, seq: int) -> None:
        """The report has arrived (or was given up by an admin); the next one's turn."""
        self._set(partner, seq, "done")
        waiting = [number for name, number, _ in self._unfinished if name == partner]
        if waiting:
            self._start(partner, min(waiting))

    def close(self) -> None:
        """Add the new reports to what is written."""
        states = {(name, seq): status for name, seq, status in self._unfinished}
        for (partner, seq), body in self._new.items():
            self.book.writes.reports.append(
                row(
                    dossier_id=self.book.dossier.id,
                    partner=partner,
                    seq=seq,
                    body=body,
                    status=states.get((partner, seq), "done"),
                )
            )

    def _start(self, partner: str, seq: int) -> None:
        self._set(partner, seq, "running")
        self._step(partner, seq, step=None, answer=None)

    def _step(self, partner: str, seq: int, *, step: str | None, answer: Answer | None) -> None:
        report = self._body(partner, seq)
        next_call = self.partners.exchange(
            partner,
            self.partners.reports_to(partner),
            step=step,
            answer=answer,
            report=report,
            dossier=self.view,
        )
        if next_call is None:
            self.end(partner, seq)
            return
        write_call(
            self.book,
            self.partners,
            partner,
            next_call.operation,
            next_call.inputs,
            view=self.view,
            report_seq=seq,
            step=next_call.step,
        )

    def _body(self, partner: str, seq: int) -> Mapping[str, Json]:
        new = self._new.get((partner, seq))
        return (
            new
            if new is not None
            else groups.report_body(self.book.connection, self.book.dossier.id, partner, seq)
        )

    def _set(self, partner: str, seq: int, status: str) -> None:
        self._unfinished = [
            (name, number, status if (name, number) == (partner, seq) else was)
            for name, number, was in self._unfinished
            if status != "done" or (name, number) != (partner, seq)
        ]
        if (partner, seq) in self._new:
            return
        states = self.book.writes.report_states
        states[:] = [
            state
            for state in states
            if (state["dossier_id"], state["partner"], state["seq"]) != (self.book.dossier.id, partner, seq)
        ]
        states.append(row(dossier_id=self.book.dossier.id, partner=partner, seq=seq, status=status))
