"""What the web is given by the composition root, and the ports that it declares itself.

Values and Protocols only. The web reads no setting and builds nothing of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.actions.tick import NextFire
from engine.clock import Clock
from engine.exchange.checking import Checking
from engine.exchange.ports import Inbound, Mailboxes
from engine.exchange.secrets import PartnerSecrets
from engine.exchange.sign_on import SignOn
from engine.storage.database import Store
from web.rates import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerCard:
    """What a contract says of a partner, for people. *label* is how honest it is: real, single-source or sample.
    *title* is Vietnamese, *title_en* English; empty: the same.

    *hash* names the content in force in this process, *version* is what the partner calls it; *window*: calls in flight
    per worker, at most; *rate* and *hours*: what the partner asks of its callers; *contact*: name, phone, email, hours, note;
    *attempts* says of each operation how often a call is sent before a person is asked; *limits* the least and the most that
    its operations say of each number of `engine.exchange.limits`.
    """

    name: str
    title: str
    label: str
    transport: str
    operations: tuple[str, ...] = ()
    inbound: tuple[str, ...] = ()
    title_en: str = ""
    version: str = ""
    hash: str = ""
    window: int = 0
    timeout_s: float = 0.0
    rate: str = ""
    hours: str = ""
    contact: Mapping[str, str] = field(default_factory=dict)
    attempts: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def called(self, language: str) -> str:
        """What the partner is called in *language*: vi or en."""
        return self.title_en if language == "en" and self.title_en else self.title


class PartnerDirectory(Protocol):
    """The partners whose contracts were read."""

    def cards(self) -> Sequence[PartnerCard]: ...


class NoPartners:
    """A directory without entries."""

    def cards(self) -> Sequence[PartnerCard]:
        return ()


def always() -> bool:
    """This system may send."""
    return True


def nothing_known() -> Mapping[str, frozenset[str]] | None:
    """Nothing is known of what partners offer: models are not judged by it."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """Everything that a request may need.

    *secret* signs cursors and console cookies (at least 16 bytes). *console_open* lets whoever reaches us over
    loopback, under a loopback host name, see the pages without a key: for `run` and the demo only. *session_idle_s* is
    how long a session goes on that nobody uses; 0: its whole time. *partner_keys* asks partners that call us for an API
    key of theirs. *checking* tests the way to a partner, *secrets* takes new ones. *next_fire* reads the triggers of the
    timetable; *offered* tells what partners' contracts offer, so that a deployment can be held against it. *rate* is each key's,
    *stranger_rate* that of wrong keys from one address; None: no limit. *backup_old_h* is how old a backup
    becomes before somebody is told. *environment* names this installation to those
    who sign in; *sign_on* is the identity provider at which people may sign in.
    """

    store: Store
    clock: Clock
    secret: bytes = field(repr=False)
    inbound: Inbound | None = None
    mailboxes: Mailboxes | None = None
    checking: Checking | None = None
    secrets: PartnerSecrets | None = None
    may_send: Callable[[], bool] = always
    partners: PartnerDirectory = field(default_factory=NoPartners)
    max_body_bytes: int = 36 * 1024 * 1024
    max_document_bytes: int = 25 * 1024 * 1024
    message_keep_days: float = 30.0
    console_open: bool = False
    session_idle_s: float = 0.0
    partner_keys: bool = True
    public_url: str = ""
    version: str = ""
    environment: str = ""
    backup_old_h: float = 30.0
    next_fire: NextFire | None = None
    rate: Rate | None = None
    stranger_rate: Rate | None = None
    sign_on: SignOn | None = None
    offered: Callable[[], Mapping[str, frozenset[str]] | None] = nothing_known

    def __post_init__(self) -> None:
        if len(self.secret) < 16:
            raise ValueError("the secret needs at least 16 bytes")
