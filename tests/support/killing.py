"""Killing a worker at one exact message to its database: a counting proxy before PostgreSQL, and warm workers to kill.

Messages are counted from a worker's first byte on, each statement of several that are sent together as one. A blow falls
before a message reaches the server, or after the server did what it says and before the worker learns so: then a commit is
of unknown outcome.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parent.parent.parent
SOCKET = ".s.PGSQL.5432"
_ANSWER_S = 2.0
_ENDS = (
    b"",
    b"Q",
    b"S",
    b"p",
    b"X",
    b"H",
)  # frames of the protocol behind which the server has nothing to wait for
_FLUSH = b"H\0\0\0\4"  # has the server answer what it has done so far of a message that is not at its end


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """When a worker dies: at the first message whose number *falls* accepts, *after* it was carried out or before."""

    falls: Callable[[int], bool]
    after: bool


NEVER = Blow(falls=lambda number: False, after=False)


class CountingProxy:
    """A socket in front of PostgreSQL's: counts what clients send, and strikes once when the blow falls."""

    def __init__(self, server: Path) -> None:
        self._server = str(server)
        self.folder = Path(tempfile.mkdtemp(prefix="lt-proxy-"))
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / SOCKET))
        self._listener.listen(16)
        self._lock = threading.Lock()
        self._blow, self._kill = NEVER, _nothing
        self.count = self.struck_at = 0
        self._lines: list[_Line] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, blow: Blow, kill: Callable[[], None]) -> None:
        """Count from zero, and *kill* when *blow* falls."""
        with self._lock:
            self.count = self.struck_at = 0
            self._blow, self._kill = blow, kill

    def close(self) -> None:
        _end(self._listener)
        self._listener.close()
        for line in self._lines:
            line.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            line = _Line(self, client, server)
            self._lines.append(line)
            line.start()

    def falls(self) -> bool:
        """Count one message; whether the worker dies of it."""
        with self._lock:
            self.count += 1
            if self.struck_at or not self._blow.falls(self.count):
                return False
            self.struck_at = self.count
            return True

    def strike(self, forward: Callable[[], None]) -> None:
        if self._blow.after:
            forward()
        self._kill()


class _Line:
    """One client's connection, carried both ways by a thread each."""

    def __init__(self, proxy: CountingProxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._withheld = False
        self._answered = threading.Event()

        self._threads = [
            threading.Thread(target=self._until_the_end, args=(carry,), daemon=True)
            for carry in (self._up, self._down)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the connection, and wait until nobody uses it."""
        _end(self._client)
        _end(self._server)
        for thread in self._threads:
            thread.join()
        self._client.close()
        self._server.close()

    def _until_the_end(self, carry: Callable[[], None]) -> None:
        try:
            carry()
        except OSError:
            pass
        finally:
            self._answered.set()
            _end(self._server)
            _end(self._client)

    def _up(self) -> None:
        for message in self._messages():
            if self._proxy.falls():
                self._proxy.strike(partial(self._carry_out, message))
                return
            self._server.sendall(message)

    def _messages(self) -> Iterator[bytes]:
        """What the client sends, cut behind whatever has the server do something, however it comes in packets: a query, or
        the execution of a statement with the Sync that follows it, if one does."""
        held, executes = b"", False
        for kind, frame in self._frames():
            if executes and kind != b"S":
                yield held
                held = b""
            held, executes = held + frame, kind == b"E"
            if kind in _ENDS:
                yield held
                held = b""

    def _frames(self) -> Iterator[tuple[bytes, bytes]]:
        """The kind of each frame of the protocol, and the frame; the first one has no kind."""
        buffer, kind = b"", 0
        while data := self._client.recv(1 << 20):
            buffer += data
            while len(buffer) >= (size := _size(buffer, kind)):
                yield buffer[:kind], buffer[:size]
                buffer, kind = buffer[size:], 1

    def _carry_out(self, data: bytes) -> None:
        """Have the server do it, and keep its answer to ourselves."""
        self._withheld = True
        self._server.sendall(data + _FLUSH)
        self._answered.wait(_ANSWER_S)

    def _down(self) -> None:
        while data := self._server.recv(1 << 20):
            if self._withheld:
                self._answered.set()
            else:
                self._client.sendall(data)


def _size(buffer: bytes, kind: int) -> int:
    """How long the frame is that *buffer* begins with; at least as long as what tells it."""
    return kind + max(4, int.from_bytes(buffer[kind : kind + 4], "big"))


def _end(line: socket.socket) -> None:
    """End a connection both ways; whoever reads from it wakes up."""
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _nothing() -> None:
    pass


class Stable:
    """A warm process that has the contracts read, and forks a worker whenever it is asked."""

    def __init__(self, partners: Sequence[Path], simulators: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="lt-stable-"))
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._folder / "control"))
        self._listener.listen(4)
        self._listener.settimeout(20)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.kill_worker", simulators, *map(str, partners)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == "ready"

    def __enter__(self) -> "Stable":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def worker(self, url: str, variant: str = "") -> "KillableWorker":
        """A new worker on the database *url*, waiting for its first go. *variant*: which protection it lacks."""
        order = {"url": url, "control": str(self._folder / "control"), "variant": variant}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        control, _ = self._listener.accept()
        control.settimeout(60)
        return KillableWorker(control)


class KillableWorker:
    """One forked worker under control."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._said = control.makefile()
        self.pid = int(self._said.readline())

    def go(self, now: datetime) -> bool:
        """Let it work at the moment *now* until nothing is left to do; False when it died of it."""
        try:
            self._control.sendall(f"{now.isoformat()}\n".encode())
            return self._said.readline().strip() == "idle"
        except ConnectionError:
            return False

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> None:
        """Let go of it: it ends when it reads the end of its orders, if it still lives."""
        self._said.close()
        self._control.close()
