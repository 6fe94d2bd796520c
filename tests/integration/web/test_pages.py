"""The plain pages: what they show, whom, and that nothing written into them runs."""

from urllib.parse import urlencode

import pytest

from tests.support.counter import Counter, open_counter

HTML = {"Accept": "text/html"}


@pytest.fixture
def console(database: object) -> "object":
    with open_counter(database.url, console_open=True) as opened:  # type: ignore[attr-defined]
        yield opened


def test_an_empty_system_says_what_to_do(console: Counter) -> None:
    page = console.get("/ho-so").body.decode()
    assert "Chưa có hồ sơ nào" in page
    assert "No dossier yet" in console.get("/ho-so?lang=en").body.decode()


def test_the_list_shows_dossiers_and_keeps_its_filters_in_the_address(console: Counter) -> None:
    code = console.new_dossier()
    page = console.get("/ho-so?status=2&lang=en").body.decode()
    assert f'href="/ho-so/{code}"' in page
    assert '<option value="2" selected>Accepted</option>' in page
    assert 'href="/ho-so?status=2&amp;lang=vi"' in page
    none = console.get("/ho-so?status=9").body.decode()
    assert "Không có gì khớp bộ lọc" in none
    assert code not in none


@pytest.mark.parametrize("query", ["colour=red", "status=red", "lang=fr", "cursor=x", "status=12"])
def test_an_unknown_filter_is_refused_on_a_page_that_says_so(console: Counter, query: str) -> None:
    reply = console.get(f"/ho-so?{query}", **HTML)
    assert reply.status == 400
    assert reply.headers["content-type"].startswith("text/html")
    assert b"invalid" in reply.body


def test_the_list_goes_on_where_the_page_ended(console: Counter) -> None:
    made = {str(console.hand_in().json["code"]) for _ in range(52)}
    first = console.get("/ho-so").body.decode()
    address = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = console.get(address).body.decode()
    assert {code for code in made if code in first} | {code for code in made if code in second} == made
    assert "52 kết quả" in first


def test_a_dossier_is_shown_with_its_history_and_its_tokens(console: Counter) -> None:
    code = console.new_dossier()
    page = console.get(f"/ho-so/{code}").body.decode()
    assert "Kiểm tra" in page
    assert "submitted" in page
    page = console.get(f"/ho-so/{code}?tab=diagram").body.decode()
    assert f'data-source="/ho-so/{code}/so-do.bpmn"' in page
    assert "&#34;element&#34;:&#34;check&#34;" in page.replace(": ", ":").replace("&quot;", "&#34;")
    drawing = console.get(f"/ho-so/{code}/so-do.bpmn")
    assert b'<bpmn:userTask id="check"' in drawing.body
    assert drawing.headers["content-type"] == "application/xml"
    missing = console.get("/ho-so/H99.14-260101-0001", **HTML)
    assert (missing.status, missing.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_pages_ask_nothing_of_the_world_and_run_nothing_inline(console: Counter) -> None:
    code = console.new_dossier()
    for path in (
        "/ho-so",
        f"/ho-so/{code}",
        f"/ho-so/{code}?tab=diagram",
        "/vao",
        "/errors/dossier-not-found",
    ):
        page = console.get(path).body.decode()
        assert "http://" not in page
        assert "https://" not in page
        assert "<script>" not in page
        assert "style=" not in page
        assert "onclick" not in page


def test_what_partners_and_people_write_is_only_shown(console: Counter) -> None:
    bad = '<script>alert("x")</script>'
    code = console.new_dossier()
    with console.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE dossier SET phase = %s", (bad,))
        connection.exec_driver_sql("UPDATE work_item SET name = %s, element = %s", (bad, bad + "'\""))
    for path in ("/ho-so", f"/ho-so/{code}", f"/ho-so/{code}?tab=diagram", "/ho-so?" + urlencode({"q": bad})):
        page = console.get(path).body.decode()
        assert bad not in page
        assert "alert(" not in page or "&lt;script&gt;" in page or "\\u003cscript" in page


def test_pages_are_closed_unless_opened(counter: Counter) -> None:
    assert counter.get("/ho-so", **HTML).status == 401
    assert counter.get("/ho-so", key=counter.desk).status == 200
    assert counter.get("/ho-so", key=counter.officer).status == 403


def test_an_open_console_answers_only_this_machine_under_its_own_name(console: Counter) -> None:
    assert console.get("/ho-so").status == 200
    assert console.get("/ho-so", Host="localhost:8080").status == 200
    assert console.get("/ho-so", Host="rebound.example").status == 401
    assert console.get("/ho-so", **{"X-Forwarded-For": "203.0.113.9"}).status == 401
    assert console.get("/api/v1/dossiers").status == 401


def test_every_error_code_has_its_page(console: Counter) -> None:
    page = console.get("/errors/idempotency-key-reused").body.decode()
    assert "422" in page
    assert console.get("/errors/nonsense").status == 404
