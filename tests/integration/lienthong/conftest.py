"""A command line as it is typed, against a running web's database."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from lienthong.cli import run
from tests.support.counter import Counter, open_counter

Verb = Callable[..., tuple[int, str, str]]


@pytest.fixture
def counter(database: object) -> Iterator[Counter]:
    with open_counter(database.url) as opened:  # type: ignore[attr-defined]
        yield opened


@pytest.fixture
def verb(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Verb]:
    """Runs a command line against the counter's database: exit code, stdout, stderr."""
    monkeypatch.setenv("DATABASE_URL", counter.store.url)
    monkeypatch.setenv("LIENTHONG_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LIENTHONG_LOG_LEVEL", "error")
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR)
    )  # the server's late lines

    def call(*words: str) -> tuple[int, str, str]:
        code = run(words)
        told = capsys.readouterr()
        return code, told.out, told.err

    yield call
    structlog.reset_defaults()
