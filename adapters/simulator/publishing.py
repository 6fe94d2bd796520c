"""What a simulated partner says of itself: its WSDL at ``?wsdl`` as real ones do, and what its contract names beside.

The service's address in it is the simulator's own.
"""

import re

from adapters import descriptions
from adapters.contracts.compiled import Contract
from adapters.simulator.http import HttpReply, HttpRequest

_ADDRESS = re.compile(rb"(<(?:\w+:)?address\b[^>]*?\blocation=)([\"'])[^\"']*\2")


def description(contract: Contract, request: HttpRequest, path: str) -> HttpReply | None:
    """The description that is at *path*; None where it is something else that is asked for."""
    if request.method != "GET":
        return None
    wanted = f"{path}?{request.query}" if request.query else path
    for where, file in descriptions.pinned(contract).items():
        if where.lower() == wanted.lower():
            ours = f"http://{request.headers.get('host', '127.0.0.1')}{request.path}".encode()
            body = _ADDRESS.sub(rb'\1"' + ours.replace(b"\\", b"") + b'"', file.read_bytes())
            kind = "application/json" if file.suffix == ".json" else "text/xml; charset=utf-8"
            return HttpReply(body=body, content_type=kind)
    return None
