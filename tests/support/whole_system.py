"""A whole system as processes of its own, the people outside who use it, and a hand that kills its processes.

Desk and agency speak HTTP only and repeat what was not answered under the same key. The admin's script finds unknown calls in
the database, asks the partners' journal what became of them, and acts through the REST interface.
"""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import psutil
from sqlalchemy import text

from engine import errors
from engine.exchange.ports import Json
from engine.storage.database import Store
from engine.storage.embedded.place import find_place
from tests.support import witness
from tests.support.exchange import DATA, WALK
from tests.support.killed_walk import REPLIES
from tests.support.killing import ROOT
from tests.support.procedures import PROCEDURE, UNIT
from tests.support.waiting import gone, until

CONSOLE = "console: "
ROLES = ("worker", "web", "scheduler", "postgres")
SHORT = {
    "LIENTHONG_WORKER_EVENT_LEASE_S": "5",
    "LIENTHONG_WORKER_EVENT_RETRY_S": "0.2",
    "LIENTHONG_SCHEDULES_LEASES_S": "0.5",
    "LIENTHONG_SCHEDULES_TIMERS_S": "0.5",
    "LIENTHONG_JOBS_HEARTBEAT_S": "0.5",
    "LIENTHONG_JOBS_STALLED_S": "2",
    "LIENTHONG_JOBS_SWEEP_S": "1",
    "LIENTHONG_LOG_LEVEL": "error",
}
SLOW_S = {"CapNhatTienDoHoSoMC": 1.5, "Bao": 0.5, "": 0.2}
DEAD_S = 4.0  # what is left of a dead worker's leases: longer than any partner takes for what it has begun
_INCIDENTS = text(
    "SELECT i.id, i.cause, i.actions, i.title, c.partner, c.operation, c.key, c.body, c.repeat"
    " FROM incident i LEFT JOIN call c ON c.id = i.call_id WHERE i.status = 'open' ORDER BY i.id"
)
_SENDING = text("SELECT DISTINCT worker FROM call WHERE status = 'sending' AND lease_until > now()")
_ORPHANED = text(
    "UPDATE call SET lease_until = now() + make_interval(secs => :left_s) WHERE status = 'sending'"
    " AND worker = ANY(:gone) AND lease_until > now() + make_interval(secs => :left_s)"
)
_AGAIN_S = 0.2
_PATIENCE_S = 90.0


