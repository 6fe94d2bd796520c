"""The stored form of a rewritten model: bytes of our own JSON, from which instances run for ever after.

Key order is that of the dataclasses, so equal graphs have equal bytes and one hash. Reading knows every
format that was ever written; running instances therefore never depend on how a newer version would read the
XML.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson

from engine.errors import ModelUnreadable
from engine.models.graph import Assignment, Binding, Flow, Loop, Node, Process, Scope, Trigger
from engine.models.rewriting import REWRITER

FORMAT = 1


def write(processes: Mapping[str, Process]) -> bytes:
    """The canonical bytes of one file's processes."""
    body = {"format": FORMAT, "rewriter": REWRITER, "processes": [asdict(one) for one in processes.values()]}
    return orjson.dumps(body)


def read(data: bytes, *, file: str) -> dict[str, Process]:
    """The processes in canonical *data*, by id.

    Raises:
        ModelUnreadable: a format that this version does not know.
    """
    body = orjson.loads(data)
    if body.get("format") != FORMAT:
        raise ModelUnreadable(file=file, reason=f"canonical format {body.get('format')} is not known here")
    return {one["id"]: Process(**{**one, "scope": _scope(one["scope"])}) for one in body["processes"]}


def digest(data: bytes) -> str:
    """The sha256 of *data*, as stored beside it."""
    return hashlib.sha256(data).hexdigest()


def _scope(body: dict[str, Any]) -> Scope:
    return Scope(
        id=body["id"],
        nodes={key: _node(one) for key, one in body["nodes"].items()},
        flows={key: Flow(**one) for key, one in body["flows"].items()},
    )


def _node(body: dict[str, Any]) -> Node:
    return Node(
        **{
            **body,
            "triggers": tuple(Trigger(**one) for one in body["triggers"]),
            "binding": _binding(body["binding"]),
            "loop": Loop(**body["loop"]) if body["loop"] else None,
            "inner": _scope(body["inner"]) if body["inner"] else None,
            "unsupported": tuple((name, line) for name, line in body["unsupported"]),
        }
    )


def _binding(body: dict[str, Any]) -> Binding:
    return Binding(
        **{
            **body,
            "inputs": tuple(Assignment(**one) for one in body["inputs"]),
            "outputs": tuple(Assignment(**one) for one in body["outputs"]),
            "groups": tuple(body["groups"]),
        }
    )
