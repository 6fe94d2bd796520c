"""The console put together: every page of people under one blueprint."""

from flask import Blueprint

from web.console import (
    batches,
    calls,
    dossier,
    dossiers,
    incidents,
    messages,
    partners,
    signing_in,
    work_items,
)
from web.container import Container

_PARTS = (signing_in, dossiers, dossier, incidents, batches, calls, messages, partners, work_items)


def routes(container: Container) -> Blueprint:
    """Every page that people see."""
    blueprint = Blueprint("pages", __name__)
    for part in _PARTS:
        part.add(blueprint, container)
    return blueprint
