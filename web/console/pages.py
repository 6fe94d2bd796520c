"""The console put together: every page of people under one blueprint."""

from flask import Blueprint, Flask

from web.console import (
    audit,
    backups,
    batches,
    call_batches,
    calls,
    dossier,
    dossier_acts,
    dossier_batches,
    dossier_bundle,
    dossier_edit,
    dossier_extend,
    dossier_migrate,
    dossier_move,
    dossiers,
    exports,
    help_page,
    home,
    incidents,
    messages,
    migrations,
    own_account,
    partner_acts,
    partner_limits,
    partner_secrets,
    partners,
    people,
    procedures,
    public,
    refusals,
    schedules,
    sign_on,
    signing_in,
    signing_out,
    simulating,
    version_tests,
    work_items,
    workers,
)
from web.container import Container

_PARTS = (
    signing_in,
    sign_on,
    signing_out,
    dossiers,
    dossier,
    dossier_acts,
    dossier_batches,
    dossier_bundle,
    dossier_edit,
    dossier_extend,
    dossier_migrate,
    dossier_move,
    incidents,
    batches,
    calls,
    call_batches,
    messages,
    migrations,
    refusals,
    partners,
    partner_acts,
    partner_limits,
    partner_secrets,
    work_items,
    home,
    procedures,
    version_tests,
    simulating,
    schedules,
    workers,
    backups,
    people,
    own_account,
    audit,
    public,
    help_page,
)
LISTS = (
    *(one.EXPORT for one in (dossiers, incidents, batches, calls, messages, partners, work_items)),
    *(one.EXPORT for one in (procedures, schedules, audit, refusals)),
    *people.EXPORTS,
)
"""Every list that can be had as a file."""


def init_app(app: Flask) -> None:
    """Let every page know which lists can be had as a file, and where."""
    app.jinja_env.globals["exported"] = frozenset(one.path for one in LISTS)
    app.jinja_env.globals["export_address"] = exports.address


def routes(container: Container) -> Blueprint:
    """Every page that people see."""
    blueprint = Blueprint("pages", __name__)
    for part in _PARTS:
        part.add(blueprint, container)
    exports.add(blueprint, container, LISTS)
    return blueprint
