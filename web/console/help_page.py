"""Help, at the same place on every page: what the words of the lists mean, the keys, the version, whose work is in it."""

import json
from functools import cache
from pathlib import Path

from flask import Blueprint

from engine.queries.dossier_list import SITUATIONS
from engine.queries.exchange import CALL_STATES, MESSAGE_STATES
from web.console.access import right
from web.console.rendering import View, page, read
from web.container import Container

_MANIFEST = Path(__file__).parent.parent / "static" / "vendor" / "manifest.json"
INCIDENT_STATES = ("open", "acting", "closed")


def add(blueprint: Blueprint, container: Container) -> None:
    """``/tro-giup``."""

    @blueprint.get("/tro-giup")
    @right("see")
    def help_page() -> str:
        read(View)
        return page(
            "help.html",
            container,
            situations=(*SITUATIONS, "running"),
            call_states=CALL_STATES,
            message_states=MESSAGE_STATES,
            incident_states=INCIDENT_STATES,
            version=container.version,
            packages=_packages(),
        )


@cache
def _packages() -> list[tuple[str, str, str]]:
    """(name, version, its licence's place) of what is vendored."""
    listed = json.loads(_MANIFEST.read_text(encoding="utf-8"))["packages"]
    return [(one["name"], one["version"], f"vendor/{one['licence']}") for one in listed]
