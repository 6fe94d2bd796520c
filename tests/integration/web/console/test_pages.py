"""What every page owes: the same rows at the same address, a fixed number of statements, both languages, no gaps."""

import html
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml

from engine.actions import keys
from engine.clock import VIETNAM
from engine.storage import presences
from engine.storage.presences import Process
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call, add_incident, add_message
from tests.support.counter import FORM, MODEL, PROCEDURE, Counter
from tests.support.procedures import UNIT
from tests.support.statements import counting

WEB = Path(__file__).parents[4] / "web"
LISTS = ("/ho-so", "/su-co", "/cuoc-goi", "/thong-diep", "/viec", "/quy-trinh", "/nhat-ky", "/lo")
PLAIN = ("/", "/doi-tac", "/lich", "/tien-trinh", "/sao-luu", "/tai-khoan", "/khoa")
PUBLIC = ("/thu-tuc", "/thu-tuc/1.000001", "/tra-cuu", "/vao")


@pytest.fixture
def admin(counter: Counter) -> Visitor:
    return Visitor(counter, "admin")


AS_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def filled(counter: Counter) -> list[str]:
    """A system with one of everything; the pages of single things."""
    code = counter.new_dossier()
    item = counter.open_item(code)
    call, message = add_call(counter, code), add_message(counter, "supplement", "x")
    incident = add_incident(counter, code, call=call, cause="unknown-outcome", actions=("ask", "done"))
    tabs = ("timeline", "diagram", "data", "exchange", "ledger", "operations", "evidence")
    return [
        *(f"/ho-so/{code}?tab={tab}" for tab in tabs),
        f"/su-co/{incident}",
        f"/cuoc-goi/{call}",
        f"/thong-diep/{message}",
        f"/viec/{item}",
        "/quy-trinh/1",
    ]


def test_every_page_is_whole_in_both_languages(counter: Counter, admin: Visitor) -> None:
    for path in (*filled(counter), *LISTS, *PLAIN, *PUBLIC):
        sign = "&" if "?" in path else "?"
        for lang in ("vi", "en"):
            page = admin.page(f"{path}{sign}lang={lang}")
            assert f'<html lang="{lang}"' in page
            assert "<h1>" in page
            assert not re.search(r"https?://|<script>| style=|\bon[a-z]+=\"", page), path
            assert page.count("<h1>") == 1


@pytest.mark.parametrize("path", LISTS)
def test_a_filter_that_is_unknown_or_malformed_is_refused(admin: Visitor, path: str) -> None:
    for query in ("nonsense=1", "cursor=x", "lang=fr"):
        reply = admin.get(f"{path}?{query}")
        assert reply.status == 400, (path, query)
        assert reply.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", LISTS[:-1])
def test_a_filter_form_sent_as_it_stands_narrows_nothing_more(
    counter: Counter, admin: Visitor, path: str
) -> None:
    filled(counter)
    page = admin.page(path)
    form = page.split('method="get"')[1].split("</form>")[0]
    names = re.findall(r'<(?:input|select)[^>]* name="([^"]+)"', form)
    chosen = dict(
        re.findall(r'<select[^>]* name="([^"]+)">(?:(?!</select>).)*?value="([^"]*)" selected', form, re.S)
    )
    sent = {name: chosen.get(name, "") for name in names}
    assert len(sent) == len(names) > 0
    again = admin.page(f"{path}?{urlencode(sent)}")
    assert rows_in(again) == rows_in(page) > 0


def rows_in(page: str) -> int:
    return page.count('<th scope="row">')


def statements(counter: Counter, admin: Visitor, path: str) -> int:
    with counting(counter.store) as seen:
        admin.page(path)
    return len(seen)


def test_a_page_asks_the_database_as_often_for_many_rows_as_for_few(counter: Counter, admin: Visitor) -> None:
    singles = filled(counter)
    paths = (*singles, *LISTS, *PLAIN)
    for path in paths:  # calendars and procedures are read once by a process
        admin.page(path)
    few = {path: statements(counter, admin, path) for path in paths}
    for _ in range(3):
        filled(counter)
    for path in paths:
        assert statements(counter, admin, path) == few[path] <= 12, path


