"""The form of contract.yaml: every field, its type and default; nothing that is not named here is accepted.

Only the form: whether expressions compile and names refer to something is checked in `compiling`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]
Path = Annotated[str, Field(pattern=r"^/[!-~]*$")]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Feel = Annotated[str, Field(min_length=1)]
Schema = dict[str, JsonValue]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Title(Shape):
    vi: str
    en: str


class Endpoint(Shape):
    """Where the partner listens unless a setting says otherwise; *private* allows loopback and private addresses."""

    url: str = Field("", pattern=r"^(https?://[!-~]+)?$")
    private: bool = False
    ca_file: str | None = None


class Plain(Shape):
    """Nothing, HTTP Basic, or one header that holds the partner's secret."""

    kind: Literal["plain"] = "plain"
    auth: Literal["none", "basic", "header"] = "none"
    header: str = "Authorization"
    headers: dict[str, Feel] = {}


class Session(Shape):
    """Log in once, then put the session into every body; *expired* tells an answer that asks for a fresh log-in."""

    kind: Literal["session"]
    login: Path
    field: Name = "session"
    headers: dict[str, Feel] = {}
    expired: Feel = "status = 401"


class Wso2(Shape):
    """A client-credentials token by HTTP Basic, sent as a bearer; a 401 fetches one fresh token."""

    kind: Literal["wso2"]
    token: Path
    headers: dict[str, Feel] = {}


class Mailbox(Shape):
    """The partner cannot be called: it fetches its calls and acknowledges them; `total_timeout_s` is its lease."""

    kind: Literal["mailbox"]
    headers: dict[str, Feel] = Field(default_factory=dict, max_length=0)


class Webhook(Shape):
    """Signed as Standard Webhooks wants it, with the partner's secrets; any answer of success will do."""

    kind: Literal["webhook"]
    headers: dict[str, Feel] = {}


Transport = Annotated[Plain | Session | Wso2 | Mailbox | Webhook, Field(discriminator="kind")]


class Rule(Shape):
    """A line of the classification table: what an answer means when its condition holds."""

    when: Feel = "true"
    status: list[Annotated[int, Field(ge=100, le=599)]] = []
    soap_fault: bool = False
    outcome: Literal["ok", "fault", "not_sent", "unknown", "refused", "invalid"]
    fault: Name | None = None
    detail: Feel | None = None

    @model_validator(mode="after")
    def _fault_is_named(self) -> "Rule":
        if (self.outcome == "fault") != (self.fault is not None):
            raise ValueError("outcome fault names a fault, and only it does")
        if self.soap_fault and self.status:
            raise ValueError("a line speaks of statuses or of SOAP faults, not of both")
        return self


class Ask(Shape):
    """How to find out what became of a call: an operation that only reads, and what its reply must show."""

    operation: Name
    inputs: dict[str, JsonValue]
    found: Feel
    reply: JsonValue = None
    settle_s: Annotated[float, Field(ge=0, le=86_400)] = 5.0


class Soap(Shape):
    """The WSDL, and where the partner does not keep to it; *qualified*: whether children have a namespace."""

    wsdl: Annotated[str, Field(min_length=1)]
    operation: str | None = None
    port: str | None = None
    content_type: str | None = None
    soap_action: str | None = None
    qualified: bool | None = None


