"""A partner on loopback that answers whoever shows one of its secrets by HTTP Basic, and 401 to everybody else."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from adapters.registry import ContractPartners, PartnerSettings, load

_CONTRACT = """\
partner: agency
title: { vi: Cơ quan mẫu, en: Sample agency }
label: sample
basis: Invented for the tests of secrets.
transport: { kind: plain, auth: basic }
operations:
  ask: { title: { vi: Hỏi, en: Ask }, method: GET, path: /ask, repeat: idempotent, reply_schema: { required: [ok] } }
check: { operation: ask }
"""
OLD, NEW = "the-old-secret", "the-new-secret"


class LockedPartner:
    """*shown* are the secrets that came, in order."""

    def __init__(self, *secrets: str) -> None:
        self._secrets = secrets
        self.shown: list[str] = []
        partner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                told = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic "))
                secret = told.decode().partition(":")[2]
                partner.shown.append(secret)
                body = b'{"ok": true}'
                self.send_response(200 if secret in partner._secrets else 401)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def accepts(self, *secrets: str) -> None:
        """Take these from now on, and no others."""
        self._secrets = secrets

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def agency(tmp_path: Path, file: Path, partner: LockedPartner) -> Iterator[ContractPartners]:
    """The partner `agency` as one process knows it, its secret in *file*."""
    folder = tmp_path / "partners" / "agency"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "contract.yaml").write_text(_CONTRACT, encoding="utf-8")
    said = PartnerSettings(url=partner.url, private=True, user="us", secret=OLD, secret_file=str(file))
    made = load([folder.parent], {"agency": said}, built_in=None)
    yield made
    made.close()


def write(file: Path, secret: str) -> None:
    """Put *secret* into *file* as those do who rotate it: whole at once."""
    beside = file.with_suffix(".new")
    beside.write_text(f"{secret}\n", encoding="utf-8")
    beside.replace(file)
