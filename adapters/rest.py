"""The REST client: a composed body to a request, an answer to what classification needs.

Who we are is the transport's business, what an answer means the contract's.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlencode

import orjson

from adapters.contracts.compiled import Operation
from adapters.outbound import Response
from adapters.transport.travel import Outgoing
from engine.errors import ComposeFailed
from engine.exchange.classification import Heard
from engine.exchange.ports import Json
from engine.json_members import crowded, flaw

_PLACE = re.compile(r"\{(\w+)\}")
TEXT_LIMIT = 4000
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some systems put one before their JSON


def outgoing(operation: Operation, body: Json, headers: dict[str, str]) -> Outgoing:
    """*body* as a request: `{name}` in the path takes that member; a GET carries the rest as its query.

    Raises:
        ComposeFailed: a member that the path names is missing, or a query member is no scalar.
    """
    form = operation.form
    members = dict(body) if isinstance(body, dict) else {}
    path = _PLACE.sub(lambda place: quote(_taken(operation, members, place[1]), safe=""), form.path)
    content: bytes | None = None
    _check_json(operation, body)
    if form.method in ("GET", "DELETE"):
        query = {
            name: _scalar(operation, name, value) for name, value in members.items() if value is not None
        }
        path += "?" + urlencode(query) if query else ""
        members = {}
    elif not isinstance(body, dict):
        content = orjson.dumps(body)
        headers = {"Content-Type": "application/json; charset=utf-8", **headers}
    return Outgoing(
        label=(operation.terms.partner, operation.name),
        method=form.method,
        path=path,
        headers=headers,
        document=members if form.method not in ("GET", "DELETE") and content is None else None,
        content=content,
        total_s=form.total_timeout_s,
        connect_s=form.connect_timeout_s,
    )


def _check_json(operation: Operation, body: Json) -> None:
    try:
        orjson.dumps(body)
    except TypeError as exc:
        raise _unfit(operation, f"it cannot be written as JSON: {exc}") from exc


def _taken(operation: Operation, members: dict[str, Json], name: str) -> str:
    if members.get(name) in (None, ""):
        raise _unfit(operation, f"the path needs {name}")
    return _scalar(operation, name, members.pop(name))


def _scalar(operation: Operation, name: str, value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise _unfit(operation, f"{name} cannot stand in an address")


def _unfit(operation: Operation, reason: str) -> ComposeFailed:
    return ComposeFailed(partner=operation.terms.partner, operation=operation.name, reason=reason)


def heard(operation: Operation, response: Response) -> Heard:
    """*response* read as JSON and held against the reply's schema.

    An HTML page is never an answer, and an empty body is one only where the status says that there is none.
    """
    wait = retry_after_s(response.headers.get("retry-after"))
    if response.status in (204, 205):
        return _checked(operation, response.status, None, wait)
    text = response.body[:TEXT_LIMIT].decode("utf-8", "replace")
    if "html" in response.headers.get("content-type", ""):
        return unreadable(response, text, wait, "an HTML page")
    crowd = crowded(response.body)
    if crowd is not None:
        return unreadable(response, text, wait, crowd)
    try:
        reply: Json = orjson.loads(response.body.removeprefix(BYTE_ORDER_MARK))
    except orjson.JSONDecodeError as exc:
        return unreadable(response, text, wait, f"no JSON: {exc}")
    wrong = flaw(response.body)
    if wrong is not None and 200 <= response.status < 300:
        return replace(_checked(operation, response.status, reply, wait), valid=False, problem=wrong)
    return _checked(operation, response.status, reply, wait)


def _checked(operation: Operation, status: int, reply: Json, wait: float | None) -> Heard:
    problem = operation.check_reply(reply, "reply") if 200 <= status < 300 else None
    return Heard(
        status=status,
        parsed=True,
        reply=reply,
        retry_after_s=wait,
        valid=problem is None,
        problem=problem or "",
    )


def unreadable(response: Response, text: str, wait: float | None, problem: str) -> Heard:
    """An answer that is not what was promised."""
    return Heard(status=response.status, parsed=False, text=text, retry_after_s=wait, problem=problem)


def retry_after_s(value: str | None) -> float | None:
    """The seconds that a Retry-After header asks for, given as seconds or as a date; None without one."""
    if value is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
