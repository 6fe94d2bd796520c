"""Every page of the console as addresses that show something, made from the URL map: a page without one fails."""

import re
from datetime import timedelta

from engine.actions import batches, by_hand, deploy, drift, resolve, snoozing, suspend
from engine.clock import SystemClock
from engine.exchange.drift import Described, Standing
from engine.models.deployment import from_files
from engine.storage import presences
from engine.storage.presences import Process
from tests.support.console_rows import add_call, add_incident, add_message, add_refusal, set_aside
from tests.support.counter import MODEL, PROCEDURE, Counter
from tests.support.procedures import NOON
from web.app import create_app
from web.console.dossier_tabs import TABS

# What is no page of its own: files, pictures, and what only machines read.
_NO_PAGE = re.compile(r"/(api|static|health|metrics|oauth|partners|soap)\b|\.\w+$|^/vao/cong|^/phien|/tep/")
_OF_A_SESSION = "/toi"  # says which session is the one that asks
_GUIDES = ("README", "howto/answer-an-unknown-call", "howto/add-a-rest-partner", "reference/commands")
_EXTRA = (
    "/ho-so?q=nobody+at+all",
    "/ho-so?status=red",
    "/ho-so?procedure=1.000001&var.deed.kind=KS",
    "/no-such-page",
    "/errors/not-found",
)


def addresses(counter: Counter) -> dict[str, str]:
    """Address → the route that it shows, at least one for each route; some with nothing found, one refused."""
    filled = _places(counter)
    found: dict[str, str] = {}
    for rule in sorted(
        {one.rule for one in create_app(counter.container).url_map.iter_rules() if _is_page(one)}
    ):
        address = re.sub(r"<(?:\w+:)?(\w+)>", lambda place, at=rule: filled[at, place[1]], rule)
        found[address] = rule
    code = filled["/ho-so/<string:code>", "code"]
    found |= {f"/ho-so/{code}?tab={tab}": "/ho-so/<string:code>" for tab in TABS}
    held = counter.new_dossier()
    suspend.suspend(counter.store, held, by="admin", reason="x", now=NOON)
    found[f"/ho-so/{held}"] = "/ho-so/<string:code>"
    found |= {f"/cuoc-goi/{call}": "/cuoc-goi/<int:id>" for call in _calls(counter, code)}
    _trouble_in_hand(counter, code)
    _restored_and_backed_up(counter)
    other = _other_version(counter)
    found[f"/quy-trinh/{other}"] = "/quy-trinh/<int:id>"
    found[f"/quy-trinh/{other}/chuyen-ho-so"] = "/quy-trinh/<int:id>/chuyen-ho-so"
    found |= {f"/tro-giup/{name}": "/tro-giup/<path:name>" for name in _GUIDES}
    return found | dict.fromkeys(_EXTRA, "")


def _calls(counter: Counter, code: str) -> tuple[int, int]:
    """One that an operator holds, and one that was refused and may have a new key."""
    held, refused = add_call(counter, code, "pending"), add_call(counter, code, "refused")
    by_hand.act_on_call(counter.store, held, "hold", by="admin", reason="x")
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE attempt SET outcome = 'refused' WHERE call_id = %s", (refused,))
    return held, refused


def _trouble_in_hand(counter: Counter, code: str) -> None:
    """A cause that is muted, and an incident that was told to run again."""
    until = SystemClock().now() + timedelta(days=1)
    snoozing.mute(counter.store, "unknown-outcome", until, by="admin", reason="x")
    again = add_incident(counter, code, event=set_aside(counter, code))
    resolve.act(counter.store, again, "retry", by="admin", reason="x")


def _drift(counter: Counter) -> None:
    """A partner whose contract changed and that describes itself otherwise."""
    process = Process(name="w", role="worker", host="h", pid=1, version="1")
    for held in ("a" * 64, "b" * 64):
        with counter.store.transaction() as connection:
            presences.tell(connection, process, draining=False, contracts={"agency": held})
        drift.compare(counter.store)
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE drift SET standing = 'differs'")
    said = Described(about="/a?wsdl", standing=Standing.DIFFERS, changed=("element x",), gone=("element y",))
    drift.keep(counter.store, "agency", [said])


