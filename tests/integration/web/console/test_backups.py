"""Whether there is a backup to rely on: on the first page, on the page of backups, in the metrics and for the doctor."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.actions.backups import BackupPolicy, take
from engine.storage import schedules
from engine.storage.schedules import Planned
from tests.support.console import Visitor, text_of
from tests.support.counter import Counter, open_counter

FAILED = "Lần sao lưu gần nhất bị lỗi"
OLD = "Không có bản sao lưu mới"
UNVERIFIED = "Bản sao lưu mới nhất chưa được kiểm tra khôi phục"
PAUSED = "Không gửi gì đi"
NAME = "lienthong_backup_last_verified_timestamp_seconds"


@pytest.fixture
def admin(counter: Counter) -> Visitor:
    return Visitor(counter, "admin")


def plan(counter: Counter) -> None:
    with counter.store.transaction() as connection:
        schedules.ensure(connection, [Planned(name="backup", job="backup", trigger="30 2 * * *")])


def write(counter: Counter, sql: str) -> None:
    with counter.store.transaction() as connection:
        connection.execute(text(sql))


def made(counter: Counter, hours: float, *, verified: bool = True, status: str = "done") -> None:
    """A backup of so many hours ago."""
    write(
        counter,
        "INSERT INTO backup (status, who, host, folder, file, size_bytes, dossiers, taken_at, started_at, ended_at,"
        f" verified_at, checked) SELECT '{status}', 'timetable', 'h', '/b', 'f', 1048576, 7, at, at, at,"
        f" CASE WHEN {verified} THEN at END, 7 FROM (SELECT now() - interval '{hours} hours' AS at) x",
    )


def told(visitor: Visitor) -> set[str]:
    counts = text_of(visitor.page("/").split('class="counts"')[-1].split("</ul>")[0])
    return {one for one in (FAILED, OLD, UNVERIFIED, PAUSED) if one in counts}


def test_nothing_is_said_where_nobody_asked_for_backups(counter: Counter, admin: Visitor) -> None:
    assert told(admin) == set()
    page = text_of(admin.page("/sao-luu"))
    assert "Lịch không sao lưu" in page
    assert "LIENTHONG_BACKUP_FOLDER" in page


def test_what_is_wrong_is_counted_until_it_is_right(counter: Counter, admin: Visitor) -> None:
    plan(counter)
    assert told(admin) == {OLD}, "none yet"
    made(counter, 40)
    assert told(admin) == {OLD}
    made(counter, 5, verified=False)
    assert told(admin) == {UNVERIFIED}
    made(counter, 2)
    assert told(admin) == set()
    assert "Có bản sao lưu mới, đã kiểm tra" in text_of(admin.page("/sao-luu"))
    made(counter, 1, verified=False, status="failed")
    assert told(admin) == {FAILED}
    made(counter, 0)
    assert told(admin) == set()


def test_how_old_one_may_become_is_a_setting(database) -> None:
    with open_counter(database.url, backup_old_h=3.0) as counter:
        plan(counter)
        made(counter, 4)
        assert told(Visitor(counter, "admin")) == {OLD}


def test_a_run_that_failed_counts_although_the_timetable_makes_none(counter: Counter, admin: Visitor) -> None:
    made(counter, 1, status="failed")
    assert told(admin) == {FAILED}


def test_what_cannot_be_counted_is_unknown(counter: Counter, admin: Visitor) -> None:
    write(counter, "ALTER TABLE backup RENAME TO elsewhere")
    page = text_of(admin.page("/"))
    assert "Chưa rõ, không đếm được: Sao lưu" in page
    assert "Không có gì cần bạn" not in page


def test_the_page_shows_a_real_run_and_why_one_failed_in_both_languages(
    counter: Counter, admin: Visitor, tmp_path: Path
) -> None:
    plan(counter)
    take(counter.store, BackupPolicy(folder=tmp_path / "b", environment="test"), by="lan")
    write(
        counter,
        "INSERT INTO backup (status, who, host, folder, ended_at, detail) VALUES ('failed', 'lan', 'h', '/b', now(),"
        " 'not done: the backup: it was interrupted')",
    )
    vi, en = (text_of(admin.page(f"/sao-luu?lang={lang}")) for lang in ("vi", "en"))
    assert "lienthong-test-" in vi
    assert "không làm được: sao lưu: bị ngắt giữa chừng" in vi
    assert "not done: the backup: it was interrupted" in en
    assert "dossiers whose evidence was checked: 0" in en


def test_one_is_run_now_with_a_reason_by_whoever_may(counter: Counter, admin: Visitor) -> None:
    plan(counter)
    write(counter, "UPDATE schedule SET next_at = now() + interval '1 h'")
    due = "SELECT next_at <= now() FROM schedule WHERE name = 'backup'"
    form = {"action": "run", "reason": "trước khi nâng cấp", "next": "/sao-luu"}
    assert Visitor(counter, "operator").post("/lich/backup", form).status == 403
    assert admin.post("/lich/backup", {**form, "reason": " "}).status == 400
    assert counter.scalar(due) is False
    reply = admin.post("/lich/backup", form)
    assert (reply.status, reply.headers["location"]) == (303, "/sao-luu?told=done")
    assert counter.scalar(due) is True


def test_sending_goes_on_by_a_form_with_a_reason_and_its_audit_row(counter: Counter, admin: Visitor) -> None:
    write(counter, "INSERT INTO installation VALUES ('sending', '\"paused\"')")
    write(
        counter,
        "INSERT INTO installation SELECT 'restored', jsonb_build_object('at', now(), 'taken_at', now(), 'file',"
        " 'lienthong-x.dump', 'by', 'command line', 'through', 0)",
    )
    assert told(admin) == {PAUSED}
    page = text_of(admin.page("/sao-luu"))
    assert "lienthong-x.dump" in page
    viewer = Visitor(counter, "viewer")
    assert "disabled" in viewer.page("/sao-luu")
    assert viewer.post("/sao-luu/gui", {"reason": "x"}).status == 403
    assert admin.post("/sao-luu/gui", {"reason": "x"}, token="0" * 64).status == 403
    assert admin.post("/sao-luu/gui", {"reason": ""}).status == 400
    assert told(admin) == {PAUSED}
    assert admin.post("/sao-luu/gui", {"reason": "đã xem hết"}).status == 303
    assert told(admin) == set()
    row = "SELECT who || ' ' || reason FROM audit WHERE what = 'sending-resumed'"
    assert counter.scalar(row) == "admin đã xem hết"
    assert admin.post("/sao-luu/gui", {"reason": "x"}).status == 409


@pytest.fixture
def measured(counter: Counter) -> Iterator[object]:
    key = counter.new_key("watch", "metrics")

    def value() -> float | None:
        page = counter.get("/metrics", key=key).body.decode()
        found = re.search(rf"(?m)^{NAME} (\S+)$", page)
        return float(found[1]) if found else None

    return value  # type: ignore[return-value]


def test_the_metric_tells_of_which_moment_the_newest_good_one_is(counter: Counter, measured) -> None:
    assert measured() is None
    plan(counter)
    assert measured() == 0.0
    made(counter, 2)
    made(counter, 1, verified=False)
    made(counter, 0.5, status="failed")
    of = counter.scalar("SELECT extract(epoch FROM now() - interval '2 hours')")
    assert measured() == pytest.approx(float(of), abs=60)  # type: ignore[arg-type]
