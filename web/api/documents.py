"""Documents and supplements over REST: add, list, fetch by digest."""

from urllib.parse import quote

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from engine import errors
from engine.actions import documents, intake
from engine.dossiers import media
from engine.queries import documents as query
from engine.queries.documents import StoredDocument
from engine.storage.documents import DocumentRow
from web import conditions
from web.api import dossier_models as shapes
from web.api.dossiers import find, seen, uploads
from web.api.models import Done, answer, blueprint, conditional
from web.auth import needs, principal
from web.container import Container
from web.idempotency import external_id, idempotent

_CONTENT: dict[str, dict[str, object]] = {
    kind: {"schema": {"type": "string"}} for kind in (media.PDF, media.PNG, media.JPEG, media.XML)
}


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about a dossier's papers."""
    api = blueprint("documents", "The papers of a dossier, and what is brought later.")
    _add_writing(api, container)
    _add_reading(api, container)
    return api


def _add_writing(api: APIBlueprint, container: Container) -> None:
    @api.post(
        "/dossiers/<string:code>/documents",
        summary="Add papers to a dossier",
        responses={201: shapes.Documents},
    )
    @needs("dossiers:write")
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def add_documents(path: shapes.DossierPath, body: shapes.DocumentsRequest) -> Response:
        find(container, path.code)
        rows = documents.add(
            container.store,
            path.code,
            uploads(body.documents),
            by=principal().name,
            limit_bytes=container.max_document_bytes,
            seen=seen(path.code),
        )
        return answer(shapes.Documents(items=[_told(path.code, row) for row in rows]), 201)

    @api.post(
        "/dossiers/<string:code>/supplement",
        summary="Bring what was asked for later",
        responses={202: Done},
    )
    @needs("dossiers:write")
    @conditions.matched(conditions.HONOURED)
    @idempotent(container)
    def supplement(path: shapes.DossierPath, body: shapes.SupplementRequest) -> Response:
        find(container, path.code)
        if not body.documents and not body.data:
            raise errors.BodyInvalid(
                reason="a supplement has documents, data, or both",
                fields=[{"field": "documents", "reason": "is empty, and so is data"}],
            )
        intake.supplement(
            container.store,
            path.code,
            body.data,
            uploads(body.documents),
            now=container.clock.now(),
            by=principal().name,
            external_id=external_id(),
            keep_days=container.message_keep_days,
            limit_bytes=container.max_document_bytes,
            seen=seen(path.code),
        )
        return answer(Done(), 202)


def _add_reading(api: APIBlueprint, container: Container) -> None:
    @api.get(
        "/dossiers/<string:code>/documents",
        summary="List a dossier's papers",
        responses={200: shapes.Documents},
    )
    @needs("dossiers:read")
    def list_documents(path: shapes.DossierPath) -> Response:
        brief = find(container, path.code)
        with container.store.reading() as connection:
            found = query.list_documents(connection, brief.id)
        return answer(shapes.Documents(items=[_told(path.code, one) for one in found]))

    @api.get(
        "/dossiers/<string:code>/documents/<string:sha256>",
        summary="Fetch a paper's content",
        responses={200: {"content": _CONTENT}, 206: {"content": _CONTENT}},
    )
    @needs("dossiers:read")
    def get_document(path: shapes.DocumentPath) -> Response:
        brief = find(container, path.code)
        with container.store.reading() as connection:
            found = query.get_document(connection, brief.id, path.sha256, code=path.code)
        response = Response(documents.read(container.store, found.sha256), content_type=found.media_type)
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"
        response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
        response.set_etag(found.sha256)
        return conditional(response, found.size_bytes)


def _told(code: str, one: DocumentRow | StoredDocument) -> shapes.Document:
    return shapes.Document(
        code=one.code,
        name=one.name,
        media_type=one.media_type,
        sha256=one.sha256,
        size_bytes=one.size_bytes,
        href=f"/api/v1/dossiers/{code}/documents/{one.sha256}",
    )
