"""Testing the way to a partner names the stage that fails: real servers on loopback, one for every kind of trouble."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from adapters.registry import ContractPartners, PartnerSettings, load
from engine.errors import ContractInvalid
from engine.exchange.checking import STAGES, Stage
from tests.support.certificate import CAN_BE_MADE, make
from tests.support.raw_partner import RawPartner, http

CONTRACT = """\
partner: there
title: {{ vi: Ở đó, en: There }}
label: sample
basis: Invented for the tests of connections.
transport: {transport}
check: {{ operation: Xem, inputs: {{ so: =settings.so }} }}
settings: {{ so: 7 }}
{more}
operations:
  Xem:
    title: {{ vi: Xem, en: Look }}
    method: GET
    path: /xem
    request: {{ so: =inputs.so }}
    reply_schema: {{ type: object, required: [co], properties: {{ co: {{ type: boolean }} }} }}
    classify: [{{ when: reply.co, outcome: ok }}, {{ outcome: fault, fault: KHONG }}]
    faults: {{ KHONG: It has none }}
    repeat: idempotent
  Ghi:
    title: {{ vi: Ghi, en: Write }}
    path: /ghi
    repeat: idempotent
"""
PLAIN = "{ kind: plain, auth: basic }"
GOOD = http(b'{"co": true}')
Answering = Callable[[bytes], bytes]


class Place:
    """A folder with one contract, and what its partner's address is set to."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def partners(self, url: str, *, transport: str = PLAIN, private: bool = True) -> ContractPartners:
        self.write(CONTRACT.format(transport=transport, more=""))
        said = PartnerSettings(url=url, user="we", secret="s3cret-of-ours", private=private)
        return load([self.root], {"there": said}, built_in=None)

    def write(self, text: str) -> None:
        folder = self.root / "there"
        folder.mkdir(exist_ok=True)
        (folder / "contract.yaml").write_text(text)

    def check(self, url: str, *, total_s: float = 5.0, **changes: object) -> list[Stage]:
        partners = self.partners(url, **changes)  # type: ignore[arg-type]
        try:
            return list(partners.check("there", total_s))
        finally:
            partners.close()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@contextmanager
def answering(reply: Answering) -> Iterator[RawPartner]:
    partner = RawPartner(reply)
    try:
        yield partner
    finally:
        partner.close()


def ended(stages: list[Stage], stage: str, saw: str) -> Stage:
    """The stages before *stage* are well, and it is the last, which failed of *saw*."""
    assert [one.stage for one in stages] == list(STAGES[: STAGES.index(stage) + 1])
    assert all(one.ok is not False for one in stages[:-1])
    assert (stages[-1].ok, stages[-1].saw) == (False, saw), stages[-1]
    return stages[-1]


def test_a_name_that_nobody_has_fails_at_dns(place: Place) -> None:
    ended(place.check("http://nobody.invalid"), "dns", "not-found")


def test_an_address_that_is_not_allowed_fails_at_dns(place: Place) -> None:
    told = ended(place.check("http://127.0.0.1:9", private=False), "dns", "address-refused")
    assert "127.0.0.1" in told.detail


def test_a_partner_without_an_address_fails_at_dns(place: Place) -> None:
    ended(place.check(""), "dns", "no-address")


def test_a_closed_port_fails_at_tcp(place: Place) -> None:
    with socket.socket() as taken:  # bound, not listening: nobody else can have it meanwhile
        taken.bind(("127.0.0.1", 0))
        ended(place.check(f"http://127.0.0.1:{taken.getsockname()[1]}"), "tcp", "no-connection")


@pytest.mark.skipif(not CAN_BE_MADE, reason="openssl makes the certificate of this test")
def test_a_certificate_that_nobody_vouches_for_fails_at_tls(place: Place, tmp_path: Path) -> None:
    with secure(tmp_path) as port:
        told = ended(place.check(f"https://localhost:{port}"), "tls", "not-trusted")
        assert "certificate verify failed" in told.detail
        anchor = f"endpoint: {{ url: 'https://localhost:{port}', private: true, ca_file: ../cert.pem }}"
        place.write(CONTRACT.format(transport="{ kind: plain }", more=anchor))
        partners = load([place.root], built_in=None)
        stages = partners.check("there", 5.0)
        partners.close()
    assert [(one.stage, one.ok) for one in stages][2:] == [
        ("tls", True),
        ("authentication", None),
        ("contract", True),
    ]
    assert "TLSv1" in stages[2].detail


