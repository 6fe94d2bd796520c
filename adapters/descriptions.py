"""What a partner says of itself, WSDL or OpenAPI, fetched as its calls are and held against the file beside its contract.

Fetched is what is below the partner's own address and nothing else: a document that refers to another host is read there
by its path only. Nothing is kept of what was fetched but what differs.
"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import orjson
from lxml import etree

from adapters import openapi_parts
from adapters.calling import Caller
from adapters.contracts import shape
from adapters.contracts.compiled import Contract
from adapters.soap import canonical
from adapters.soap.documents import WSDL, XSD, Documents
from engine import xml
from engine.errors import CallOutcomeUnknown, CallUnavailable, WsdlRefused, XmlRefused
from engine.exchange.drift import Described, Standing
from engine.json_members import crowded

TOTAL_S = 10.0
LIMIT_BYTES = 4 * 1024 * 1024
MOST_DOCUMENTS = 20
MOST_NAMED = 50
LONGEST_NAME = 300
_NO_SCHEMA = ("http://www.w3.org/XML/1998/namespace", "http://schemas.xmlsoap.org/soap/encoding/")

Fetch = Callable[[str], bytes]


class Unreached(Exception):
    """Nothing came that could be read; its text says why."""


def describe(caller: Caller, prefix: str) -> Iterator[Described]:
    """Each description that the contract pins, as the partner gives it now; *prefix* is the path of its address."""
    for path, file in sorted(pinned(caller.contract).items()):
        yield _described(caller, prefix, path, file)


def pinned(contract: Contract) -> dict[str, Path]:
    """Where the partner describes itself → the file that is kept of it: what the contract names, and each WSDL of its own."""
    named = {one.path: contract.folder / one.file for one in contract.form.descriptions if one.path}
    spoken_of = {one.file for one in contract.form.descriptions}
    for operation in contract.form.operations.values():
        if operation.soap is not None and operation.soap.wsdl not in spoken_of:
            named[f"{operation.path}?wsdl"] = contract.folder / operation.soap.wsdl
    return {} if isinstance(contract.form.transport, shape.Mailbox) else named


def _described(caller: Caller, prefix: str, path: str, file: Path) -> Described:
    ours, theirs = (_wsdl_file, _wsdl_there) if file.suffix != ".json" else (_json_file, _json_there)

    def fetch(one: str) -> bytes:
        return _fetched(caller, one)

    try:
        return _compared(path, ours(caller.contract.folder, file), theirs(fetch, prefix, path))
    except Unreached as exc:
        return Described(about=path, standing=Standing.UNREACHED, detail=str(exc)[:500])
    except (XmlRefused, WsdlRefused) as exc:
        return Described(about=path, standing=Standing.UNREADABLE, detail=exc.message[:500])
    except (ValueError, OSError) as exc:
        return Described(about=path, standing=Standing.UNREADABLE, detail=str(exc)[:500])


def _compared(path: str, pinned: dict[str, str], found: dict[str, str]) -> Described:
    changed = tuple(sorted(name for name in pinned if name in found and found[name] != pinned[name]))
    gone = tuple(sorted(pinned.keys() - found.keys()))
    added = tuple(sorted(found.keys() - pinned.keys()))
    return Described(
        about=path,
        standing=Standing.DIFFERS if changed or gone else Standing.SAME,
        pinned=_digest(pinned),
        found=_digest(found),
        changed=_named(changed),
        gone=_named(gone),
        added=_named(added),
    )


def _named(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The first of *parts*, none longer than people read: what they are called is up to the partner."""
    return tuple(one[:LONGEST_NAME] for one in parts[:MOST_NAMED])


def _digest(parts: dict[str, str]) -> str:
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _fetched(caller: Caller, path: str) -> bytes:
    """Raises: Unreached: no answer, another status than 200, or more than `LIMIT_BYTES`."""
    try:
        response = caller.fetch(path, total_s=TOTAL_S, limit_bytes=LIMIT_BYTES)
    except (CallUnavailable, CallOutcomeUnknown) as exc:
        raise Unreached(str(exc.facts["reason"])) from exc
    if response.status != 200:
        raise Unreached(f"HTTP {response.status}")
    return response.body


def _wsdl_file(folder: Path, file: Path) -> dict[str, str]:
    """The parts of a pinned WSDL and of what it imports from its folder. Raises: WsdlRefused."""
    documents = Documents(file, folder=folder)
    waiting, read = [documents.location], dict[str, etree._Element]()
    while waiting:
        location = waiting.pop()
        if location not in read:
            read[location] = documents.tree(location)
            waiting += [documents.resolve(location, one) for one in _references(read[location])]
    return canonical.parts(read.values())


def _wsdl_there(fetch: Fetch, prefix: str, path: str) -> dict[str, str]:
    """The parts of the WSDL at *path* and of what it refers to. Raises: Unreached, XmlRefused, ValueError: too many."""
    waiting, read = [path], dict[str, etree._Element]()
    while waiting:
        one = waiting.pop()
        if one in read:
            continue
        if len(read) == MOST_DOCUMENTS:
            raise ValueError(f"it consists of more than {MOST_DOCUMENTS} documents")
        read[one] = xml.parse(fetch(one), limit_bytes=LIMIT_BYTES)
        waiting += [_below(prefix, one, reference) for reference in _references(read[one])]
    if not any(root.tag == f"{WSDL}definitions" for root in read.values()):
        raise ValueError("it is no WSDL 1.1")
    return canonical.parts(read.values())


def _references(root: etree._Element) -> Iterator[str]:
    """What a document imports and includes, but for schemas that everybody has."""
    for one in root.iter(f"{WSDL}import", f"{XSD}import", f"{XSD}include", f"{XSD}redefine"):
        where = one.get("location") or one.get("schemaLocation")
        if where and one.get("namespace") not in _NO_SCHEMA:
            yield where


def _below(prefix: str, base: str, reference: str) -> str:
    """The path below the partner's address that a *reference* in the document at *base* means, whatever host it names."""
    parts = urlsplit(urljoin(prefix + base, reference))
    if not parts.path.startswith(prefix + "/"):
        raise ValueError(f"it refers to {reference}, which is not below the partner's address")
    return parts.path.removeprefix(prefix) + (f"?{parts.query}" if parts.query else "")


def _json_file(_folder: Path, file: Path) -> dict[str, str]:
    return openapi_parts.parts(orjson.loads(file.read_bytes()))


def _json_there(fetch: Fetch, _prefix: str, path: str) -> dict[str, str]:
    body = fetch(path)
    crowd = crowded(body)
    if crowd is not None:
        raise ValueError(crowd)
    return openapi_parts.parts(orjson.loads(body))