def _restored_and_backed_up(counter: Counter) -> None:
    """A system that comes from a backup, and two backups made since: a good one and one that failed."""
    with counter.store.transaction() as connection:
        run = connection.exec_driver_sql
        run("INSERT INTO installation VALUES ('sending', '\"paused\"') ON CONFLICT DO NOTHING")
        run(
            "INSERT INTO installation SELECT 'restored', jsonb_build_object('at', now(), 'taken_at', now(), 'file', 'x.dump',"
            " 'by', 'lan', 'through', 0) ON CONFLICT DO NOTHING"
        )
        run(
            "INSERT INTO schedule (name, job, trigger, next_at) VALUES ('backup', 'backup', '30 2 * * *', now())"
            " ON CONFLICT DO NOTHING"
        )
        run(
            "INSERT INTO backup (status, who, host, folder, file, size_bytes, dossiers, taken_at, ended_at, verified_at,"
            " checked) VALUES ('done', 'lan', 'h', '/b', 'y.dump', 1, 1, now(), now(), now(), 1)"
        )
        run(
            "INSERT INTO backup (status, who, host, folder, ended_at, detail)"
            " VALUES ('failed', 'lan', 'h', '/b', now(), 'not done: the backup: it was interrupted')"
        )


def _other_version(counter: Counter) -> int:
    """One that is not active and whose model differs."""
    model = MODEL.replace(b'id="check" name="', b'id="check" name="2 ')
    files = {"procedure.yaml": PROCEDURE.encode(), "walk.bpmn": model, "check.form": b"{}"}
    return deploy.keep(counter.store, from_files(files), by="test", findings=1)


def lists(counter: Counter) -> list[str]:
    """The addresses of the pages that show a table of rows, without a place in them."""
    every = addresses(counter).items()
    return [address for address, rule in every if rule == address != _OF_A_SESSION and "?" not in address]


def _is_page(rule: object) -> bool:
    methods, path = rule.methods or set(), rule.rule  # type: ignore[attr-defined]
    return "GET" in methods and _NO_PAGE.search(path) is None


class _Places(dict[tuple[str, str], str]):
    def __missing__(self, place: tuple[str, str]) -> str:
        raise AssertionError(f"say in tests/support/every_page.py what to show at {place[0]} as {place[1]}")


def _places(counter: Counter) -> _Places:
    code = counter.new_dossier()
    call, message = add_call(counter, code), add_message(counter, "supplement", "x")
    incident = add_incident(counter, code, call=call, cause="unknown-outcome", actions=("ask", "done"))
    add_refusal(counter)
    _drift(counter)
    of_batch = [add_incident(counter, code)]
    batch = batches.create(counter.store, "close", of_batch, by="admin", reason="x", target="")
    return _Places(
        {
            ("/ho-so/<string:code>", "code"): code,
            ("/ho-so/<string:code>/chuyen-buoc", "code"): code,
            ("/ho-so/<string:code>/doi-phien-ban", "code"): code,
            ("/cuoc-goi/<int:id>", "id"): str(call),
            ("/thong-diep/<int:id>", "id"): str(message),
            ("/su-co/<int:id>", "id"): str(incident),
            ("/lo/<int:id>", "id"): str(batch),
            ("/viec/<int:id>", "id"): str(counter.open_item(code)),
            ("/doi-tac/<string:name>", "name"): "agency",
            ("/quy-trinh/<int:id>", "id"): "1",
            ("/quy-trinh/<int:id>/mo-phong", "id"): "1",
            ("/quy-trinh/<int:id>/chuyen-ho-so", "id"): "1",
            ("/thu-tuc/<string:code>", "code"): "1.000001",
            ("/errors/<string:code>", "code"): "dossier-not-found",
            ("/tro-giup/<path:name>", "name"): "howto/a-partner-is-down",
        }
    )
