"""Partners' secrets as this process holds them: read at the start, and again from their file when a person says so.

A file that changed is not taken by itself: somebody may be half-way through writing it, or the partner may not know it yet.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog

from engine.errors import SettingsError
from engine.exchange.secrets import SecretTold

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A value and since when its file holds it; None: it is from no file."""

    value: str = field(repr=False)
    changed_at: datetime | None = None


class Secrets:
    """The secrets in force, by partner; shared by threads. *files* names the file of each that has one."""

    def __init__(
        self, values: Mapping[str, str], files: Mapping[str, str], *, variable: str = "SECRET"
    ) -> None:
        self._variable = variable
        self._files = {name: Path(file) for name, file in files.items() if file}
        self._held = {
            name: Secret(value=value, changed_at=_changed_at(self._files.get(name)))
            for name, value in values.items()
        }
        self._revisions: dict[str, int] = {}
        self._trouble: dict[str, str] = {}
        self._lock = threading.Lock()

    def _name(self, partner: str, form: str = "") -> str:
        return f"LIENTHONG_PARTNER_{partner.upper()}_{self._variable}{form}"

    def value(self, partner: str) -> str:
        """The secret in force; empty where there is none."""
        held = self._held.get(partner)
        return held.value if held is not None else ""

    def fresh(self, partner: str) -> Secret:
        """What the file holds now. Raises: SettingsError: there is none, it cannot be read, or it is empty."""
        file, name = self._files.get(partner), self._name(partner, "_FILE")
        if file is None:
            raise SettingsError(name=name, reason="the secret comes from no file that could be read anew")
        try:
            value = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise SettingsError(name=name, reason="the secret's file cannot be read") from exc
        if not value:
            raise SettingsError(name=name, reason="the secret's file is empty")
        return Secret(value=value, changed_at=_changed_at(file))

    def take(self, partner: str, revision: int) -> bool:
        """Have what the file holds in force if that was not done for *revision*; whether another value is, now."""
        with self._lock:
            if self._revisions.get(partner, -1) >= revision:
                return False
            if partner not in self._files:
                self._revisions[partner] = revision
                return False
            try:
                fresh = self.fresh(partner)
            except SettingsError as exc:
                self._complain(partner, str(exc.facts["reason"]))
                return False
            was, self._held[partner] = self.value(partner), fresh
            self._revisions[partner] = revision
            self._trouble.pop(partner, None)
            return was != fresh.value

    def _complain(self, partner: str, reason: str) -> None:
        if self._trouble.get(partner) != reason:
            log.warning("partner_secret_not_read", partner=partner, reason=reason)
        self._trouble[partner] = reason

    def told(self, partner: str, *, simulated: bool) -> SecretTold:
        """What may be said of it."""
        held = self._held.get(partner, Secret(value=""))
        revision = max(0, self._revisions.get(partner, 0))
        if partner not in self._files:
            source = "environment" if held.value else "simulator" if simulated else "none"
            return SecretTold(name=self._name(partner), source=source, revision=revision)
        trouble, waiting = self._trouble.get(partner), None
        try:
            fresh = self.fresh(partner)
            waiting = fresh.changed_at if fresh.value != held.value else None
        except SettingsError as exc:
            trouble = str(exc.facts["reason"])
        return SecretTold(
            name=self._name(partner, "_FILE"),
            source="file",
            changed_at=held.changed_at,
            waiting_at=waiting,
            trouble=trouble,
            revision=revision,
        )

    def in_use(self) -> dict[str, dict[str, str | int | None]]:
        """Partner → since when its file holds what is in force, for which revision it was read, and the last trouble."""
        return {
            name: {
                "changed_at": held.changed_at.isoformat() if held.changed_at else None,
                "revision": max(0, self._revisions.get(name, 0)),
                "trouble": self._trouble.get(name),
            }
            for name, held in self._held.items()
            if name in self._files
        }


def _changed_at(file: Path | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC) if file is not None else None
    except OSError:
        return None
