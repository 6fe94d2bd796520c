"""Batches under control: paused, going on, given up, tried again; their totals add up at every moment."""

import pytest

from engine.actions import batches
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_incident, set_aside
from tests.support.counter import Counter


@pytest.fixture
def admin(counter: Counter) -> Visitor:
    return Visitor(counter, "admin")


@pytest.fixture
def batch(counter: Counter) -> int:
    code = counter.new_dossier()
    items = [add_incident(counter, code, event=set_aside(counter, code)) for _ in range(4)]
    return batches.create(counter.store, "retry", items, by="admin", reason="mended", target="?cause=x")


def run(counter: Counter, limit: int = 100) -> int:
    return batches.run_waiting(counter.store, counter.clock, limit=limit)


def totals(admin: Visitor, batch: int) -> str:
    page = text_of(admin.page(f"/lo/{batch}?lang=en"))
    return page[page.index("Total ") : page.index("Who")].strip()


def act(admin: Visitor, batch: int, action: str, reason: str = "because") -> int:
    return admin.post(f"/lo/{batch}", {"action": action, "reason": reason}).status


def test_a_paused_batch_does_nothing_until_it_goes_on(counter: Counter, admin: Visitor, batch: int) -> None:
    assert run(counter, limit=1) == 1
    assert act(admin, batch, "pause") == 303
    assert run(counter) == 0
    assert "= done 1 + skipped 0 + failed 0 + waiting 3" in totals(admin, batch)
    assert "Paused" in text_of(admin.page(f"/lo/{batch}?lang=en"))
    assert act(admin, batch, "pause") == 409
    assert act(admin, batch, "resume") == 303
    assert run(counter) == 3
    assert "= done 4 + skipped 0 + failed 0 + waiting 0" in totals(admin, batch)
    assert "Finished" in text_of(admin.page(f"/lo/{batch}?lang=en"))


def test_what_waits_is_given_up_and_what_is_done_stays(counter: Counter, admin: Visitor, batch: int) -> None:
    run(counter, limit=2)
    assert act(admin, batch, "cancel") == 303
    assert run(counter) == 0
    assert "Total 4 = done 2 + skipped 2 + failed 0 + waiting 0" in totals(admin, batch)
    assert "given up by admin" in admin.page(f"/lo/{batch}")
    assert act(admin, batch, "cancel") == 409
    told = counter.scalar("SELECT facts ->> 'items' FROM audit WHERE what = 'batch-cancel'")
    assert told == "2"


def test_what_failed_is_tried_again(counter: Counter, admin: Visitor, batch: int) -> None:
    run(counter, limit=2)
    with counter.store.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE batch_item SET status = 'failed', detail = 'x' WHERE status = 'waiting'"
        )
    assert "failed 2 + waiting 0" in totals(admin, batch)
    assert act(admin, batch, "again") == 303
    assert "failed 0 + waiting 2" in totals(admin, batch)
    assert act(admin, batch, "pause") == 303
    with counter.store.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE batch_item SET status = 'failed' WHERE ctid = (SELECT min(ctid) FROM batch_item WHERE status = 'waiting')"
        )
    assert act(admin, batch, "again") == 303
    assert run(counter) == 0, "a paused batch stays paused"
    assert act(admin, batch, "resume") == 303
    assert run(counter) == 2
    assert act(admin, batch, "again") == 409


def test_a_malformed_filter_of_all_that_match_is_refused(
    counter: Counter, admin: Visitor, batch: int
) -> None:
    given = {"action": "retry", "all": "yes", "filter_status": "bogus"}
    assert admin.post("/su-co/xem-truoc", given).status == 400


def test_the_page_tells_the_pace_and_about_how_long(counter: Counter, admin: Visitor, batch: int) -> None:
    assert "a minute" not in text_of(admin.page(f"/lo/{batch}?lang=en"))
    run(counter, limit=1)
    assert "1 a minute · about 4 minutes left" in text_of(admin.page(f"/lo/{batch}?lang=en"))


def test_the_list_tells_progress_pace_and_filter_and_the_items_are_had_as_a_file(
    counter: Counter, admin: Visitor, batch: int
) -> None:
    run(counter, limit=1)
    page = text_of(admin.page("/lo?lang=en"))
    assert "Running 25 % 1 a minute · about 4 minutes left" in page
    assert "?cause=x" in page
    reply = admin.get(f"/lo/{batch}/muc.csv?lang=en")
    lines = reply.body.decode("utf-8-sig").strip().splitlines()
    assert reply.headers["content-disposition"].startswith(f'attachment; filename="lo-{batch}-')
    assert (len(lines), [",done," in line for line in lines].count(True)) == (5, 1)
    assert admin.get(f"/lo/{batch}/muc.xlsx").status == 200
    assert admin.get("/lo/999/muc.csv").status == 404
    assert Visitor(counter, "viewer", unit="H99.14").get(f"/lo/{batch}/muc.csv").status == 403
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'list-exported'") == 2


def test_an_act_on_a_batch_needs_a_reason_a_right_and_a_known_word(
    counter: Counter, admin: Visitor, batch: int
) -> None:
    assert act(admin, batch, "pause", reason=" ") == 400
    assert act(admin, batch, "delete") == 400
    assert act(admin, 999, "pause") == 404
    viewer = Visitor(counter, "viewer")
    assert "disabled" in viewer.page(f"/lo/{batch}")
    assert viewer.post(f"/lo/{batch}", {"action": "pause", "reason": "x"}).status == 403
    assert counter.scalar("SELECT state FROM batch") == "running"


def test_the_list_is_narrowed_by_what_its_address_says(counter: Counter, admin: Visitor, batch: int) -> None:
    address = f'href="/lo/{batch}"'
    for query, there in (
        ("standing=running", True),
        ("standing=finished", False),
        ("action=retry&who=admin", True),
        ("who=lan", False),
        ("subject=incident", True),
        ("subject=call", False),
        ("until=2020-01-01", False),
    ):
        assert (address in admin.page(f"/lo?{query}")) == there, query
    run(counter)
    assert address in admin.page("/lo?standing=finished")
    assert admin.get("/lo?standing=odd").status == 400
