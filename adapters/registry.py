"""All partners behind the engine's port, built from the contracts that are found in folders.

A folder that appears later is found when somebody asks for its partner; nothing about a partner is written in Python.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import structlog

from adapters import checking, descriptions, exchanges, feeds, signatures
from adapters import contract as contracts
from adapters.calling import Caller
from adapters.contracts import shape
from adapters.contracts.compiled import Contract, Operation
from adapters.outbound import Door, Endpoint
from adapters.secrets import Secrets
from adapters.transport.travel import Access
from adapters.transports import transport_for
from engine.errors import (
    ComposeFailed,
    ContractInvalid,
    LienthongError,
    OperationUnknown,
    PartnerUnknown,
    SettingsError,
)
from engine.exchange.checking import TOTAL_S, Stage
from engine.exchange.drift import Described
from engine.exchange.ports import (
    Answer,
    Composed,
    Dispatch,
    FeedPage,
    FeedTerms,
    Json,
    NextCall,
    Outcome,
    Terms,
)
from engine.exchange.secrets import SecretTold

BUILT_IN = Path(__file__).parent / "partners"
SIMULATED_FEED_S = 1.0  # simulated partners answer soon and mind no questions
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerSettings:
    """What this installation says about one partner; what is empty, its contract says.

    *secret* is ours at the partner, *inbound_secret* what it signs its messages to us with; each may be from a file.
    *private* allows loopback and private addresses, beside what the contract allows.
    """

    url: str = ""
    user: str = ""
    secret: str = field(default="", repr=False)
    secret_file: str = ""
    inbound_secret: str = field(default="", repr=False)
    inbound_secret_file: str = ""
    private: bool = False
    values: Mapping[str, object] = field(default_factory=dict)


def load(
    paths: Sequence[Path] = (),
    settings: Mapping[str, PartnerSettings] | None = None,
    *,
    simulators: str | None = None,
    built_in: Path | None = BUILT_IN,
) -> "ContractPartners":
    """Every partner of *built_in* and of the folders *paths*, validated.

    *simulators* is the address of a simulator server on loopback: partners without an address of their own in
    *settings* are then reached below it, with the credentials that their contract gives to its simulator.

    Raises:
        ContractInvalid: names the file and the path in it.
    """
    roots = [*([built_in] if built_in else []), *paths]
    partners = ContractPartners(roots, settings or {}, simulators=simulators)
    partners.scan()
    return partners


class ContractPartners:
    """Implements `engine.exchange.ports.Partners`; shared by all threads of a process."""

    def __init__(
        self,
        roots: Sequence[Path],
        settings: Mapping[str, PartnerSettings],
        *,
        simulators: str | None = None,
        door: Door | None = None,
    ) -> None:
        self._roots, self._settings = list(roots), settings
        self._simulators = simulators.rstrip("/") if simulators else None
        self._door = door or Door()
        self._callers: dict[str, Caller] = {}
        self._secrets = Secrets(
            {name: said.secret for name, said in settings.items()},
            {name: said.secret_file for name, said in settings.items()},
        )
        self._inbound_secrets = Secrets(
            {name: said.inbound_secret for name, said in settings.items()},
            {name: said.inbound_secret_file for name, said in settings.items()},
            variable="INBOUND_SECRET",
        )
        self._lock = threading.Lock()

    # -- finding ------------------------------------------------------------------------------

    def scan(self) -> None:
        """Read every folder that is not known yet. Raises: ContractInvalid."""
        for folder in self._folders():
            self._known(folder.name, folder)

    def reload(self, partner: str) -> Contract:
        """Read the partner's folder again, now. Raises: PartnerUnknown, ContractInvalid."""
        folder = self._folder(partner)
        with self._lock:
            self._callers[partner] = self._caller_of(contracts.read(folder))
        return self._callers[partner].contract

    def contract(self, partner: str) -> Contract:
        """The contract of *partner*. Raises: PartnerUnknown; ContractInvalid: its folder is new and wrong."""
        return self._caller(partner).contract

    def contracts(self) -> list[Contract]:
        """Every contract, by name; each folder that came later and is wrong is left out and logged."""
        for folder in self._folders():
            try:
                self._known(folder.name, folder)
            except (ContractInvalid, SettingsError, OSError) as exc:
                reason = exc.message if isinstance(exc, LienthongError) else type(exc).__name__
                log.warning("contract_invalid", partner=folder.name, reason=reason)
        return [self._callers[name].contract for name in sorted(self._callers)]

    def inbound_secrets(self, partner: str) -> tuple[str, ...]:
        """What *partner* signs its messages with; several while one is changed for another. Raises: PartnerUnknown."""
        contract = self.contract(partner)
        said = self._settings.get(partner, PartnerSettings())
        simulated = contract.form.simulator.secret if self._simulated(partner) else ""
        return signatures.secrets_in(said.inbound_secret or simulated)

    def _folders(self) -> list[Path]:
        listed = [sorted(root.iterdir()) if root.is_dir() else [] for root in self._roots]
        return [folder for root in listed for folder in root if (folder / contracts.FILE).is_file()]

    def _caller(self, partner: str) -> Caller:
        caller = self._callers.get(partner)
        return caller if caller is not None else self._known(partner, self._folder(partner))

    def _folder(self, partner: str) -> Path:
        if partner.isidentifier():
            for root in self._roots:
                if (root / partner / contracts.FILE).is_file():
                    return root / partner
        raise PartnerUnknown(partner=partner)

    def _known(self, partner: str, folder: Path) -> Caller:
        with self._lock:
            caller = self._callers.get(partner)
            if caller is None:
                caller = self._callers[partner] = self._caller_of(contracts.read(folder))
                log.info("partner_loaded", partner=partner, label=caller.contract.form.label)
            elif caller.contract.folder != folder:
                raise ContractInvalid(
                    file=folder / contracts.FILE,
                    where="partner",
                    reason=f"{partner} is there already, in {caller.contract.folder}",
                )
            return caller

    def _caller_of(self, contract: Contract, secret: str | None = None) -> Caller:
        """*secret*, where given, is for this caller in place of the one in force."""
        said = self._settings.get(contract.partner, PartnerSettings())
        form = contract.form
        simulated = self._simulated(contract.partner)
        url = said.url or (f"{self._simulators}/{contract.partner}" if simulated else form.endpoint.url)
        held = self._secrets.value(contract.partner) if secret is None else secret
        access = Access(user=said.user, secret=held)
        if simulated and not held:
            access = Access(user=form.simulator.user, secret=form.simulator.secret)
        if url:
            private = simulated or said.private or form.endpoint.private
            ca_file = str(contract.folder / form.endpoint.ca_file) if form.endpoint.ca_file else None
            self._door.add(Endpoint(name=contract.partner, url=url, private=private, ca_file=ca_file))
        settings = _settings(contract, said.values)
        return Caller(contract, transport_for(contract, self._door, access, settings), settings)

    def close(self) -> None:
        """Close the connections that are kept open to partners."""
        self._door.close()

    # -- the port -----------------------------------------------------------------------------

    def terms(self, partner: str, operation: str) -> Terms:
        """Raises: PartnerUnknown, OperationUnknown."""
        return self._operation(self._caller(partner), operation).terms

    def compose(
        self,
        partner: str,
        operation: str,
        inputs: Mapping[str, Json],
        *,
        dossier: Mapping[str, Json],
        call_key: str,
        now: datetime,
    ) -> Composed:
        """Raises: PartnerUnknown, OperationUnknown, ComposeFailed."""
        caller = self._caller(partner)
        declared = self._operation(caller, operation)
        return caller.compose(declared, inputs, dossier=dossier, call_key=call_key, now=now)

    def send(self, dispatch: Dispatch) -> Answer:
        """Never raises for the partner's sake; a contract that cannot send what was composed earlier is a refusal."""
        caller = self._caller(dispatch.partner)
        declared = self._operation(caller, dispatch.operation)
        carry = caller.ask if dispatch.ask else caller.call
        try:
            bounds = (dispatch.total_s, dispatch.connect_s)
            return carry(declared, dispatch.body, dispatch.key, dispatch.trace, bounds)
        except ComposeFailed as exc:
            outcome = Outcome.UNKNOWN if dispatch.ask else Outcome.REFUSED
            return Answer(outcome=outcome, detail=exc.message, contract_hash=caller.contract.hash)

    def exchange(
        self,
        partner: str,
        name: str,
        *,
        step: str | None,
        answer: Answer | None,
        report: Mapping[str, Json],
        dossier: Mapping[str, Json],
    ) -> NextCall | None:
        """Raises: PartnerUnknown, OperationUnknown: no exchange or step of that name; ComposeFailed."""
        caller = self._caller(partner)
        return exchanges.next_call(
            caller.contract, caller.settings, name, step=step, answer=answer, report=report, dossier=dossier
        )

    def reports_to(self, partner: str) -> str:
        """Raises: PartnerUnknown; OperationUnknown: its contract has no exchange for reports."""
        contract = self.contract(partner)
        for exchange in contract.exchanges.values():
            if exchange.reports:
                return exchange.name
        raise OperationUnknown(partner=partner, operation="(an exchange that carries reports)")

    def subscribers(self, procedure: str, units: frozenset[str]) -> Sequence[str]:
        """Partners that want to be told of a dossier of *procedure* that *units* have to do with, by name."""
        return [name for name, caller in sorted(self._callers.items()) if _wants(caller, procedure, units)]

    def check(self, partner: str, total_s: float = TOTAL_S) -> Sequence[Stage]:
        """The way to *partner*, stage by stage, up to the first that fails. Raises: PartnerUnknown."""
        try:
            caller = self._caller(partner)
        except ContractInvalid as exc:
            return [Stage(stage="contract", ok=False, saw="contract-invalid", detail=exc.message)]
        return list(checking.check(caller, self._door, total_s))

    def secrets(self, partner: str) -> Sequence[SecretTold]:
        """Raises: PartnerUnknown."""
        simulated = self._simulated(partner)
        self._caller(partner)
        return [one.told(partner, simulated=simulated) for one in (self._secrets, self._inbound_secrets)]

    def check_new_secret(self, partner: str) -> Sequence[Stage]:
        """Raises: PartnerUnknown; SettingsError: its secret comes from no file, or that cannot be read."""
        contract = self._caller(partner).contract
        trying = self._caller_of(contract, self._secrets.fresh(partner).value)
        return list(checking.check(trying, self._door, TOTAL_S))

    def use_secret(self, partner: str, revision: int) -> None:
        if self._secrets.take(partner, revision) and partner in self._callers:
            with self._lock:
                self._callers[partner] = self._caller_of(self._callers[partner].contract)
            log.info("partner_secret_taken", partner=partner, revision=revision)

    def secrets_in_use(self) -> Mapping[str, Json]:
        """Partner → what its secret's file was when it was read."""
        return {name: dict(told) for name, told in self._secrets.in_use().items()}

    def certificate_until(self, partner: str) -> datetime | None:
        """Until when the certificate that *partner* shows now is good; None: it needs none, or is not called.

        Raises: CallUnavailable: it was not reached, or what it shows is not trusted.
        """
        return None if self.has_mailbox(partner) else self._door.certificate_until(partner)

    def describe(self, partner: str) -> Sequence[Described]:
        """What *partner* says of itself now, held against what is kept beside its contract. Raises: PartnerUnknown."""
        return list(descriptions.describe(self._caller(partner), self._door.prefix(partner)))

    def hashes(self) -> Mapping[str, str]:
        """Partner → the hash of the contract that this process holds."""
        return {contract.partner: contract.hash for contract in self.contracts()}

    def names(self) -> Sequence[str]:
        """All partners known now, by name."""
        return [contract.partner for contract in self.contracts()]

    def window(self, partner: str) -> int:
        """Calls that one worker may have under way with *partner*: the widest window of its operations; 0 for a mailbox.

        Raises: PartnerUnknown.
        """
        if self.has_mailbox(partner):
            return 0
        return max((one.terms.window for one in self.contract(partner).operations.values()), default=1)

    def has_mailbox(self, partner: str) -> bool:
        """Whether *partner* fetches its calls itself."""
        try:
            return isinstance(self.contract(partner).form.transport, shape.Mailbox)
        except PartnerUnknown:
            return False

    def judge(self, partner: str, operation: str, reply: Json) -> Answer:
        """Raises: PartnerUnknown, OperationUnknown."""
        caller = self._caller(partner)
        return caller.judge(self._operation(caller, operation), reply)

    def feeds(self) -> Sequence[FeedTerms]:
        found = [terms for contract in self.contracts() for terms in feeds.terms(contract)]
        return [
            replace(terms, every_s=min(terms.every_s, SIMULATED_FEED_S))
            if self._simulated(terms.partner)
            else terms
            for terms in found
        ]

    def poll(self, partner: str, feed: str, *, cursor: Json, keys: Sequence[str]) -> FeedPage:
        """Raises: PartnerUnknown, OperationUnknown."""
        return feeds.poll(self._caller(partner), feed, cursor=cursor, keys=keys)

    def _simulated(self, partner: str) -> bool:
        return self._simulators is not None and not self._settings.get(partner, PartnerSettings()).url

    def _operation(self, caller: Caller, name: str) -> Operation:
        found = caller.contract.operations.get(name)
        if found is None:
            raise OperationUnknown(partner=caller.contract.partner, operation=name)
        return found


def _wants(caller: Caller, procedure: str, units: frozenset[str]) -> bool:
    wanted = caller.contract.form.subscribes
    return (
        wanted is not None
        and (not wanted.procedures or procedure in wanted.procedures)
        and (not wanted.units or not units.isdisjoint(wanted.units))
    )


def _settings(contract: Contract, said: Mapping[str, object]) -> dict[str, Json]:
    """The contract's public settings with what the installation says in their place.

    Raises:
        SettingsError: it names one that the contract does not have.
    """
    strange = sorted(set(said) - set(contract.settings))
    if strange:
        known = ", ".join(contract.settings) or "none"
        raise SettingsError(
            name=f"LIENTHONG_PARTNER_{contract.partner.upper()}_SETTINGS",
            reason=f"{strange[0]} is no setting of its contract; there are {known}",
        )
    return {**contract.settings, **said}  # type: ignore[dict-item]  # both come from JSON
