"""The documents on the console: in the reader's language where there is one, linked from where they are needed."""

from engine.storage import partners
from engine.storage.partners import BreakerPolicy
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call, add_incident
from tests.support.counter import Counter

DOWN, UNKNOWN = "/tro-giup/howto/a-partner-is-down", "/tro-giup/howto/answer-an-unknown-call"


def test_a_document_is_in_the_readers_language_or_says_in_which_it_is(counter: Counter) -> None:
    viewer = Visitor(counter, "viewer")
    assert '<article class="guide" lang="vi"><h1>Khi đối tác ngừng hoạt động</h1>' in viewer.page(DOWN)
    assert '<article class="guide" lang="en"><h1>A partner is down</h1>' in viewer.page(f"{DOWN}?lang=en")
    english = viewer.page("/tro-giup/api")
    assert "Tài liệu này viết bằng tiếng Anh." in english
    assert "Tài liệu này viết bằng tiếng Anh." not in viewer.page(DOWN)
    told = text_of(viewer.page("/tro-giup"))
    assert "thêm đối tác SOAP" in told
    assert "thêm đối tác SOAP (tiếng Anh)" not in told
    assert viewer.get("/tro-giup/howto/nothing").status == 404
    assert viewer.get("/tro-giup/..%2f..%2fsetup").status == 404
    assert viewer.get(f"{DOWN}?x=1").status == 400
    assert counter.get(DOWN).status == 401


def test_who_needs_a_howto_is_led_to_it(counter: Counter) -> None:
    viewer, admin = Visitor(counter, "viewer"), Visitor(counter, "admin")
    code = counter.new_dossier()
    call = add_call(counter, code)
    incident = add_incident(counter, code, call=call, cause="unknown-outcome", actions=("done",))
    assert UNKNOWN in viewer.page(f"/cuoc-goi/{call}")
    assert UNKNOWN in viewer.page(f"/su-co/{incident}")
    assert DOWN not in viewer.page("/doi-tac/agency")
    with counter.store.transaction() as connection:
        partners.record_failure(connection, "agency", BreakerPolicy(failures=1, open_s=60))
    assert DOWN in viewer.page("/doi-tac/agency")
    assert DOWN in viewer.page("/doi-tac")
    assert "/tro-giup/howto/rotate-a-key" in admin.page("/khoa")
    assert "/tro-giup/howto/deploy" in viewer.page("/quy-trinh")
    assert "/tro-giup/howto/read-a-dossiers-evidence" in viewer.page(f"/ho-so/{code}?tab=evidence")
