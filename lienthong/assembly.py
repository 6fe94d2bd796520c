"""The composition root: builds each part from the settings and hands it to the parts that need it.

The only module that names concrete classes of every room. It starts nothing and reads no environment.
"""

from functools import cached_property
from typing import TYPE_CHECKING

import structlog

from engine.clock import Clock, DemoClock
from engine.settings import Settings
from engine.storage import installation
from engine.storage.database import Store
from engine.storage.embedded import database_url

if TYPE_CHECKING:
    from adapters.registry import ContractPartners

log = structlog.get_logger(__name__)


class System:
    """One process's view of the system; each part is built when it is first asked for."""

    def __init__(self, settings: Settings, url: str | None = None) -> None:
        self.settings = settings
        self.url = url or database_url(settings)

    @cached_property
    def store(self) -> Store:
        """The database with its pool."""
        return Store(self.url, pool_size=self.settings.database.pool_size)

    @cached_property
    def clock(self) -> Clock:
        """The machine's time, moved by the demo's offset where one is stored."""
        return DemoClock(installation.DemoOffset(self.store))

    @cached_property
    def partners(self) -> "ContractPartners":
        """Every partner that a contract describes, with this installation's addresses and credentials.

        Raises:
            ContractInvalid: names the file and the place in it.
        """
        from adapters import registry

        said = {
            name: registry.PartnerSettings(
                url=partner.url, user=partner.user, secret=partner.secret, private=partner.private
            )
            for name, partner in self.settings.partners.items()
        }
        return registry.load(
            self.settings.partners_path, said, simulators=self.settings.simulators_url or None
        )

    def may_send(self) -> bool:
        """Whether the database is of this environment; a copy under another name must send nothing."""
        with self.store.transaction() as connection:
            same = installation.belongs_to(connection, self.settings.environment_name)
        if not same:
            log.warning("nothing_is_sent", reason="the database belongs to another environment")
        return same

    def close(self) -> None:
        """Give the connections back."""
        self.store.close()