def test_a_server_that_speaks_no_tls_fails_at_tls(place: Place) -> None:
    with answering(lambda _: GOOD) as partner:
        ended(place.check(partner.url.replace("http:", "https:"), total_s=2.0), "tls", "not-trusted")


def test_a_refused_log_in_fails_at_authentication_and_tells_no_secret(place: Place) -> None:
    with answering(lambda _: http(b"{}", status="401 Unauthorized")) as partner:
        stages = place.check(partner.url)
        token = place.check(partner.url, transport="{ kind: wso2, token: /token }")
    ended(stages, "authentication", "log-in-refused")
    ended(token, "authentication", "log-in-refused")
    assert "s3cret" not in str([*stages, *token])


def test_a_log_in_that_does_not_get_through_fails_at_authentication(place: Place) -> None:
    with answering(lambda _: http(b"{}", status="503 Busy")) as partner:
        stages = place.check(partner.url, transport="{ kind: session, login: /login }")
    assert "503" in ended(stages, "authentication", "no-log-in").detail


@pytest.mark.parametrize(
    ("reply", "saw"),
    [
        (http(b'{"co": "yes"}'), "unfit"),
        (http(b"<html>sorry</html>").replace(b"application/json", b"text/html"), "unreadable"),
        (http(b"{}", status="400 Bad"), "refused"),
        (http(b"{}", "Retry-After: 9", status="503 Busy"), "busy"),
        (b"what is this?", "no-answer"),
    ],
)
def test_an_answer_that_is_not_as_agreed_fails_at_the_contract(place: Place, reply: bytes, saw: str) -> None:
    with answering(lambda _: reply) as partner:
        stages = place.check(partner.url)
    assert (stages[-1].stage, stages[-1].ok, stages[-1].saw) == ("contract", False, saw)


@pytest.mark.parametrize(("body", "saw"), [(b'{"co": true}', "fits"), (b'{"co": false}', "business")])
def test_all_is_well_also_where_the_business_says_no(place: Place, body: bytes, saw: str) -> None:
    with answering(lambda _: http(body)) as partner:
        stages = place.check(partner.url)
    assert [one.stage for one in stages] == list(STAGES)
    assert (stages[-1].ok, stages[-1].saw) == (True, saw)


def test_without_an_operation_to_test_with_the_contract_stays_untested(place: Place) -> None:
    with answering(lambda _: http(b"", status="404 Nothing")) as partner:
        partners = place.partners(partner.url)
        text = CONTRACT.format(transport=PLAIN, more="")
        place.write("\n".join(line for line in text.splitlines() if not line.startswith("check:")))
        partners.reload("there")
        stages = partners.check("there")
        partners.close()
    assert (stages[-1].ok, stages[-1].saw, stages[-1].detail) == (None, "no-check", "HTTP 404")


def test_a_partner_that_says_nothing_does_not_hold_the_test_up(place: Place) -> None:
    silence = threading.Event()

    def say_nothing(_: bytes) -> bytes:
        silence.wait(20)
        return b""

    with answering(say_nothing) as partner:
        began = time.monotonic()
        stages = place.check(partner.url, total_s=1.0)
        took = time.monotonic() - began
        silence.set()
    ended(stages, "contract", "no-answer")
    assert took < 4.0


def test_a_partner_that_fetches_its_calls_cannot_be_reached(place: Place) -> None:
    text = CONTRACT.format(transport="{ kind: mailbox }", more="")
    place.write(text)
    partners = load([place.root], built_in=None)
    assert [(one.ok, one.saw) for one in partners.check("there")] == [(None, "mailbox")]
    partners.close()


def test_what_a_test_calls_must_only_read(place: Place) -> None:
    place.write(CONTRACT.format(transport=PLAIN, more="").replace("operation: Xem", "operation: Ghi"))
    with pytest.raises(ContractInvalid, match="it might change something"):
        load([place.root], built_in=None)


@contextmanager
def secure(folder: Path) -> Iterator[int]:
    """A server under TLS that answers everybody well; its port."""
    made = make(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made / "cert.pem", made / "key.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                plain, _ = listener.accept()
                with suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as wrapped:
                    if wrapped.recv(65_536):
                        wrapped.sendall(GOOD)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
