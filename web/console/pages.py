"""The console put together: every page of people under one blueprint."""

from flask import Blueprint

from web.console import dossier, dossiers, signing_in
from web.container import Container

_PARTS = (signing_in, dossiers, dossier)


def routes(container: Container) -> Blueprint:
    """Every page that people see."""
    blueprint = Blueprint("pages", __name__)
    for part in _PARTS:
        part.add(blueprint, container)
    return blueprint
