"""The dossier as expressions and contracts read it: one mapping, made from the book, read lazily where it may be large.

What is in it is part of the profile (docs/models.md): adding a key is fine, changing one breaks deployed models.
"""

from collections.abc import Mapping

from engine.actions.book import Book
from engine.exchange.ports import Json
from engine.storage.writes import instant


class DossierView(dict[str, Json]):
    """Times are ISO texts in UTC. ``data`` and ``results``, which may be a megabyte, are read when they are named."""

    def __init__(self, book: Book) -> None:
        dossier, procedure = book.dossier, book.procedure
        record = book.now_record()
        super().__init__(
            code=dossier.code,
            procedure=dossier.procedure,
            procedure_name=procedure.name.vi,
            field={"code": procedure.field.code, "name": procedure.field.name.vi},
            status=book.status,
            phase=book.phase,
            channel=dossier.channel,
            delivery=dossier.delivery,
            applicant=dict(dossier.applicant),
            received_at=instant(book.received_at),
            submitted_at=instant(dossier.submitted_at),
            due_at=instant(book.due_at),
            finished_at=instant(book.finished_at),
            receiving_unit=dossier.receiving_unit,
            competent_unit=dossier.competent_unit,
            returning_unit=dossier.returning_unit,
            documents=record.get("documents", []),
            supplements=record.get("supplements", []),
            data=None,
            results=None,
        )
        self._book = book
        self._read = False

    def _load(self) -> None:
        if not self._read:
            self._read = True
            data = self._book.now_data()
            super().__setitem__("data", data)
            super().__setitem__("results", data.get("results", []))

    def __getitem__(self, key: str) -> Json:
        if key in ("data", "results"):
            self._load()
        return super().__getitem__(key)

    def get(self, key: str, default: Json = None) -> Json:  # type: ignore[override]
        if key in ("data", "results"):
            self._load()
        return super().get(key, default)

    def refresh(self) -> None:
        """See what the law made of the dossier since: status, phase and times."""
        book = self._book
        self.update(
            status=book.status,
            phase=book.phase,
            received_at=instant(book.received_at),
            due_at=instant(book.due_at),
            finished_at=instant(book.finished_at),
            supplements=book.now_record().get("supplements", []),
        )

    def write(self, values: Mapping[str, Json]) -> None:
        """See values that were just written to the dossier's data."""
        if self._read:
            data = super().__getitem__("data")
            if isinstance(data, dict):
                data.update(values)
                super().__setitem__("results", data.get("results", []))
