"""Help, at the same place on every page: how things are done, what the words of the lists mean, the keys, the version,
whose work is in it.
"""

import json
from functools import cache
from importlib import metadata
from pathlib import Path

from flask import Blueprint

from engine import errors
from engine.queries.dossier_list import SITUATIONS
from engine.queries.exchange import CALL_STATES, MESSAGE_STATES
from web import guides, telling
from web.console.access import right, standing_alone
from web.console.rendering import View, language, page, read
from web.container import Container

_MANIFEST = Path(__file__).parent.parent / "static" / "vendor" / "manifest.json"
INCIDENT_STATES = ("open", "acting", "closed")
ITEM_STATES = ("open", "taken", "done", "cancelled")
BATCH_STATES = ("running", "paused", "cancelled", "finished")


def add(blueprint: Blueprint, container: Container) -> None:
    """``/tro-giup`` and the documents under it."""

    @blueprint.get("/tro-giup")
    @right("see")
    @standing_alone
    def help_page() -> str:
        read(View)
        return page(
            "help.html",
            container,
            situations=(*SITUATIONS, "running"),
            call_states=CALL_STATES,
            message_states=MESSAGE_STATES,
            incident_states=INCIDENT_STATES,
            item_states=ITEM_STATES,
            batch_states=BATCH_STATES,
            version=container.version,
            packages=_packages(),
            libraries=_libraries(),
            guides=[guides.HOWTO + name for name in guides.howtos()],
            vietnamese=[
                name
                for name in map(guides.HOWTO.__add__, guides.howtos())
                if guides.told_in(name, "vi") != name
            ],
            codes=[
                (code, telling.entry(code, one, language())["title"]) for code, one in telling.known().items()
            ],
        )

    @blueprint.get("/tro-giup/<path:name>")
    @right("see")
    @standing_alone
    def guide(name: str) -> str:
        read(View)
        found = guides.find(guides.told_in(name, language()))
        if found is None:
            raise errors.AddressUnknown(path=f"/tro-giup/{name}")
        return page("guide.html", container, guide=found)


@cache
def _packages() -> list[tuple[str, str, str]]:
    """(name, version, its licence's place) of what is vendored."""
    listed = json.loads(_MANIFEST.read_text(encoding="utf-8"))["packages"]
    return [(one["name"], one["version"], f"vendor/{one['licence']}") for one in listed]


@cache
def _libraries() -> list[tuple[str, str, str]]:
    """(name, version, licence as its maker tells it) of every Python package that is installed here, by name."""
    found = {one.name.lower(): (one.name, one.version, _licence(one)) for one in metadata.distributions()}
    return [found[name] for name in sorted(found)]


def _licence(one: metadata.Distribution) -> str:
    told = one.metadata.json
    classifiers = told.get("classifier", [])
    classified = [line.rsplit(" :: ", 1)[-1] for line in classifiers if line.startswith("License ::")]
    short = str(told.get("license", ""))
    expression = str(told.get("license_expression", ""))
    return expression or ", ".join(classified) or (short if "\n" not in short else "") or "–"
