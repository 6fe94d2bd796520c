"""Writing a call: its request is composed once, from the contract's mapping, and stays the same on every attempt."""

from collections.abc import Mapping
from uuid import uuid4

from engine import errors
from engine.actions.book import Book
from engine.exchange.ports import Composed, Json, Partners
from engine.storage.writes import row


def write_call(
    book: Book,
    partners: Partners,
    partner: str,
    operation: str,
    inputs: Mapping[str, Json],
    *,
    view: Mapping[str, Json],
    task: str | None = None,
    element: str = "",
    faults: tuple[str, ...] = (),
    report_seq: int | None = None,
    step: str | None = None,
) -> None:
    """Add a call to the dossier's lane of *partner*; a request that cannot be built becomes an incident instead."""
    try:
        terms = partners.terms(partner, operation)
        composed = partners.compose(
            partner, operation, inputs, dossier=view, call_key=str(uuid4()), now=book.now
        )
        repeat, timeout_s, status = terms.repeat.value, terms.total_timeout_s, "pending"
    except (errors.CallError, errors.PartnerUnknown, errors.OperationUnknown) as error:
        composed = Composed(key="", body={"inputs": dict(inputs)})
        repeat, timeout_s, status = "neither", 0.0, "incident"
        _open_incident(book, error, partner, operation, task=task, element=element, report_seq=report_seq)
    book.writes.calls.append(
        row(
            dossier_id=book.dossier.id,
            partner=partner,
            operation=operation,
            key=composed.key,
            body=composed.body,
            task=task,
            element=element,
            faults=list(faults),
            report_seq=report_seq,
            step=step,
            repeat=repeat,
            timeout_s=timeout_s,
            status=status,
        )
    )


def _open_incident(
    book: Book,
    error: errors.LienthongError,
    partner: str,
    operation: str,
    *,
    task: str | None,
    element: str,
    report_seq: int | None,
) -> None:
    book.writes.incidents.append(
        row(
            cause=error.code,
            dossier_id=book.dossier.id,
            partner=partner,
            task=task,
            element=element,
            title=error.message,
            facts={"operation": operation, "report_seq": report_seq},
            actions=["recompose", "skip"],
        )
    )
