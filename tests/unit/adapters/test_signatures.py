"""Signatures of messages: made as the standard's own example says, and refused for every way of being wrong."""

import pytest

from adapters import signatures
from engine.errors import SignatureInvalid

# The example that Standard Webhooks gives: this secret, id, time and content have this signature.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NAME, STAMP, CONTENT = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
RIGHT = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HEADERS = {"Webhook-Id": NAME, "webhook-timestamp": str(STAMP), "WEBHOOK-SIGNATURE": RIGHT}


def test_the_standards_example_is_made_and_taken() -> None:
    assert signatures.signed([SECRET], NAME, str(STAMP), CONTENT)["webhook-signature"] == RIGHT
    signatures.check([SECRET], HEADERS, CONTENT, now=STAMP)
    signatures.check(["another", SECRET], HEADERS, CONTENT, now=STAMP + 299.0)
    among = {**HEADERS, "WEBHOOK-SIGNATURE": f"v1a,AAAA v1,bm9uZQ== {RIGHT}"}
    signatures.check([SECRET], among, CONTENT, now=STAMP)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Webhook-Id": "msg_other"}, "secret"),
        ({"Webhook-Id": ""}, "webhook-id is missing"),
        ({"webhook-timestamp": str(STAMP + 1)}, "secret"),
        ({"webhook-timestamp": "-1"}, "no number"),
        ({"webhook-timestamp": "٣"}, "no number"),
        ({"webhook-timestamp": "9" * 400}, "no number"),
        ({"WEBHOOK-SIGNATURE": "v1,"}, "secret"),
        ({"WEBHOOK-SIGNATURE": RIGHT.removeprefix("v1,")}, "secret"),
        ({"WEBHOOK-SIGNATURE": f"v1a,{RIGHT[3:]}"}, "secret"),
        ({"WEBHOOK-SIGNATURE": "v1,é"}, "secret"),
        ({"WEBHOOK-SIGNATURE": " ".join(["v1,AAAA"] * 10 + [RIGHT])}, "secret"),
    ],
)
def test_whatever_was_changed_is_refused(changed: dict[str, str], said: str) -> None:
    with pytest.raises(SignatureInvalid, match=said):
        signatures.check([SECRET], {**HEADERS, **changed}, CONTENT, now=STAMP)


def test_another_content_secret_or_hour_is_refused() -> None:
    for secrets, content, now in (
        ([SECRET], CONTENT + b" ", STAMP),
        (["another"], CONTENT, STAMP),
        ([], CONTENT, STAMP),
        ([SECRET], CONTENT, STAMP + 301.0),
        ([SECRET], CONTENT, STAMP - 301.0),
    ):
        with pytest.raises(SignatureInvalid):
            signatures.check(secrets, HEADERS, content, now=now)


def test_what_holds_no_key_is_no_secret() -> None:
    assert signatures.secrets_in("whsec_ whsec_==== whsec_AAAA plain") == (
        "whsec_====",
        "whsec_AAAA",
        "plain",
    )
    assert signatures.secrets_in(" whsec_ ") == ()


def test_a_secret_in_any_letters_is_a_key() -> None:
    made = signatures.signed(["whsec_mật"], "m", "1700000000", b"x")
    signatures.check(["whsec_mật"], made, b"x", now=1700000000)
