"""A console with 100,000 dossiers, 500,000 calls and what belongs to so many, and the lists that are asked for then."""

import math
import time

from tests.support.console import Visitor
from tests.support.counter import Counter

FILL = (
    (
        "INSERT INTO dossier (code, procedure_code, deployment_id, status, phase, channel, applicant, applicant_search, data,"
        " receiving_unit, competent_unit, returning_unit, submitted_at, due_at, finished_at, salt, timeline_head)"
        " SELECT 'H99.14-' || to_char(250101 + g % 365, 'FM000000') || '-' || to_char(g, 'FM000000'), procedure_code,"
        " deployment_id, CASE WHEN g % 10 < 8 THEN 10 ELSE 4 END, '', 'counter', '{}', 'nguyen van ' || g, '{}', 'H99.14',"
        " 'H99.14', 'H99.14', now(), now() + (g % 997) * interval '1 hour', CASE WHEN g % 10 < 8 THEN now() END, salt,"
        " timeline_head FROM dossier, generate_series(1, 100000) g"
    ),
    (
        "INSERT INTO call (dossier_id, partner, operation, key, body, repeat, timeout_s, status, holds, attempt, sent_at)"
        " SELECT d.id, 'p' || k, 'op', 'k', '{}', 'idempotent', 5, CASE d.id % 1000 WHEN 0 THEN 'unknown' WHEN 1 THEN"
        " 'incident' ELSE 'done' END, d.id % 1000 < 2, 1, now() FROM dossier d, generate_series(1, 5) k"
    ),
    (
        "INSERT INTO attempt (call_id, ask, number, worker, started_at, ended_at, outcome, partner)"
        " SELECT id, false, 1, 'w', now(), now(), 'ok', partner FROM call"
    ),
    (
        "INSERT INTO message (source, message_id, body_sha256, name, key, dossier_id, payload, status)"
        " SELECT 's', 'm' || id, 'x', 'n', 'k', id, '{}', 'delivered' FROM dossier"
    ),
    # one value that half of them have, one that hardly any has, one that nobody else has
    (
        "INSERT INTO dossier_index (dossier_id, name, value) SELECT id, 'place', 'place ' || id FROM dossier"
        " UNION ALL SELECT id, 'deed.kind', CASE WHEN id % 2 = 0 THEN 'ks' ELSE 'kh' END FROM dossier"
        " UNION ALL SELECT id, 'deed.copies', CASE WHEN id % 20000 = 7 THEN '2' ELSE '1' END FROM dossier"
    ),
    "INSERT INTO partner (name) SELECT 'p' || k FROM generate_series(1, 5) k",
    "INSERT INTO incident (cause, dossier_id, title) SELECT 'poison-event', id, 't' FROM dossier WHERE id % 20 = 0",
    (
        "INSERT INTO unit (code, name, calendar_code, valid_from) SELECT 'H98.' || to_char(n, 'FM00'), 'u', calendar_code,"
        " valid_from FROM unit, generate_series(1, 2) n"
    ),
    "UPDATE dossier SET competent_unit = 'H98.02' WHERE id % 20 = 0",  # H98.01 has none
    (
        "INSERT INTO work_item (dossier_id, task, element, name, groups, unit, status, opened_at)"
        " SELECT id, 't', 'check', 'n', '[]', competent_unit, CASE WHEN id % 10 < 8 THEN 'done' ELSE 'open' END, now()"
        " FROM dossier"
    ),
    (
        "INSERT INTO audit (who, what, dossier_id, reason) SELECT 'w' || id % 50, 'dossier-suspended', id, 'r'"
        " FROM dossier, generate_series(1, 2)"
    ),
    (
        "INSERT INTO refusal (source, operation, code, reason, body_sha256, size_bytes)"
        " SELECT 'p' || n % 5, 'o', 'message-refused', 'r', 's' || n, 9 FROM generate_series(1, 50000) n"
    ),
    "INSERT INTO batch (action, who) SELECT 'close', 'w' FROM generate_series(1, 1000)",
    (
        "INSERT INTO batch_item (batch_id, incident_id, status) SELECT b.id, n, 'done'"
        " FROM batch b, generate_series(1, 100) n"
    ),
    "INSERT INTO account (name, roles) SELECT 'a' || n, '[\"viewer\"]' FROM generate_series(1, 500) n",
    (
        "INSERT INTO api_key (name, prefix, sha256, scopes) SELECT 'k' || n, 'p' || n, 's' || n, '[\"dossiers:read\"]'"
        " FROM generate_series(1, 500) n"
    ),
)
PATHS = (
    "/", "/ho-so", "/ho-so?q=van+777", "/ho-so?q=0099", "/ho-so?situation=unknown", "/ho-so?situation=paused",
    "/ho-so?partner=p1", "/ho-so?situation=retrying", "/ho-so?step=nowhere", "/ho-so?procedure=1.000001&version=1",
    "/ho-so?procedure=1.000001&var.place=place+777", "/ho-so?procedure=1.000001&var.deed.kind=KS",
    "/ho-so?procedure=1.000001&var.place=place+9*&var.deed.kind=KS&var.deed.copies=2",
    "/ho-so?procedure=1.000001&var.deed.copies=2", "/ho-so?procedure=1.000001&var.place=nowhere",
    "/ho-so?incident=no&due_since=2030-01-01", "/ho-so?received_since=2026-01-01", "/ho-so?active_since=2030-01-01",
    "/ho-so?q=nobody&until=2026-03-04", "/su-co", "/su-co?cause=poison-event", "/cuoc-goi", "/cuoc-goi?status=unknown",
    "/cuoc-goi?status=incident&partner=p2", "/cuoc-goi?key=none", "/cuoc-goi?status=held",
    "/cuoc-goi?answer=500", "/cuoc-goi?outcome=refused", "/cuoc-goi?attempts=3", "/cuoc-goi?size=9999",
    "/cuoc-goi?since=2030-01-01", "/cuoc-goi?due_since=2030-01-01", "/cuoc-goi?outcome=ok",
    "/cuoc-goi?partner=p1&status=pending",
    "/ho-so?sort=due", "/ho-so?sort=-due", "/ho-so?sort=changed", "/ho-so?sort=due&late=yes", "/ho-so?sort=due&unit=H98.01",
    "/ho-so?sort=due&unit=H98.02", "/viec?sort=due", "/viec?sort=-due&status=done", "/viec?sort=due&unit=H98.02",
    "/thong-diep?status=unclaimed", "/thong-diep?since=2030-01-01", "/thong-diep?repeated=yes", "/thong-diep?until=2020-01-01",
    "/thong-diep?signature=good", "/thong-diep?signature=none", "/thong-diep/tu-choi", "/thong-diep/tu-choi?code=none",
    "/doi-tac", "/doi-tac/p1",
    "/viec", "/tien-trinh", "/sao-luu", "/lich", "/quy-trinh",
    "/nhat-ky", "/nhat-ky?who=nobody", "/nhat-ky?what=nothing", "/lo", "/lo?who=nobody", "/lo/1",
    "/tai-khoan", "/khoa", "/viec?status=done", "/viec?status=taken", "/viec?late=yes", "/thu-tuc", "/toi",
    "/?unit=H98.02", "/ho-so?unit=H98.01", "/ho-so?unit=H98.02", "/su-co?unit=H98.01", "/viec?unit=H98.02",
    "/cuoc-goi?unit=H98.01", "/cuoc-goi?unit=H98.02", "/cuoc-goi?unit=H99.14",
)  # fmt: skip


def fill(counter: Counter) -> None:
    """Write them, past the engine, and let the database look at what it has."""
    counter.new_dossier()
    with counter.store.transaction() as connection:
        for statement in FILL:
            connection.exec_driver_sql(statement.replace("%", "%%"), ())
    with counter.store.at_once() as connection:
        connection.exec_driver_sql("ANALYZE")


def took_ms(visitor: Visitor, path: str) -> float:
    """One page, from asking to its last byte, in milliseconds."""
    began = time.perf_counter()
    visitor.page(path)
    return (time.perf_counter() - began) * 1000


def p95_ms(visitor: Visitor, path: str, times: int = 20) -> float:
    """What 95 of a hundred answers of *path* stay under, of so many asked for one after the other."""
    return sorted(took_ms(visitor, path) for _ in range(times))[math.ceil(times * 0.95) - 1]