def test_a_dossier_is_found_by_part_of_its_code_and_by_a_name_without_accents(
    counter: Counter, admin: Visitor
) -> None:
    code = counter.new_dossier()
    other = counter.new_dossier(applicant={"name": "Trần Đức Khác", "identity": "001099000002"})
    assert code in admin.page(f"/ho-so?q={code[4:]}")
    for words in ("nguyen van", "NGUYỄN", "Nguyê\u0303n Va\u0306n"):
        page = admin.page("/ho-so?" + urlencode({"q": words}))
        assert code in page
        assert other not in page
    assert other in admin.page("/ho-so?q=duc+khac")
    assert code not in admin.page("/ho-so?q=%25")


def test_situations_narrow_to_what_they_say(counter: Counter, admin: Visitor) -> None:
    waiting, broken = counter.new_dossier(), counter.new_dossier()
    add_incident(counter, broken)
    page = admin.page("/ho-so?situation=incident")
    assert broken in page
    assert waiting not in page
    assert waiting in admin.page("/ho-so?situation=work-item")
    assert waiting not in admin.page("/ho-so?situation=over")
    assert "Không có gì khớp" in admin.page("/ho-so?since=2030-01-01")
    assert admin.get("/ho-so?since=yesterday").status == 400


def test_personal_data_shows_one_field_after_a_reason_and_for_this_session_only(counter: Counter) -> None:
    code = counter.new_dossier()
    operator, viewer = Visitor(counter, "operator"), Visitor(counter, "viewer")
    for tab in ("timeline", "data", "operations"):
        assert "Nguyễn Văn Thử" not in operator.page(f"/ho-so/{code}?tab={tab}")
    form = {"field": "applicant.name", "reason": "the applicant called"}
    assert viewer.post(f"/ho-so/{code}/mo", form).status == 403
    seen = operator.post(f"/ho-so/{code}/mo", form).headers["location"]
    page = operator.page(seen)
    assert "Nguyễn Văn Thử" in page
    assert "001099000001" not in page
    assert "Nguyễn Văn Thử" not in viewer.page(seen)
    assert "the applicant called" in operator.page(f"/ho-so/{code}?tab=operations")


def test_a_broken_model_is_refused_with_its_findings_drawn_and_a_good_one_activated(
    counter: Counter, admin: Visitor
) -> None:
    drawing = b'<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" id="d"/>'
    broken = MODEL.replace(
        b'sourceRef="wait" targetRef="end"', b'sourceRef="wait" targetRef="nowhere"'
    ).replace(b"</bpmn:definitions>", drawing + b"</bpmn:definitions>")
    good = PROCEDURE.replace("Thủ tục thử", "Thủ tục thử 2")
    refused = upload(admin, {"procedure.yaml": good, "walk.bpmn": broken, "check.form": json.dumps(FORM)})
    assert refused.status == 422
    assert "nowhere" in refused.body.decode()
    assert 'class="diagram"' in refused.body.decode()
    assert counter.scalar("SELECT count(*) FROM deployment") == 1
    kept = upload(admin, {"procedure.yaml": good, "walk.bpmn": MODEL, "check.form": json.dumps(FORM)})
    where = kept.headers["location"].split("?")[0]
    assert counter.scalar("SELECT name_vi FROM procedure") == "Thủ tục thử"
    assert admin.post(where, {"reason": "", "action": "activate"}).status == 400
    assert admin.post(where, {"reason": "new words", "action": "activate", "instead_of": "1"}).status == 303
    assert counter.scalar("SELECT name_vi FROM procedure") == "Thủ tục thử 2"
    assert (
        counter.scalar("SELECT reason FROM audit WHERE what = 'deployment-activated' AND who = 'admin'")
        == "new words"
    )


def upload(admin: Visitor, files: dict[str, str | bytes]) -> "object":
    edge = "edge0123456789"
    body = f'--{edge}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{admin.token()}\r\n'.encode()
    for name, content in files.items():
        head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        data = content if isinstance(content, bytes) else content.encode()
        body += head.encode() + data + b"\r\n"
    body += f"--{edge}--\r\n".encode()
    headers = admin.headers | {"Content-Type": f"multipart/form-data; boundary={edge}"}
    return admin.counter.request("POST", "/quy-trinh", body, headers=headers)


