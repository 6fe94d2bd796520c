"""Backups: whether there is one to rely on, what became of the last ones; letting a restored installation send again."""

from collections.abc import Mapping
from datetime import datetime

from flask import Blueprint, Response

from engine.actions import restore
from engine.exchange.ports import Json
from engine.queries import backups, schedules
from engine.storage.backups import marking
from web.console.access import right, visitor
from web.console.rendering import View, back, page, read, reason
from web.container import Container


class BackupsView(View):
    """The page's address."""


def add(blueprint: Blueprint, container: Container) -> None:
    """``/sao-luu``; a backup is run from there by the timetable's own act (`web.console.schedules`)."""

    @blueprint.get("/sao-luu")
    @right("see")
    def backup_list() -> str:
        read(BackupsView)
        with container.store.reading() as connection:
            rows = schedules.list_schedules(connection)
            values = {
                "standing": backups.standing(connection),
                "troubles": backups.troubles(connection, container.backup_old_h),
                "runs": backups.newest(connection),
                "paused": marking.is_paused(connection),
                "restored": _moments(marking.restored(connection)),
            }
        plan = next((row for row in rows if row.name == backups.JOB), None)
        return page(
            "backups.html", container, plan=plan, old_h=container.backup_old_h, most=backups.MOST, **values
        )

    @blueprint.post("/sao-luu/gui")
    @right("partners")
    def resume_sending() -> Response:
        restore.resume_sending(container.store, by=visitor().name, reason=reason())
        return back("/sao-luu", "done")


def _moments(restored: Mapping[str, Json] | None) -> dict[str, object] | None:
    """What is known of a restore, its moments as such."""
    if restored is None:
        return None
    at = {name: datetime.fromisoformat(str(restored[name])) for name in ("at", "taken_at")}
    return {**restored, **at}
