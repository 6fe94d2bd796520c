"""Partners of a system that may send nothing: everything can be asked of them, nobody is spoken to."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from engine.exchange.drift import Described
from engine.exchange.ports import (
    Answer,
    Composed,
    Dispatch,
    FeedPage,
    FeedTerms,
    Json,
    NextCall,
    Outcome,
    Partners,
    Terms,
)

_WHY = "the database belongs to another environment"


class SilentPartners:
    """Implements `engine.exchange.ports.Partners`: calls are written and wait, feeds are not read."""

    def __init__(self, partners: Partners) -> None:
        self._partners = partners

    def names(self) -> Sequence[str]:
        """Nobody: only the calls of partners that are named are claimed."""
        return ()

    def feeds(self) -> Sequence[FeedTerms]:
        return ()

    def window(self, partner: str) -> int:
        return 0

    def certificate_until(self, partner: str) -> datetime | None:
        return None

    def hashes(self) -> Mapping[str, str]:
        return self._partners.hashes()

    def use_secret(self, partner: str, revision: int) -> None:
        self._partners.use_secret(partner, revision)

    def secrets_in_use(self) -> Mapping[str, Json]:
        return self._partners.secrets_in_use()

    def describe(self, partner: str) -> Sequence[Described]:
        return ()

    def send(self, dispatch: Dispatch) -> Answer:
        return Answer(outcome=Outcome.NOT_SENT, detail=_WHY)

    def poll(self, partner: str, feed: str, *, cursor: Json, keys: Sequence[str]) -> FeedPage:
        return FeedPage(
            items=(), cursor=cursor, more=False, answer=Answer(outcome=Outcome.NOT_SENT, detail=_WHY)
        )

    def terms(self, partner: str, operation: str) -> Terms:
        return self._partners.terms(partner, operation)

    def subscribers(self, procedure: str, units: frozenset[str]) -> Sequence[str]:
        return self._partners.subscribers(procedure, units)

    def reports_to(self, partner: str) -> str:
        return self._partners.reports_to(partner)

    def compose(
        self,
        partner: str,
        operation: str,
        inputs: Mapping[str, Json],
        *,
        dossier: Mapping[str, Json],
        call_key: str,
        now: datetime,
    ) -> Composed:
        return self._partners.compose(partner, operation, inputs, dossier=dossier, call_key=call_key, now=now)

    def exchange(
        self,
        partner: str,
        name: str,
        *,
        step: str | None,
        answer: Answer | None,
        report: Mapping[str, Json],
        dossier: Mapping[str, Json],
    ) -> NextCall | None:
        return self._partners.exchange(
            partner, name, step=step, answer=answer, report=report, dossier=dossier
        )
