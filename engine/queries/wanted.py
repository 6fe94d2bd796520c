"""What a waiting dossier wants of its applicant: the papers and the fee that the element says where it waits.

The properties `papers` and `fee` are FEEL over the dossier's data. Only the names of papers that the procedure knows come
out, an amount and an address: no personal data. What cannot be told is left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from urllib.parse import urlsplit

from sqlalchemy import Connection, text

from engine import errors, feel, xml
from engine.exchange.ports import Json
from engine.models.procedure import Text
from engine.queries import diagrams, phases, procedures

_WAITING = text(
    """
    SELECT w.element, d.deployment_id FROM dossier d
    JOIN (SELECT dossier_id, element FROM wait
        UNION SELECT dossier_id, element FROM work_item WHERE status = 'open') w ON w.dossier_id = d.id
    WHERE d.code = :code ORDER BY 1
    """
)
_DATA = text("SELECT data FROM dossier WHERE code = :code")
_MOST = Decimal(10**12)
_LONGEST_LINK = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """What is to be paid, in đồng, and the https address where; no address: at the counter."""

    amount: Decimal
    link: str | None = None

    @property
    def host(self) -> str:
        """Where the address leads, for people to read before they follow it."""
        return urlsplit(self.link or "").hostname or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The names of the papers, in the procedure's order, and the fees."""

    papers: Sequence[Text] = ()
    fees: Sequence[Fee] = ()


def wanted(connection: Connection, code: str, *, now: datetime) -> Wanted:
    """What the dossier *code* wants where it waits; nothing where nothing is wanted or it cannot be told."""
    waiting = connection.execute(_WAITING, {"code": code}).all()
    if not waiting:
        return Wanted()
    deployment = int(waiting[0][1])
    elements = [str(row[0]) for row in waiting]
    papers, fees = (_said(connection, deployment, elements, name) for name in ("papers", "fee"))
    if not papers and not fees:
        return Wanted()
    context: dict[str, object] = {
        "dossier": {"data": feel.from_json(connection.scalar(_DATA, {"code": code}))}
    }
    codes = {one for said in papers for one in _codes(_value(said, context, now))}
    known = procedures.get_rules_of(connection, deployment).documents if codes else ()
    return Wanted(
        papers=[one.name for one in known if one.code in codes],
        fees=[fee for said in fees if (fee := fee_of(_value(said, context, now))) is not None],
    )


def fee_of(value: Json) -> Fee | None:
    """What a `fee` came to: an amount, or ``{amount, link}``; None: no amount above nothing, or a link that is none."""
    told = value if isinstance(value, dict) else {"amount": value}
    amount, link = told.get("amount"), told.get("link")
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return None
    if not 0 < (exact := Decimal(str(amount))) < _MOST:
        return None
    if link is None:
        return Fee(amount=exact)
    return Fee(amount=exact, link=link) if isinstance(link, str) and _is_safe(link) else None


def _is_safe(link: str) -> bool:
    try:
        parts = urlsplit(link)
        host = parts.hostname
    except ValueError:
        return False
    plain = link.isascii() and link.isprintable() and " " not in link and "\\" not in link
    return (
        plain
        and parts.scheme == "https"
        and bool(host)
        and "@" not in parts.netloc
        and len(link) <= _LONGEST_LINK
    )


def _codes(found: Json) -> Iterator[str]:
    for one in found if isinstance(found, list) else [found]:
        if isinstance(one, str):
            yield one


def _value(expression: str, context: dict[str, object], now: datetime) -> Json:
    try:
        found = feel.compile(expression[1:])(context, clock=lambda: now)
        return feel.to_json(found)  # type: ignore[return-value]  # what comes out is JSON
    except (errors.FeelError, errors.FeelSyntaxError):
        return None


def _said(connection: Connection, deployment: int, elements: Sequence[str], name: str) -> list[str]:
    """The expressions that these elements have under *name*."""
    found = {
        element: said
        for content in diagrams.originals(connection, deployment)
        for element, said in _of_file(content, name).items()
    }
    return [found[element] for element in elements if element in found]


@lru_cache(maxsize=128)
def _of_file(content: bytes, name: str) -> dict[str, str]:
    """Deployed files never change, so each is read once a process."""
    try:
        return dict(phases.properties(xml.parse(content), name))
    except errors.XmlRefused:
        return {}
