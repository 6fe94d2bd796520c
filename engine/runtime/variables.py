"""The small variables that a token carries: immutable, stamped, and merged without losing an update.

Every assignment gets the instance's next stamp. Where branches meet, each variable takes the value with the
newest stamp: a branch that did not touch a variable can never undo what another one did to it. That is the
three-way merge against the split, without having to keep the split's data. Of two branches that both assigned
a variable the later one wins.
"""

from collections.abc import Iterable, Mapping

from engine.exchange.ports import Json


class Variables:
    """Values by name, each with the stamp of its assignment; shared freely between tokens, never changed."""

    __slots__ = ("stamps", "values")

    def __init__(self, values: dict[str, Json], stamps: dict[str, int]) -> None:
        self.values = values
        self.stamps = stamps

    def assigned(self, pairs: Mapping[str, Json], stamp: int) -> "Variables":
        """A copy in which *pairs* are set."""
        return Variables({**self.values, **pairs}, {**self.stamps, **dict.fromkeys(pairs, stamp)})

    def over(self, blank: Mapping[str, Json]) -> "Variables":
        """These variables, and *blank* ones that nobody has assigned yet."""
        return Variables({**blank, **self.values}, self.stamps)

    def without(self, names: Iterable[str]) -> "Variables":
        """A copy that lacks *names*."""
        gone = set(names)
        return Variables(
            {name: value for name, value in self.values.items() if name not in gone},
            {name: stamp for name, stamp in self.stamps.items() if name not in gone},
        )


EMPTY = Variables({}, {})


def merged(branches: Iterable[Variables]) -> Variables:
    """All *branches* as one: of each variable the value assigned last."""
    values: dict[str, Json] | None = None
    stamps: dict[str, int] = {}
    first: Variables | None = None
    for branch in branches:
        if first is None:
            first = branch
            continue
        if branch is first:
            continue
        if values is None:
            values, stamps = dict(first.values), dict(first.stamps)
        for name, stamp in branch.stamps.items():
            if stamp > stamps.get(name, -1):
                values[name], stamps[name] = branch.values[name], stamp
    if values is None:
        return first or EMPTY
    return Variables(values, stamps)
