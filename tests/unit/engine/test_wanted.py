"""What a model says of a fee: an amount, and an address only where it is safe to follow."""

from decimal import Decimal

import pytest

from engine.exchange.ports import Json
from engine.queries.wanted import Fee, fee_of


@pytest.mark.parametrize(
    ("value", "fee"),
    [
        (8000, Fee(amount=Decimal(8000))),
        ({"amount": 8000.5}, Fee(amount=Decimal("8000.5"))),
        ({"amount": 8000, "link": None}, Fee(amount=Decimal(8000))),
        (
            {"amount": 8000, "link": "https://pay.example:8443/x?y=1"},
            Fee(amount=Decimal(8000), link="https://pay.example:8443/x?y=1"),
        ),
        *(
            (value, None)
            for value in (None, 0, -1, True, "8000", [8000], {}, {"amount": "8000"}, 10**12, 1e300, {"link": "https://a.b"})
        ),
        *(
            ({"amount": 8000, "link": link}, None)
            for link in (
                "http://pay.example", "javascript:alert(1)", "//pay.example", "https://", "https://[", "https://a b",
                "https://bank.example@evil.example/", "https://pay.example\\@evil.example", "https://pay.example/\n",
                "HTTPS:///x", "https://thanh-toán.example", "https://a.b/" + "x" * 2000, 7, ["https://a.b"],
            )
        ),
    ],
)  # fmt: skip
def test_a_fee_is_an_amount_with_a_safe_address_or_nothing(value: Json, fee: Fee | None) -> None:
    assert fee_of(value) == fee


def test_people_read_the_host_before_they_follow_it() -> None:
    assert Fee(amount=Decimal(1), link="https://Pay.Example:8443/x").host == "pay.example"