class Operation(Shape):
    title: Title
    protocol: Literal["rest", "soap"] = "rest"
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    path: Path
    soap: Soap | None = None
    headers: dict[str, Feel] = {}
    request: JsonValue = {}
    request_schema: Schema = {}
    reply_schema: Schema = {}
    reply: JsonValue = None
    classify: list[Rule] = []
    repeat: Literal["idempotent", "queryable", "neither"]
    key: Feel | None = None
    ask: Ask | None = None
    total_timeout_s: Seconds = 30.0
    connect_timeout_s: Seconds = 3.0
    backoff_s: Annotated[list[Annotated[float, Field(ge=0, le=86_400)]], Field(min_length=1)] = [
        1, 2, 5, 15, 60, 300,
    ]  # fmt: skip
    max_attempts: Annotated[int, Field(ge=1, le=1000)] = 8
    on_refused: Literal["hold", "continue"] = "hold"
    window: Annotated[int, Field(ge=1, le=1000)] = 8
    faults: dict[Name, str] = {}

    @model_validator(mode="after")
    def _fits_together(self) -> "Operation":
        if (self.repeat == "queryable") != (self.ask is not None):
            raise ValueError("repeat queryable needs ask, and only it has one")
        if (self.protocol == "soap") != (self.soap is not None):
            raise ValueError("protocol soap needs the section soap, and only it has one")
        unnamed = {rule.fault for rule in self.classify if rule.fault} - set(self.faults)
        if unnamed:
            raise ValueError(f"fault {min(unnamed)} is used in classify and not named in faults")
        return self


class Reference(Shape):
    """A number of theirs by which the dossier is known."""

    kind: Name
    value: Feel


class Reply(Shape):
    """What we answer to an incoming message."""

    status: Annotated[int, Field(ge=200, le=599)] = 200
    body: JsonValue


def _problem() -> Reply:
    return Reply(status=400, body={"code": "=code", "message": "=message"})


class Inbound(Shape):
    """A message that the partner sends to us; *signature*: how it must be signed, with the secret agreed on for that.

    *soap*: it comes as an envelope, by the WSDL that we offer; what is wrong is then told by a fault, and *error* unused.
    """

    title: Title
    signature: Literal["standard-webhooks"] | None = None
    message: Name
    soap: Soap | None = None
    request_schema: Schema = {}
    message_id: Feel
    key: Feel
    reference: Reference | None = None
    payload: JsonValue = None
    ok: Reply
    duplicate: Reply
    error: Reply = Field(default_factory=_problem)


class Feed(Shape):
    """A poll whose answer speaks of many dossiers; each item becomes a message."""

    operation: Name
    every_s: Seconds = 60.0
    batch: Annotated[int, Field(ge=0, le=1000)] = 0
    message: Name
    inputs: dict[str, JsonValue]
    items: Feel
    keep: Feel = "true"
    message_id: Feel
    key: Feel
    reference: Reference | None = None
    payload: JsonValue = None
    cursor: Feel | None = None
    more: Feel | None = None


class Transition(Shape):
    """Where an exchange goes on when the condition holds; `end` is over."""

    when: Feel = "true"
    to: Name


class Step(Shape):
    operation: Name
    inputs: dict[str, JsonValue] = {}
    next: list[Transition] = []


class Exchange(Shape):
    """Calls that belong together: the first of *start* that holds, then by each answer."""

    reports: bool = False
    start: Annotated[list[Transition], Field(min_length=1)]
    steps: dict[Name, Step]


class Subscription(Shape):
    """Whose reports the partner gets without being named by the procedure; an empty list names all."""

    procedures: list[str] = []
    units: list[str] = []


class SoapFault(Shape):
    code: Literal["Client", "Server"] = "Client"
    text: Feel
    detail: JsonValue = None


class SimulatedAnswer(Shape):
    """The first whose condition holds is given; *effect* says whether the request is then carried out.

    `once`: unless the operation knows it for a repeat; `always`: even then; `never`: a refusal or a mere look.
    """

    when: Feel = "true"
    status: Annotated[int, Field(ge=200, le=599)] = 200
    body: JsonValue = None
    soap_fault: SoapFault | None = None
    effect: Literal["once", "always", "never"] = "once"


class Later(Shape):
    """What the simulated partner does by itself some seconds after an effect: an item of a feed, or a message to us."""

    after_s: Annotated[float, Field(ge=0, le=86_400)]
    when: Feel = "true"
    key: Feel = "key"
    feed: Name | None = None
    message: Name | None = None
    body: JsonValue

    @model_validator(mode="after")
    def _goes_somewhere(self) -> "Later":
        if (self.feed is None) == (self.message is None):
            raise ValueError("it goes into a feed or is sent as a message: one of the two")
        return self


