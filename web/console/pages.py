"""The console put together: every page of people under one blueprint."""

from flask import Blueprint

from web.console import (
    audit,
    batches,
    calls,
    dossier,
    dossier_acts,
    dossiers,
    home,
    incidents,
    messages,
    partners,
    people,
    procedures,
    public,
    schedules,
    sign_on,
    signing_in,
    work_items,
)
from web.container import Container

_PARTS = (
    signing_in,
    sign_on,
    dossiers,
    dossier,
    dossier_acts,
    incidents,
    batches,
    calls,
    messages,
    partners,
    work_items,
    home,
    procedures,
    schedules,
    people,
    audit,
    public,
)


def routes(container: Container) -> Blueprint:
    """Every page that people see."""
    blueprint = Blueprint("pages", __name__)
    for part in _PARTS:
        part.add(blueprint, container)
    return blueprint
