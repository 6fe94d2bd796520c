"""Indexed variables in an address: ``var.<path>=<value>``, the same on the page of dossiers and over REST.

What is kept of a dossier, and how it is compared, is `engine.dossiers.indexing`'s business.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from engine import errors
from engine.dossiers import indexing
from engine.models.procedure import MOST_INDEXED
from engine.queries import indexed
from engine.queries.indexed import ANY_REST, Sought, Variable
from engine.storage.database import Connection

MARK = "var."
Variables = Annotated[
    dict[str, Annotated[str, Field(min_length=1, max_length=indexing.LONGEST)]],
    Field(max_length=MOST_INDEXED),
]


def gathered(given: object) -> object:
    """What was *given* with everything that is called ``var.…`` put together under ``variables``."""
    if not isinstance(given, Mapping):
        return given
    found = {name: value for name, value in given.items() if str(name).startswith(MARK)}
    rest = {name: value for name, value in given.items() if name not in found}
    return {**rest, "variables": found} if found and "variables" not in rest else rest


def filled(given: object) -> object:
    """As `gathered`, without what a form of a page left empty."""
    if not isinstance(given, Mapping):
        return given
    return gathered({k: v for k, v in given.items() if v != "" or not str(k).startswith(MARK)})


def wanted(connection: Connection, procedure: str | None, variables: Mapping[str, str]) -> tuple[Sought, ...]:
    """What *variables* (``var.<path>`` → value) narrow a list of dossiers to.

    Raises: RequestInvalid: no procedure was chosen, or its dossiers are not searched by this.
    """
    if not variables:
        return ()
    if not procedure:
        raise errors.RequestInvalid(reason="a variable is one of a procedure: choose the procedure, too")
    known = {one.path: one for one in indexed.variables_of(connection, procedure)}
    return tuple(
        _sought(procedure, known, name.removeprefix(MARK), value) for name, value in variables.items()
    )


def _sought(procedure: str, known: Mapping[str, Variable], path: str, value: str) -> Sought:
    if path not in known:
        raise errors.RequestInvalid(
            reason=f"{path} is no variable that dossiers of {procedure} are searched by;"
            f" they are by {', '.join(known) or 'none'}"
        )
    begins = value.endswith(ANY_REST)
    text = value.removesuffix(ANY_REST) if begins else value
    return Sought(path=path, value=indexing.sought(text, known[path].type), begins=begins)
