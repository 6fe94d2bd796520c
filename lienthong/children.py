"""Child processes of `lienthong run`: started as `python -m lienthong …`, watched, restarted, ended together.

They die with us even when we are killed (a death signal set by the kernel). What they do is in their own commands.
Start them from the main thread: the death signal is bound to the thread that forks.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

import lienthong
from engine import parent

log = structlog.get_logger(__name__)

_STDERR = 2  # what children say is not our result
_CALM_S = 30.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.2, 10.0


@dataclass(slots=True, kw_only=True)
class Child:
    """One role of the system and the process that plays it."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    wait_s: float = field(default=_FIRST_WAIT_S)

    def start(self) -> None:
        """Start the process; it ends with this one."""
        self.started_at, self.restart_at = time.monotonic(), 0.0
        self.process = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-m", "lienthong", *self.arguments],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=_STDERR,
            start_new_session=True,
            preexec_fn=parent.following(signal.SIGKILL),  # noqa: PLW1509  # two system calls, nothing that takes a lock
        )

    def look(self) -> None:
        """Restart the process when it ended: at once at first, ever later while it keeps failing."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        if not self.restart_at:
            self.wait_s = (
                _FIRST_WAIT_S if now - self.started_at > _CALM_S else min(self.wait_s * 2, _LONGEST_WAIT_S)
            )
            self.restart_at = now + self.wait_s
            log.warning(
                "child_ended", child=self.name, code=self.process.returncode, restart_in_s=self.wait_s
            )
        elif now >= self.restart_at:
            self.start()


@dataclass(slots=True)
class Family:
    """All child processes of one system."""

    members: list[Child] = field(default_factory=list)

    def add(self, name: str, *arguments: str, environment: Mapping[str, str]) -> None:
        """Start one more child with exactly *environment*."""
        child = Child(name=name, arguments=arguments, environment=environment)
        self.members.append(child)
        child.start()

    def look(self) -> None:
        """Restart whoever ended."""
        for child in self.members:
            child.look()

    def stop(self, grace_s: float) -> None:
        """Ask all to end, and end who has not after *grace_s*."""
        running = [child.process for child in self.members if child.process is not None]
        for process in running:
            process.terminate()
        until = time.monotonic() + grace_s
        for process in running:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
        for process in running:
            process.wait()


def child_environment(inherited: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """*inherited* with *changes*, such that `python -m lienthong` finds this very code from any folder.

    A `_FILE` form of what is changed is left out.
    """
    home = str(Path(lienthong.__file__).resolve().parent.parent)
    paths = [home, *filter(None, inherited.get("PYTHONPATH", "").split(os.pathsep))]
    kept = {name: value for name, value in inherited.items() if name.removesuffix("_FILE") not in changes}
    return {**kept, **changes, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
