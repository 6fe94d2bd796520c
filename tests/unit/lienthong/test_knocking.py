"""What `lienthong partners check` says of drift."""

from datetime import UTC, datetime

from engine.exchange.drift import Described, Standing
from engine.queries.drift import Comparison
from lienthong.knocking import Seen, drifts

NOW = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)


def compared(kind: str, standing: str) -> Comparison:
    held = {"a" * 64: 2, "b" * 64: 1}
    return Comparison(
        kind=kind,
        about="",
        standing=standing,
        since=NOW,
        looked_at=NOW,
        tried_at=NOW,
        trouble=None,
        facts={"held": held},
    )


def test_what_differs_fails_and_what_could_not_be_compared_does_not() -> None:
    parts = tuple(f"element e{number}" for number in range(7))
    described = [
        Described(about="/a?wsdl", standing=Standing.DIFFERS, changed=parts),
        Described(about="/b?wsdl", standing=Standing.UNREACHED, detail="HTTP 404"),
        Described(about="/c?wsdl", standing=Standing.SAME),
    ]
    found = list(drifts(described, [compared("workers", "differs"), compared("description", "differs")]))
    first = "drift: element e0, element e1, element e2, element e3, element e4 and 2 more"
    assert found == [
        Seen(stage="description /a?wsdl", ok=False, saw=first),
        Seen(stage="description /b?wsdl", ok=None, saw="unreached: HTTP 404"),
        Seen(stage="description /c?wsdl", ok=True, saw="no drift"),
        Seen(stage="contract of workers", ok=False, saw="drift: aaaaaaaaaaaa: 2, bbbbbbbbbbbb: 1"),
    ]
