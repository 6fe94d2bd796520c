"""A world as people write it in JSON: what ``lienthong simulate`` and the console's simulated walks take.

It says by element id what a scenario says in YAML::

    {"took": {"Task_Check": "P2D"},                     how long something takes
     "replies": {"Task_Ask": {"known": true}},          what a call is answered; a form, where it is a person's task
     "replies_in_turn": {"Task_Ask": [{}, {"a": 1}]},   one for each time that it is reached, the last repeats
     "faults": {"Task_Ask": ["busy", null]},            a business fault's code, or one for each time
     "forms": {"Task_Check": {"decision": "accept"}},   what people fill in, or one for each time
     "messages": [{"name": "supplement", "at": "P1D", "key": "SIM-1", "data": {}}],
     "dossier": {"channel": "counter"}}                 what the dossier is beside its data
"""

from collections.abc import Iterator, Mapping

from engine.errors import RequestInvalid
from engine.exchange.ports import Json
from engine.models.timing import parse
from engine.runtime.simulation import START, Letter, World

KEYS = ("took", "replies", "replies_in_turn", "faults", "forms", "messages", "dossier")


def world(body: Mapping[str, Json]) -> World:
    """The world that *body* says. Raises: RequestInvalid: it cannot be understood."""
    for key in body:
        if key not in KEYS:
            raise RequestInvalid(reason=f"`{key}` is unknown; known are {', '.join(KEYS)}")
    took = {key: str(value) for key, value in _by_element(body, "took").items()}
    told = _letters(body)
    for name, text in (*took.items(), *(("messages", letter.at) for letter in told)):
        if not text.startswith("P") or parse(text, START) is None:
            raise RequestInvalid(reason=f"{name}: `{text}` is no ISO duration")
    replies = {key: [value] for key, value in _by_element(body, "replies").items()}
    replies |= _in_turn(body, "replies_in_turn")
    return World(
        took=took,
        replies=replies,
        faults={
            key: [None if one is None else str(one) for one in values]
            for key, values in _in_turn(body, "faults").items()
        },
        forms={**replies, **_in_turn(body, "forms")},
        letters=told,
    )


def dossier(body: Mapping[str, Json]) -> dict[str, Json]:
    """What *body* says of the dossier beside its data. Raises: RequestInvalid."""
    return _by_element(body, "dossier")


def of_scenario(scenario: Mapping[str, Json]) -> dict[str, Json]:
    """The world of a *scenario*, which may hold anything, as such a body; without what is not said."""
    found: dict[str, Json] = {"took": scenario.get("took")}
    replies = scenario.get("replies")
    for element, value in replies.items() if isinstance(replies, dict) else ():
        several = isinstance(value, list) and bool(value)
        part = found.setdefault("replies_in_turn" if several else "replies", {})
        assert isinstance(part, dict)  # noqa: S101 - it was made a line above
        part[element] = value
    found |= {"faults": scenario.get("faults"), "forms": scenario.get("decisions")}
    found["messages"] = scenario.get("messages")
    given = scenario.get("given")
    if isinstance(given, dict):
        found["dossier"] = {key: value for key, value in given.items() if key != "data"}
    return {key: value for key, value in found.items() if value}


def _by_element(body: Mapping[str, Json], key: str) -> dict[str, Json]:
    value = body.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RequestInvalid(reason=f"`{key}` must be an object")
    return value


def _in_turn(body: Mapping[str, Json], key: str) -> dict[str, list[Json]]:
    """A list is one entry for each time; anything else is one for all."""
    return {
        name: value if isinstance(value, list) and value else [value]
        for name, value in _by_element(body, key).items()
    }


def _letters(body: Mapping[str, Json]) -> list[Letter]:
    value = body.get("messages") or []
    if not isinstance(value, list):
        raise RequestInvalid(reason="`messages` must be a list of objects with name, at, key, data")
    return list(_each_letter(value))


def _each_letter(value: list[Json]) -> Iterator[Letter]:
    for one in value:
        if not isinstance(one, dict) or "name" not in one:
            raise RequestInvalid(reason="`messages` must be a list of objects with name, at, key, data")
        yield letter(one)


def letter(told: Mapping[str, Json]) -> Letter:
    """The message that *told* says."""
    key = told.get("key")
    return Letter(
        name=str(told.get("name")),
        at=str(told.get("at", "PT0S")),
        key=None if key is None else str(key),
        data=told.get("data"),
    )
