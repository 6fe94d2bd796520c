"""How this process logs: events with fields on stderr, for people on a terminal, as JSON lines otherwise."""

import logging  # noqa: TID251  # other people's libraries use it; their warnings must not be lost
import sys
from typing import TextIO, cast

import structlog

from engine.errors import SettingsError
from engine.settings import Settings
from lienthong import telemetry

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure_logs(settings: Settings, process: str) -> None:
    """Send every log event of this process to stderr, each with the name *process*.

    Raises:
        SettingsError: the level or the format is none that we know, or spans are wanted that cannot be made.
    """
    level = _LEVELS.get(settings.log_level.lower())
    if level is None:
        raise SettingsError(name="LIENTHONG_LOG_LEVEL", reason=f"one of {', '.join(_LEVELS)}")
    if settings.log_format not in {"", "json", "console"}:
        raise SettingsError(name="LIENTHONG_LOG_FORMAT", reason="json or console")
    plain = settings.log_format == "console" or (not settings.log_format and sys.stderr.isatty())
    spans = telemetry.spans(settings, process)
    seen: list[structlog.types.Processor] = [] if spans is None else [spans, _at_least(level)]
    stderr = cast(TextIO, _Stderr())
    renderer = (
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        if plain
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _named(process),
            *seen,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if not plain else _unchanged,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level if spans is None else 0),
        logger_factory=structlog.PrintLoggerFactory(stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=max(level, 30), stream=stderr, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("psycopg").setLevel(
        logging.ERROR
    )  # what it warns of in a message of several statements is raised, too


class _Stderr:
    """Whatever is stderr at the moment of writing."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def _named(process: str) -> structlog.types.Processor:
    """Adds the name of the process to every event, whichever thread tells it."""

    def add(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        event["process"] = process
        return event

    return add


def _at_least(level: int) -> structlog.types.Processor:
    """Drops what is below *level* once spans were made of it."""

    def keep(_logger: object, method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        if _LEVELS.get(event["level"], level) < level:
            raise structlog.DropEvent
        return event

    return keep


def _unchanged(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    return event