class Page(Shape):
    """The part of a feed behind an item's id, at most so many items; answers find it under the name `page`."""

    feed: Name
    after: Feel
    size: Feel


class SimulatedOperation(Shape):
    """How the simulator plays one operation; *key* holds only fields that the real contract has."""

    key: Feel | None = None
    store: Name | None = None
    repeat: Literal["drop", "overwrite", "again"] = "again"
    record: JsonValue = None
    page: Page | None = None
    answers: Annotated[list[SimulatedAnswer], Field(min_length=1)]
    later: list[Later] = []


class Simulator(Shape):
    user: str = "lienthong"
    secret: str = "simulated"  # noqa: S105 - known to simulators on loopback only
    unauthenticated: SimulatedAnswer = Field(default_factory=lambda: SimulatedAnswer(status=401, body={}))
    operations: dict[Name, SimulatedOperation] = {}


class Contact(Shape):
    """Whom to ask when something is wrong, and when they are there. Shown to people; nothing acts on it."""

    name: str = Field("", max_length=200)
    phone: str = Field("", max_length=100)
    email: str = Field("", max_length=200)
    hours: str = Field("", max_length=200)
    note: str = Field("", max_length=1000)

    @model_validator(mode="after")
    def _somebody_can_be_asked(self) -> "Contact":
        if not (self.phone or self.email):
            raise ValueError("a contact has a phone or an email")
        return self


class Limits(Shape):
    """What the partner asks of its callers, in its own words. Shown to people; what bounds us is each operation's `window`."""

    rate: str = Field(default="", max_length=200)
    hours: str = Field(default="", max_length=200)


class Description(Shape):
    """Where the partner describes itself, and the file beside the contract that is held against it every night.

    A WSDL that an operation names is looked for at the operation's path with ``?wsdl`` unless it is named here; an empty
    *path*: the partner does not publish it.
    """

    file: Annotated[str, Field(min_length=1, pattern=r"\.(wsdl|json)$")]
    path: str = Field("", pattern=r"^(/[!-~]*)?$")


class Check(Shape):
    """The operation that a test of the connection calls; it only reads, and so must be a GET, an `ask` or a feed's."""

    operation: Name
    inputs: dict[str, JsonValue] = {}


class Contract(Shape):
    """A whole contract.yaml."""

    partner: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    title: Title
    label: Literal["real", "single-source", "sample"]
    basis: str = Field(min_length=10)
    version: str = Field("", max_length=100)
    contact: Contact | None = None
    limits: Limits = Limits()
    check: Check | None = None
    descriptions: list[Description] = []
    endpoint: Endpoint = Field(default_factory=lambda: Endpoint(url=""))
    transport: Transport = Plain()
    settings: dict[Name, JsonValue] = {}
    operations: dict[Name, Operation]
    inbound: dict[Name, Inbound] = {}
    feeds: dict[Name, Feed] = {}
    exchanges: dict[Name, Exchange] = {}
    subscribes: Subscription | None = None
    simulator: Simulator = Simulator()

    @model_validator(mode="after")
    def _subscriber_can_be_told(self) -> "Contract":
        if self.subscribes is not None and not any(one.reports for one in self.exchanges.values()):
            raise ValueError("subscribes needs an exchange with reports: true")
        return self

    @model_validator(mode="after")
    def _mailbox_is_not_asked(self) -> "Contract":
        if isinstance(self.transport, Mailbox):
            for name, operation in self.operations.items():
                if operation.repeat == "queryable" or operation.protocol == "soap":
                    raise ValueError(
                        f"{name}: what is fetched from a mailbox is neither asked after nor SOAP"
                    )
            if self.feeds:
                raise ValueError("a partner with a mailbox cannot be polled")
        return self
