"""Every setting of the product: its name, meaning and default, in frozen dataclasses by room.

`read` is called once, in the composition root; everybody else is handed the group that they need. How a variable is
found and understood is in `engine.environment`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine import environment as env
from engine.environment import setting
from engine.errors import SettingsError

CHECKOUT = Path(__file__).resolve().parent.parent
_PARTNER = re.compile(
    r"LIENTHONG_PARTNER_([A-Z0-9_]+?)_"
    r"(URL|USER|PRIVATE|SETTINGS|(?:INBOUND_)?SECRET(?:_FILE)?)"
)


def default_data_dir() -> Path:
    """`data/` beside the checkout; beside the working directory where the product is installed as a wheel."""
    return (CHECKOUT if (CHECKOUT / "setup.cfg").is_file() else Path.cwd()) / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Where the data is, and how long we wait for it."""

    url: str = setting(
        "", "a PostgreSQL of yours (15 or newer); empty: the embedded one", name="DATABASE_URL", secret=True
    )
    postgres_bin: Path | None = setting(
        None,
        "folder with initdb and postgres for the embedded server, such as Debian's",
        name="LIENTHONG_POSTGRES_BIN",
    )
    os_user: str = setting("", "user that runs the embedded server when we are root; empty: nobody")
    start_timeout_s: float = setting(60.0, "how long an embedded server may take to start", least=1)
    connect_timeout_s: int = setting(10, "how long one connection attempt may take", least=1)
    pool_size: int = setting(8, "connections that one process keeps", least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """The HTTP side."""

    host: str = setting("127.0.0.1", "address to listen on")
    port: int = setting(
        8080, "port to listen on; `run` takes the next free one when it is taken", most=65_535
    )
    threads: int = setting(8, "requests served at the same time", least=1)
    max_body_bytes: int = setting(36 * 1024 * 1024, "the largest request body", least=1024)
    max_document_bytes: int = setting(25 * 1024 * 1024, "the largest document of a dossier", least=1024)
    secret_key: str = setting(
        "", "signs cursors and cookies; empty: one is made and kept with the data", secret=True
    )
    public_url: str = setting("", "how others reach us, for links; empty: as the request says")
    trusted_proxy: str = setting(
        "",
        "address of the proxy in front, such as 127.0.0.1, whose X-Forwarded-For, -Proto and -Host count; empty: nobody's",
    )
    console_open: bool = setting(
        False, "whoever asks over loopback sees the console without a key; `run` sets it"
    )
    session_idle_s: float = setting(
        1800.0,
        "how long a console session goes on that nobody uses; 0: its eight hours, used or not",
        least=0,
    )
    partner_keys: bool = setting(True, "partners that call us need an API key of theirs")
    rate_per_s: float = setting(500.0, "requests a second of one API key; 0: no limit", least=0)
    wrong_keys_per_s: float = setting(1.0, "wrong API keys a second from one address; 0: no limit", least=0)
    statement_s: float = setting(30.0, "how long one statement for a request may take", least=0.1)
    arrival_s: float = setting(60.0, "how long a request may take to arrive", least=0.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Appliers and senders: groups, leases and how often they look by themselves."""

    appliers: int = setting(1, "threads of one worker that apply events", least=1)
    group_size: int = setting(50, "events applied in one transaction at most", least=1)
    poll_s: float = setting(1.0, "how often rows are looked for without being woken", least=0.01)
    event_lease_s: float = setting(
        30.0, "how long an event may be applied before it is free again", least=0.1
    )
    event_retry_s: float = setting(1.0, "how long an event that failed waits for its next start")
    poison_starts: int = setting(3, "lone starts without an end after which an event is set aside", least=1)
    lease_margin_s: float = setting(
        10.0, "what a call's lease has beyond its operation's time-out", least=0.1
    )
    drain_s: float = setting(10.0, "how long a worker that is asked to stop finishes what it began")


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """Procrastinate's background jobs."""

    concurrency: int = setting(4, "background jobs that one worker runs at the same time", least=1)
    heartbeat_s: float = setting(2.0, "how often a worker says that it lives", least=0.1)
    stalled_s: float = setting(8.0, "silence after which a worker's jobs are given to others", least=0.5)
    sweep_s: float = setting(5.0, "how often stalled jobs are looked for", least=0.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """When a partner counts as out of order. Waits between attempts of a call are in its contract."""

    failures: int = setting(5, "failures in a row that open a partner's breaker", least=1)
    open_s: float = setting(10.0, "how long an open breaker waits before its probe", least=0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedules:
    """The ticker and the sweeps that it starts."""

    tick_s: float = setting(0.5, "how often due rows of the timetable are looked for", least=0.05)
    timers_s: float = setting(1.0, "how often due timers are swept", least=0.05)
    leases_s: float = setting(2.0, "how often calls whose sender went away are swept", least=0.05)
    feeds_s: float = setting(
        1.0, "how often feeds are looked at; each is read as often as its contract says", least=0.05
    )
    messages_s: float = setting(60.0, "how often messages that nobody waits for are listed", least=0.05)
    tallies_s: float = setting(15.0, "how often what /metrics counts over time is counted", least=0.05)
    purge_s: float = setting(3600.0, "how often what need not be kept any longer is deleted", least=0.05)
    anchors: str = setting(
        "30 1 * * *",
        "when the heads of all timelines are anchored: `every 6 h` or a cron line, Vietnam's time",
    )
    descriptions: str = setting(
        "15 2 * * *",
        "when partners are asked for their WSDL and OpenAPI, to be held against what is kept of it, Vietnam's time",
    )
    answer_keep_days: int = setting(
        30, "days for which a repeated request with the same Idempotency-Key gets its first answer", least=1
    )
    message_keep_days: int = setting(30, "days that a message waits where nothing else is said", least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """Backups of the database, made by the timetable where there is a folder for them."""

    folder: Path | None = setting(None, "folder of the backups; empty: the timetable makes none")
    at: str = setting("30 2 * * *", "when one is made: `every 6 h` or a cron line, Vietnam's time")
    keep: int = setting(14, "how many are kept", least=1)
    verify: bool = setting(True, "each is restored into a scratch database beside the real one, and compared")
    old_h: float = setting(
        30.0, "after how many hours without a newer, checked one somebody is told", least=0.01
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """The identity provider (OpenID Connect) at which people may sign in to the console."""

    issuer: str = setting(
        "", "the provider's address as it calls itself; empty: people sign in with passwords only"
    )
    client_id: str = setting("", "what the provider calls us")
    client_secret: str = setting("", "our secret at the provider; empty: a public client", secret=True)
    scopes: str = setting("openid", "what we ask the provider for, separated by spaces")
    title: str = setting("", "what the button on the sign-in page calls the provider; empty: its host")
    private: bool = setting(
        False, "the provider may be on a private address and without TLS: for pilots only"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """What the environment says about one partner; empty: what its contract and the database say."""

    url: str = ""
    user: str = ""
    secret: str = field(default="", repr=False)
    secret_file: str = ""  # where it was read from, and may be again
    inbound_secret: str = field(default="", repr=False)
    inbound_secret_file: str = ""
    private: bool = False
    values: Mapping[str, object] = field(default_factory=dict)  # in place of its contract's `settings`


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The effective settings of this process."""

    data_dir: Path = setting(
        default_data_dir(), "folder of the embedded database and everything else we keep"
    )
    environment_name: str = setting(
        "development",
        "a database remembers it; under another name it sends nothing",
        name="LIENTHONG_ENVIRONMENT",
    )
    partners_path: tuple[Path, ...] = setting((), "folders with further partners, separated by colons")
    procedures_path: tuple[Path, ...] = setting((), "folders with further procedures, separated by colons")
    simulate: bool = setting(False, "`run` starts simulators on loopback that play the partners")
    simulators_url: str = setting(
        "", "address of a running simulator; partners without their own are reached there"
    )
    log_level: str = setting("info", "debug, info, warning or error")
    log_format: str = setting("", "json or console; empty: console on a terminal, else json")
    otlp_url: str = setting(
        "", "OpenTelemetry collector for traces (OTLP over HTTP); needs the extra `otel`; empty: none"
    )
    otlp_headers: str = setting(
        "", "what the collector wants to be told, such as a key: name=value,name=value", secret=True
    )
    commit: str = setting(
        "",
        "commit that `deploy` remembers, for a pipeline without a checkout; empty: git is asked",
    )
    database: Database = field(default_factory=Database)
    web: Web = field(default_factory=Web)
    worker: Worker = field(default_factory=Worker)
    jobs: Jobs = field(default_factory=Jobs)
    breaker: Breaker = field(default_factory=Breaker)
    schedules: Schedules = field(default_factory=Schedules)
    backup: Backup = field(default_factory=Backup)
    oidc: Oidc = field(default_factory=Oidc)
    partners: Mapping[str, Partner] = field(default_factory=dict)


def read(environment: Mapping[str, str]) -> Settings:
    """The settings that *environment* gives, defaults for the rest.

    Raises:
        SettingsError: an unknown `LIENTHONG_` variable, or a value that cannot be understood.
    """
    known = list(env.variables(Settings))
    names = {item.name for item in known} | {item.name + env.FILE_SUFFIX for item in known if item.secret}
    env.refuse_unknown(names | {name for name in environment if _PARTNER.fullmatch(name)}, environment)
    found = env.values(known, environment)
    return Settings(
        **_of(found),  # type: ignore[arg-type]  # each value was made for its field's type
        database=Database(**_of(found, "database")),  # type: ignore[arg-type]
        web=Web(**_of(found, "web")),  # type: ignore[arg-type]
        worker=Worker(**_of(found, "worker")),  # type: ignore[arg-type]
        jobs=Jobs(**_of(found, "jobs")),  # type: ignore[arg-type]
        breaker=Breaker(**_of(found, "breaker")),  # type: ignore[arg-type]
        schedules=Schedules(**_of(found, "schedules")),  # type: ignore[arg-type]
        backup=Backup(**_of(found, "backup")),  # type: ignore[arg-type]
        oidc=Oidc(**_of(found, "oidc")),  # type: ignore[arg-type]
        partners=_partners(environment),
    )


def effective(settings: Settings) -> Iterator[tuple[env.Variable, object]]:
    """Every setting with its present value; secrets are shown only as set or not set."""
    for variable in env.variables(Settings):
        value: object = settings
        for name in variable.path:
            value = getattr(value, name)
        yield variable, ("(set)" if value else "") if variable.secret else value


def _of(found: Mapping[tuple[str, ...], object], *group: str) -> dict[str, object]:
    return {path[-1]: value for path, value in found.items() if path[:-1] == group}


def _partners(environment: Mapping[str, str]) -> dict[str, Partner]:
    """The partners that variables name: `LIENTHONG_PARTNER_CIVIL_STATUS_URL` speaks of `civil_status`."""
    names = {match[1] for name in environment if (match := _PARTNER.fullmatch(name))}
    return {name.lower(): _partner(f"LIENTHONG_PARTNER_{name}_", environment) for name in sorted(names)}


def _partner(prefix: str, environment: Mapping[str, str]) -> Partner:
    return Partner(
        url=environment.get(prefix + "URL", ""),
        user=environment.get(prefix + "USER", ""),
        secret=env.lookup(prefix + "SECRET", environment, secret=True) or "",
        secret_file=environment.get(prefix + "SECRET_FILE", ""),
        inbound_secret_file=environment.get(prefix + "INBOUND_SECRET_FILE", ""),
        inbound_secret=env.lookup(prefix + "INBOUND_SECRET", environment, secret=True) or "",
        private=env.as_bool(prefix + "PRIVATE", environment.get(prefix + "PRIVATE") or "no"),
        values=_object(prefix + "SETTINGS", environment.get(prefix + "SETTINGS") or "{}"),
    )


def _object(name: str, text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except ValueError as exc:
        raise SettingsError(name=name, reason=f"no JSON: {exc}") from exc
    if not isinstance(value, dict):
        raise SettingsError(name=name, reason='a JSON object is needed, such as {"madonvi": "000.00.00.H99"}')
    return value
