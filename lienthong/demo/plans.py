"""What happens to each dossier of the demo: the fixed mix, what must come of it, and what goes wrong on purpose.

Connections are dropped and 502 pages shown on idempotent and queryable operations only; on the others nobody could know
what happened. Who acts on a plan is in the other modules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.exchange.ports import Json

BIRTH, EXTRACT = "2.002621", "2.000635"
STRAIGHT = (1, 2, 4, 9, 10)
CIVIL, RESIDENCE = "civil_status.NhanDKHT", "residence.DangKyThuongTru"
INSURANCE, POST = "social_insurance.CapTheBHYT", "post.TaoDon"
PUT, CITIZEN = "portal.DongBoHoSoMC", "population.TraCuuThongTinCongDan"

Decisions = Mapping[str, Mapping[str, Json]]

_ACCEPT: Mapping[str, Json] = {"decision": "accept"}
_ASK: Mapping[str, Json] = {
    "decision": "supplement",
    "reason": "Giấy chứng sinh bị mờ, đề nghị nộp lại",
    "missing": ["GCS"],
}
_REFUSE: Mapping[str, Json] = {
    "decision": "refuse",
    "reason": "Hồ sơ không thuộc thẩm quyền giải quyết",
    "ground": "Điều 13 Luật Hộ tịch",
}
_TO_ACCEPT: Decisions = {"Task_Examine": _ACCEPT, "Task_ExamineAgain": _ACCEPT}
_TO_ASK: Decisions = {"Task_Examine": _ASK, "Task_ExamineAgain": _ACCEPT}
_TO_ISSUE: Decisions = {
    "Task_Draft": {
        "decision": "issue",
        "number": "125/TLKS-BS",
        "register_number": "12",
        "register_book": "01/2020",
        "registered_on": "2020-11-20",
        "registered_at": "UBND phường Hoa Sữa",
        "content": "Trích lục khai sinh theo sổ đăng ký năm 2020",
        "url": "https://hotich.example.vn/tl/125",
    }
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One order to a simulated partner, met by this dossier's own request; see the simulator's fault rules."""

    call: str  # partner.operation
    fault: str
    seconds: float = 0.0
    after: bool = False
    choice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A dossier's story.

    *owed*: how often each call must take effect; *passes*: elements that it must come through, each as often as named.
    """

    name: str
    told: str
    procedure: str = BIRTH
    delivery: str = "online"
    decisions: Decisions = field(default_factory=lambda: _TO_ACCEPT)
    # what the applicant does each time that it is asked: supplement | withdraw | confirm | send-back; then nothing
    answers: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    twice: bool = False
    statuses: tuple[int, ...] = STRAIGHT
    owed: tuple[str, ...] = (CIVIL, RESIDENCE, INSURANCE)
    passes: tuple[str, ...] = ()

    @property
    def goes_wrong(self) -> bool:
        """Whether anything but the straight way is planned."""
        return (
            self.twice
            or bool(self.troubles)
            or self.statuses != STRAIGHT
            or bool(set(self.answers) - {"confirm"})
        )


_ONLINE = Plan(name="straight-online", told="goes straight through, result online")
_COUNTER = Plan(
    name="straight-counter",
    told="goes straight through, fetched at the counter",
    delivery="counter",
    passes=("Task_HandOver",),
)
_POST = Plan(
    name="straight-post",
    told="goes straight through, sent by post",
    delivery="post",
    owed=(CIVIL, RESIDENCE, INSURANCE, POST),
    passes=("Task_AwaitDelivery",),
)
_SUPPLEMENT = Plan(
    name="supplement-answered",
    told="supplement asked for, answered the next working day",
    decisions=_TO_ASK,
    answers=("supplement",),
    statuses=(1, 5, 2, 4, 9, 10),
    passes=("Task_AwaitSupplement", "Task_ExamineAgain"),
)
_NEVER = Plan(
    name="supplement-never-answered",
    told="supplement asked for, never answered: 7 working days pass",
    decisions=_TO_ASK,
    statuses=(1, 5, 8),
    owed=(),
    passes=("End_SupplementExpired",),
)
_REFUSED = Plan(
    name="refused",
    told="refused by the officer",
    decisions={"Task_Examine": _REFUSE},
    statuses=(1, 3),
    owed=(),
    passes=("End_NotAccepted",),
)
_RESIDENCE = Plan(
    name="residence-refused",
    told="residence refused by a later message; the birth stands",
    troubles=(Trouble(call=RESIDENCE, fault="choose", choice="reject"),),
    passes=("Task_AwaitResidence", "Event_ResidenceRefused"),
)
_SLOW = Plan(
    name="slow-partners",
    told="four partners answer slowly",
    delivery="post",
    troubles=(
        Trouble(call=CITIZEN, fault="slow", seconds=2.0),
        Trouble(call=CIVIL, fault="slow", seconds=2.0),
        Trouble(call=RESIDENCE, fault="slow", seconds=3.0),
        Trouble(call=INSURANCE, fault="slow", seconds=3.0),
    ),
    owed=(CIVIL, RESIDENCE, INSURANCE, POST),
)
_TWICE = Plan(
    name="submitted-twice",
    told="handed in three times under one Idempotency-Key, twice at once",
    twice=True,
)
_DROPPED = Plan(
    name="connections-dropped",
    told="connections dropped before and after processing",
    delivery="post",
    troubles=(
        Trouble(call=CITIZEN, fault="drop-before"),
        Trouble(call=PUT, fault="drop-after"),
        Trouble(call=CIVIL, fault="drop-after"),
        Trouble(call=INSURANCE, fault="drop-after"),
        Trouble(call=POST, fault="drop-before"),
    ),
    owed=(CIVIL, RESIDENCE, INSURANCE, POST),
)
_PAGES = Plan(
    name="502-pages",
    told="a gateway's 502 pages before and after processing",
    delivery="post",
    troubles=(
        Trouble(call=CITIZEN, fault="html"),
        Trouble(call=PUT, fault="html"),
        Trouble(call=CIVIL, fault="html", after=True),
        Trouble(call=INSURANCE, fault="html"),
        Trouble(call=POST, fault="html", after=True),
    ),
    owed=(CIVIL, RESIDENCE, INSURANCE, POST),
)
_WITHDRAWN = Plan(
    name="withdrawn",
    told="supplement asked for, withdrawn by the applicant",
    decisions=_TO_ASK,
    answers=("withdraw",),
    statuses=(1, 5, 7),
    owed=(),
)
_CIVIL_SUPPLEMENT = Plan(
    name="civil-supplement",
    told="civil status asks for a supplement, answered the next working day",
    answers=("supplement",),
    troubles=(Trouble(call=CIVIL, fault="choose", choice="supplement"),),
    statuses=(1, 2, 4, 5, 4, 9, 10),
    owed=(CIVIL, CIVIL, RESIDENCE, INSURANCE),
    passes=("Task_AwaitCivilSupplement",),
)
_CIVIL_REFUSED = Plan(
    name="civil-refused",
    told="refused by civil status",
    troubles=(Trouble(call=CIVIL, fault="choose", choice="reject"),),
    statuses=(1, 2, 4, 8),
    owed=(CIVIL,),
    passes=("End_CivilRefused",),
)
_BRANCHES = Plan(
    name="branches-refused",
    told="residence and insurance refused at once; the birth stands",
    troubles=(
        Trouble(call=RESIDENCE, fault="choose", choice="fault"),
        Trouble(call=INSURANCE, fault="choose", choice="reject"),
    ),
    owed=(CIVIL,),
    passes=("Event_ResidenceRefused", "Event_InsuranceRejected"),
)
_ENVELOPE = Plan(
    name="envelope-returned",
    told="the post brings the envelope back, fetched at the counter",
    delivery="post",
    troubles=(Trouble(call=POST, fault="choose", choice="return"),),
    owed=(CIVIL, RESIDENCE, INSURANCE, POST),
    passes=("Task_AwaitDelivery", "Task_HandOver"),
)
_EXTRACT = Plan(
    name="draft-confirmed",
    told="an extract; its draft is confirmed the next working day",
    procedure=EXTRACT,
    decisions=_TO_ISSUE,
    answers=("confirm",),
    owed=(),
    passes=("Task_AwaitConfirmation", "Task_Issue"),
)
_SILENT = Plan(
    name="draft-silence",
    told="an extract; silence until the end of the next working day is a yes",
    procedure=EXTRACT,
    decisions=_TO_ISSUE,
    owed=(),
    passes=("Task_AwaitConfirmation", "Event_Silent", "Task_Issue"),
)
_SENT_BACK = Plan(
    name="draft-sent-back",
    told="an extract; the first draft is sent back, the second confirmed",
    procedure=EXTRACT,
    decisions=_TO_ISSUE,
    answers=("send-back", "confirm"),
    owed=(),
    passes=("Task_Draft", "Task_AwaitConfirmation", "Task_Draft", "Task_AwaitConfirmation", "Task_Issue"),
)
_EXTRACT_COUNTER = Plan(
    name="extract-counter",
    told="an extract asked for at the counter; nobody need confirm",
    procedure=EXTRACT,
    delivery="counter",
    decisions=_TO_ISSUE,
    owed=(),
    passes=("Task_Issue",),
)

MIX: tuple[Plan, ...] = (
    _ONLINE,
    _SUPPLEMENT,
    _NEVER,
    _REFUSED,
    _RESIDENCE,
    _SLOW,
    _TWICE,
    _DROPPED,
    _PAGES,
    _COUNTER,
    _POST,
    _WITHDRAWN,
    _CIVIL_SUPPLEMENT,
    _CIVIL_REFUSED,
    _BRANCHES,
    _ENVELOPE,
    _EXTRACT,
    _SILENT,
    _SENT_BACK,
    _EXTRACT_COUNTER,
)
"""The twenty dossiers of the demo, in their order; larger numbers go round."""