class WholeSystem:
    """`lienthong run --simulate` with two workers, over a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, **SHORT, "LIENTHONG_DATA_DIR": str(folder / "data")}
        self.environment["LIENTHONG_PARTNERS_PATH"] = str(DATA / "partners")
        self.environment["LIENTHONG_PROCEDURES_PATH"] = str(self._procedures())
        command = [sys.executable, "-m", "lienthong", "run", "--simulate", "--workers", "2", "--port", "0"]
        self.log = folder / "system.log"
        with self.log.open("w") as out:
            self._process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=out, stderr=out)
        self.address = self._read_address()
        self.store = Store(find_place(folder / "data").url(), pooled=False)
        self.key = self._new_key()

    @property
    def journal(self) -> list[witness.Line]:
        """What the simulated partners wrote down."""
        return witness.read_journal(self.folder / "data" / "simulators" / "journal.jsonl")

    def close(self) -> None:
        self.store.close()
        self._process.send_signal(signal.SIGINT)
        self._process.wait(20)

    def slow_down(self) -> None:
        """Let every partner answer late, so that many calls are under way at any moment.

        Latest where an operation may neither be repeated nor asked after; it is carried out at the end of its wait.
        """
        [worker, *_] = self.members()["worker"]
        slow: Json = [
            {"fault": "slow", "operation": operation, "seconds": seconds}
            for operation, seconds in SLOW_S.items()
        ]
        rule = orjson.dumps(slow)
        address = worker.environ()["LIENTHONG_SIMULATORS_URL"] + "/_control"
        with urllib.request.urlopen(urllib.request.Request(address, data=rule), timeout=10) as answer:
            assert answer.status == 200

    def members(self) -> dict[str, list[psutil.Process]]:
        """The processes that live now, by role."""
        found: dict[str, list[psutil.Process]] = {role: [] for role in ROLES}
        for child in psutil.Process(self._process.pid).children():
            with suppress(psutil.Error):
                words = [Path(word).name for word in child.cmdline()[:4]]
                for role in ROLES:
                    if role in words and not gone(child):
                        found[role].append(child)
        return found

    def _procedures(self) -> Path:
        """The walk as a procedure's folder; its hour is two seconds here."""
        folder = self.folder / "procedures" / "walk"
        folder.mkdir(parents=True)
        (folder / "procedure.yaml").write_text(PROCEDURE.format(process="walk", reports="portal"))
        (folder / "walk.bpmn").write_bytes(WALK.replace(b"PT1H", b"PT2S"))
        return folder.parent

    def _read_address(self) -> str:
        assert until(lambda: CONSOLE in self.log.read_text(), timeout_s=60), self.log.read_text()
        return self.log.read_text().split(CONSOLE, 1)[1].split()[0]

    def _new_key(self) -> str:
        words = ["keys", "create", "everybody", "--scope", "admin"]
        made = subprocess.run(
            [sys.executable, "-m", "lienthong", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return made.stdout.strip()


@dataclass(slots=True)
class Outside:
    """Everybody who uses the system: desk, agency, admin. Nothing that was answered is asked twice."""

    system: WholeSystem
    codes: list[str] = field(default_factory=list)
    seen: dict[str, list[int]] = field(default_factory=dict)
    answered: Counter[str] = field(default_factory=Counter)
    _pause: threading.Event = field(default_factory=threading.Event)

    # -- the desk and the agency -------------------------------------------------------------------------

    def hand_in(self, number: int) -> str:
        """Hand a dossier in, as often as it takes under one key; its code."""
        body: Json = {
            "procedure": "1.000001",
            "channel": "counter",
            "receiving_unit": UNIT,
            "applicant": {"name": f"Nguyễn Văn {number}", "identity": f"001099{number:06d}"},
            "data": {},
        }
        told = self._until_answered("/api/v1/dossiers", body, key=f"dossier-{number}")
        code = str(told["code"])
        self.codes.append(code)
        return code

    def answer(self, code: str) -> None:
        """Send the agency's answer for a dossier, before or after somebody waits for it."""
        self._until_answered("/partners/archive/TraLoi", {"maHoSo": code, "ma": f"TL-{code}"}, key="")

    def look(self) -> bool:
        """See the status of every dossier; False when nobody answers."""
        try:
            page = self._ask("/api/v1/dossiers?limit=200")
        except OSError:
            return False
        items = page["items"]
        for item in items if isinstance(items, list) else []:
            assert isinstance(item, dict)
            seen, status = self.seen.setdefault(str(item["code"]), []), int(str(item["status"]))
            if seen[-1:] != [status]:
                seen.append(status)
        return True

    # -- the admin ------------------------------------------------------------------------------------------

    def administer(self) -> int:
        """Shorten the leases of dead workers, and answer what is open; how much is open."""
        try:
            self._end_leases_of_the_dead()
            with self.system.store.reading() as connection:
                rows = [dict(row) for row in connection.execute(_INCIDENTS).mappings()]
            for row in rows:
                self._answer(row)
        except (errors.StoreError, OSError):
            return 1
        return len(rows)

    def _end_leases_of_the_dead(self) -> None:
        """As if leases were short, for those alone who can send nothing any more."""
        with self.system.store.transaction() as connection:
            workers = [str(name) for name in connection.scalars(_SENDING)]
            gone = [name for name in workers if not psutil.pid_exists(int(name.split("-")[-2]))]
            if gone:
                connection.execute(_ORPHANED, {"gone": gone, "left_s": DEAD_S})

    def _answer(self, row: Mapping[str, Json]) -> None:
        act = self._decision(row)
        if act is None:
            return
        reply = dict(REPLIES[str(row["partner"])]) if act == "done" else {}
        body: Json = {"action": act, "reason": "as the partner's journal says", "data": reply}
        status, _ = self._post(f"/api/v1/incidents/{row['id']}/act", body, key=f"incident-{row['id']}")
        if status < 300:
            self.answered[f"{row['cause']}: {act}"] += 1

    def _decision(self, row: Mapping[str, Json]) -> str | None:
        """What is done about an incident; None: it goes away by itself."""
        match row["cause"]:
            case "unknown-outcome" | "attempts-exhausted":
                return "done" if witness.effects(self.system.journal)[witness.identity(row)] else "resend"
            case "poison-event":
                return "retry"
            case "partner-outage":
                return None
        raise AssertionError(f"an incident that nobody expected: {row}")

    # -- HTTP -----------------------------------------------------------------------------------------------

    def _until_answered(self, path: str, body: Json, *, key: str) -> dict[str, Json]:
        end = time.monotonic() + _PATIENCE_S
        last: object = None
        while time.monotonic() < end:
            try:
                status, told = self._post(path, body, key=key)
                if status < 300:
                    return told
                last = (status, told)
                assert status >= 500 or status == 409, last
            except OSError as error:
                last = error
            self._pause.wait(_AGAIN_S)
        raise AssertionError(f"{path} was not answered: {last}")

    def _post(self, path: str, body: Json, *, key: str) -> tuple[int, dict[str, Json]]:
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        return self._request(path, orjson.dumps(body), headers)

    def _ask(self, path: str) -> dict[str, Json]:
        status, told = self._request(path, None, {})
        if status != 200:
            raise OSError(status)
        return told

    def _request(
        self, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Json]]:
        request = urllib.request.Request(
            self.system.address + path,
            data=body,
            headers={"Authorization": f"Bearer {self.system.key}", **headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return answer.status, _document(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _document(error.read())
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            raise OSError(str(error)) from error


def _document(body: bytes) -> dict[str, Json]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise OSError("the answer was cut short") from error
    return told if isinstance(told, dict) else {}