def test_accounts_and_keys_are_made_changed_and_ended_at_the_console(
    counter: Counter, admin: Visitor
) -> None:
    made = admin.post("/tai-khoan", {"name": "lan", "role": ["officer"], "unit": "H99.14"})
    password = re.search(r"<strong>lan</strong>: <code>([^<]+)", made.body.decode())
    assert password is not None
    assert admin.post("/tai-khoan", {"name": "lan", "role": ["viewer"]}).status == 409
    assert admin.post("/tai-khoan", {"name": "mai", "role": ["emperor"]}).status == 400
    change = {"role": ["viewer"], "enabled": "yes", "reason": "vacation", "action": "change"}
    seen = json.dumps([["admin"], None, True])
    last = admin.post(f"/tai-khoan/{admin.account}", {**change, "confirmed": "yes", "seen": seen})
    assert last.status == 409
    issued = admin.post("/khoa", {"name": "desk 2", "scope": ["dossiers:read"], "days": "30"}).body.decode()
    key = re.search(r"<code>(lt_[^<]+)</code>", issued)
    assert key is not None
    assert counter.get("/api/v1/dossiers", key=key[1]).status == 200
    assert admin.post(f"/khoa/{key[1].split('_')[1]}").status == 303
    assert counter.get("/api/v1/dossiers", key=key[1]).status == 401
    assert key[1] not in admin.page("/khoa")
    assert keys.SCOPES.keys() >= {"dossiers:read"}


def test_citizens_find_their_dossier_by_the_receipt_only(counter: Counter) -> None:
    made = counter.hand_in().json
    ask = {"code": str(made["code"]), "access": str(made["access_code"])}
    headers = AS_FORM
    found = counter.request("POST", "/tra-cuu", urlencode(ask).encode(), headers=headers)
    assert found.status == 200
    assert "Nguyễn" not in found.body.decode()
    assert str(made["code"]) in found.body.decode()
    wrong = [
        counter.request("POST", "/tra-cuu", urlencode(ask | change).encode(), headers=headers)
        for change in ({"access": "00000000"}, {"code": "H99.14-000000-0000"})
    ]
    assert [reply.status for reply in wrong] == [404, 404]
    more = [
        counter.request("POST", "/tra-cuu", urlencode(ask).encode(), headers=headers).status for _ in range(9)
    ]
    assert more[-1] == 429


def test_citizens_read_whom_their_dossier_waits_for_and_why_it_is_due_later(counter: Counter) -> None:
    made = counter.hand_in().json
    counter.apply_all()
    with counter.store.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO ledger_entry (dossier_id, kind, reason, ground, at, due_before, due_after)"
            " SELECT id, 'resume', 'supplement', 'Điều 19 NĐ 118', now(), '2026-03-05T17:00+07', '2026-03-09T17:00+07'"
            " FROM dossier"
        )
    ask = urlencode({"code": str(made["code"]), "access": str(made["access_code"]), "lang": "vi"}).encode()
    page = text_of(counter.request("POST", "/tra-cuu", ask, headers=AS_FORM).body.decode())
    unit = counter.scalar("SELECT name FROM unit WHERE code = 'H99.14'")
    assert f"Đang chờ {unit} " in page
    assert "Quá trình giải quyết 03/03/2026 09:00:00 : Tiếp nhận" in page
    assert "hạn mới 09/03/2026 17:00:00 (trước đây 05/03/2026 17:00:00 )" in page
    assert "chờ bổ sung giấy tờ" in page
    assert "Nguyễn" not in page


@pytest.mark.parametrize("note", ["papers", "fee", "none"])
def test_citizens_read_which_papers_are_wanted_and_what_is_to_be_paid(counter: Counter, note: str) -> None:
    made = counter.hand_in(data={"note": note}).json
    counter.apply_all()
    officer = Visitor(counter, "officer", unit="H99.14")
    ask = urlencode({"code": str(made["code"]), "access": str(made["access_code"])}).encode()
    before = text_of(counter.request("POST", "/tra-cuu", ask, headers=AS_FORM).body.decode())
    assert "Giấy tờ cần bổ sung" not in before
    item = counter.open_item(str(made["code"]))
    assert officer.post(f"/viec/{item}", {"f.decision": "accept", "once": "a"}).status == 303
    counter.apply_all()
    whole = counter.request("POST", "/tra-cuu", ask, headers=AS_FORM).body.decode()
    page = text_of(whole)
    assert ("Giấy tờ cần bổ sung Giấy tờ " in page) is (note == "papers")
    assert ("phải nộp 8.000 đ : Nộp trực tuyến tại pay.example" in page) is (note == "fee")
    assert ('href="https://pay.example/?so=1&amp;x=2" rel="noopener noreferrer"' in whole) is (note == "fee")
    assert "XX" not in page


def test_a_wrong_code_and_a_wrong_access_code_get_the_same_page_for_the_same_work(counter: Counter) -> None:
    made = counter.hand_in().json
    told, work = [], []
    for ask in (
        {"code": str(made["code"]), "access": "00000000"},
        {"code": "H99.14-000000-0000", "access": str(made["access_code"])},
    ):
        with counting(counter.store) as seen:
            reply = counter.request(
                "POST",
                "/tra-cuu",
                urlencode(ask).encode(),
                headers=AS_FORM,
            )
        told.append((reply.status, reply.body.decode().replace(ask["code"], "CODE")))
        work.append(seen)
    assert told[0] == told[1]
    assert work[0] == work[1] != []


def test_what_needs_attention_leads_to_the_lists_behind_it(counter: Counter, admin: Visitor) -> None:
    assert "Không có tiến trình nào làm việc" in text_of(admin.page("/"))
    with counter.store.transaction() as connection:
        for role in ("worker", "scheduler"):
            presences.tell(
                connection, Process(name=role, role=role, host="h", pid=1, version="1"), draining=False
            )
    assert "Không có gì cần bạn" in text_of(admin.page("/"))
    filled(counter)
    page = admin.page("/")
    for href in re.findall(r'<li><a href="([^"]+)"><strong>', page):
        assert admin.get(href).status == 200
    assert 'href="/su-co?cause=unknown-outcome"' in page


def test_what_is_due_within_one_working_day_is_the_list_behind_it(counter: Counter, admin: Visitor) -> None:
    codes = [counter.new_dossier() for _ in range(4)]
    friday = datetime(2026, 3, 6, 9, 0, tzinfo=VIETNAM)  # the counter's own day is a Tuesday
    at = [friday - timedelta(days=4), friday, friday + timedelta(days=3, hours=7), friday + timedelta(days=4)]
    with counter.store.transaction() as connection:
        for code, due in zip(codes, at, strict=True):
            connection.exec_driver_sql("UPDATE dossier SET due_at = %s WHERE code = %s", (due, code))
    counter.clock.advance(friday - counter.clock.now() - timedelta(hours=1))
    page = text_of(admin.page("/"))
    assert "2 Hồ sơ: đến hạn trong một ngày làm việc" in page
    assert "1 Hồ sơ: Quá hạn" in page
    (href,) = re.findall(r'href="(/ho-so[?]late=no[^"]+)"', admin.page("/"))
    listed = admin.page(html.unescape(href))
    assert [code in listed for code in codes] == [False, True, True, False]


def test_attention_can_be_narrowed_to_a_procedure_and_a_unit(counter: Counter, admin: Visitor) -> None:
    filled(counter)
    assert 'cause=unknown-outcome&amp;procedure=1.000001"' in admin.page("/?procedure=1.000001")
    for other in ("/?procedure=9.999999", "/?unit=H98.01"):
        assert 'href="/su-co?cause=' not in admin.page(other)
    viewer = Visitor(counter, "viewer", unit="H98.01", name="far")
    assert viewer.get(f"/?unit={UNIT}").status == 403


def test_what_may_not_be_done_is_written_down_once_a_minute(counter: Counter) -> None:
    viewer = Visitor(counter, "viewer", unit=UNIT, name="curious")
    for _ in range(5):
        assert viewer.get("/nhat-ky").status == 403
        assert viewer.get("/tai-khoan").status == 403
        assert counter.get("/api/v1/schedules", key=counter.desk).status == 403
        assert counter.get("/nhat-ky").status == 401
    with counter.store.reading() as connection:
        told = connection.exec_driver_sql(
            "SELECT who, facts ->> 'address' FROM audit WHERE what = 'denied' ORDER BY id"
        ).all()
    assert [tuple(row) for row in told] == [
        ("curious", "/nhat-ky"), ("curious", "/tai-khoan"), ("desk", "/api/v1/schedules"),
    ]  # fmt: skip


def dynamic() -> Iterator[str]:
    """Words that templates name by a stable code."""
    from engine.actions.accounts import RIGHTS, ROLES
    from engine.queries.dossier_list import SITUATIONS
    from engine.queries.exchange import CALL_STATES, MESSAGE_STATES
    from engine.queries.incident_groups import OUTCOMES
    from web.console import pages
    from web.console.batches import ITEM_COLUMNS
    from web.console.dossier_tabs import TABS
    from web.console.help_page import BATCH_STATES, INCIDENT_STATES, ITEM_STATES

    groups = {
        "right": RIGHTS, "role": ROLES, "situation": SITUATIONS, "call_state": CALL_STATES,
        "message_state": MESSAGE_STATES, "outcome": OUTCOMES, "tab": TABS, "theme": ("auto", "light", "dark"),
        "about_situation": (*SITUATIONS, "running"), "about_call_state": CALL_STATES,
        "about_message_state": MESSAGE_STATES, "about_incident_state": INCIDENT_STATES,
        "about_item_state": ITEM_STATES, "about_batch_state": BATCH_STATES,
        "clock": ("pause", "resume", "extend"), "pause": ("supplement", "payment", "draft-confirmation"),
        "held": ("work-item", "call", "wait", "timer", "incident", "event"),
    }  # fmt: skip
    yield from (f"column_{column.name}" for one in pages.LISTS for column in one.columns)
    yield from (f"column_{column.name}" for column in ITEM_COLUMNS)
    yield from (f"{group}_{name.replace('-', '_')}" for group, names in groups.items() for name in names)


def test_no_word_is_missing_in_either_language_and_none_is_left_over() -> None:
    words = yaml.safe_load((WEB / "translations" / "words.yaml").read_text(encoding="utf-8"))
    assert all(
        len(both) == 2 and all(isinstance(one, str) and one for one in both) for both in words.values()
    )
    texts = [path.read_text(encoding="utf-8") for path in (WEB / "templates").rglob("*.html")]
    named = {name for text in texts for name in re.findall(r"\bt\.(?!of\()([a-z_]+)", text)} | set(dynamic())
    code = "".join(
        (WEB / "console" / name).read_text(encoding="utf-8")
        for name in ("rendering.py", "exports.py", "partners.py")
    )
    named |= set(re.findall(r'\("[a-z]+", "/[a-z-]*", "([a-z_]+)"\)', code)) | set(
        re.findall(r"\b(?:t|told)\.(?!of\()([a-z_]+)", code)
    )
    assert named - words.keys() == set()
    told = (WEB / "console" / "facts.py").read_text(encoding="utf-8")
    groups = {group for text in (*texts, told) for group in re.findall(r't\.of\("([a-z_]+)"', text)}
    left = {
        name for name in words if name not in named and not name.startswith(tuple(f"{g}_" for g in groups))
    }
    assert left == set()


def test_hostile_words_in_every_field_are_only_shown(counter: Counter, admin: Visitor) -> None:
    bad = "</script><script>alert(1)</script><img src=x onerror=alert(1)>'\""
    singles = filled(counter)
    with counter.store.transaction() as connection:
        for change in (
            "dossier SET phase = %s", "work_item SET name = %s", "call SET detail = %s, operation = %s",
            "message SET name = %s, source = %s", "incident SET title = %s, element = %s", "audit SET reason = %s",
        ):  # fmt: skip
            connection.exec_driver_sql(f"UPDATE {change}", (bad,) * change.count("%s"))
    for path in (*singles, *LISTS, *PLAIN):
        page = admin.page(path)
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path


def test_what_needs_attention_can_be_put_off_but_is_never_hidden(counter: Counter, admin: Visitor) -> None:
    filled(counter)
    given = {"kind": "incidents", "name": "unknown-outcome", "hours": "4", "reason": "đối tác đang sửa"}
    assert admin.post("/nhac-sau", given).status == 303
    page = admin.page("/")
    assert 'href="/su-co?cause=unknown-outcome"' not in page
    assert "đối tác đang sửa" in page
    assert "Đã hoãn nhắc" in page
    for wrong in ({"hours": "5"}, {"hours": "x"}, {"kind": "weather"}, {"reason": " "}, {"name": ""}):
        assert admin.post("/nhac-sau", {**given, **wrong}).status == 400, wrong
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE snooze SET until = now() - interval '1 s'")
    assert 'href="/su-co?cause=unknown-outcome"' in admin.page("/")
    viewer = Visitor(counter, "viewer")
    assert viewer.post("/nhac-sau", given).status == 403
    assert counter.scalar("SELECT reason FROM audit WHERE what = 'attention-put-off'") == "đối tác đang sửa"
