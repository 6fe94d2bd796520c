"""The ten statuses of a dossier and which may follow which.

The numbers and Vietnamese names are the portal's (wire-contracts §1.7); the transitions are ours (rules §6.7), because
the portal publishes none. What a status does to the legal clock is drawn in the models, not decided here.
"""

from enum import IntEnum

from engine import errors


class Status(IntEnum):
    """Where a dossier stands, by the portal's code."""

    NEW = 1
    ACCEPTED = 2
    NOT_ACCEPTED = 3
    PROCESSING = 4
    SUPPLEMENT_ASKED = 5
    PAYMENT_DUE = 6
    WITHDRAWN = 7
    STOPPED = 8
    DONE = 9
    RETURNED = 10

    @property
    def name_vi(self) -> str:
        """The portal's own words for this status."""
        return _NAMES[self][0]

    @property
    def name_en(self) -> str:
        return _NAMES[self][1]

    @property
    def is_final(self) -> bool:
        """Whether nothing may follow: refused, withdrawn, stopped or handed over."""
        return not _NEXT[self]


_NAMES: dict[Status, tuple[str, str]] = {
    Status.NEW: ("Mới đăng ký", "Newly registered"),
    Status.ACCEPTED: ("Được tiếp nhận", "Accepted"),
    Status.NOT_ACCEPTED: ("Không được tiếp nhận", "Not accepted"),
    Status.PROCESSING: ("Đang xử lý", "In process"),
    Status.SUPPLEMENT_ASKED: ("Yêu cầu bổ sung giấy tờ", "Supplement asked for"),
    Status.PAYMENT_DUE: ("Yêu cầu thực hiện nghĩa vụ tài chính", "Payment due"),
    Status.WITHDRAWN: ("Công dân yêu cầu rút hồ sơ", "Withdrawn by the citizen"),
    Status.STOPPED: ("Dừng xử lý", "Stopped"),
    Status.DONE: ("Đã xử lý xong", "Done"),
    Status.RETURNED: ("Đã trả kết quả", "Result handed over"),
}

_NEXT: dict[Status, frozenset[Status]] = {
    Status.NEW: frozenset(
        {Status.ACCEPTED, Status.NOT_ACCEPTED, Status.SUPPLEMENT_ASKED, Status.WITHDRAWN},
    ),
    Status.ACCEPTED: frozenset(
        {Status.PROCESSING, Status.SUPPLEMENT_ASKED, Status.PAYMENT_DUE, Status.WITHDRAWN, Status.STOPPED},
    ),
    Status.NOT_ACCEPTED: frozenset(),
    Status.PROCESSING: frozenset(
        {Status.SUPPLEMENT_ASKED, Status.PAYMENT_DUE, Status.WITHDRAWN, Status.STOPPED, Status.DONE},
    ),
    Status.SUPPLEMENT_ASKED: frozenset(
        {Status.ACCEPTED, Status.PROCESSING, Status.WITHDRAWN, Status.STOPPED},
    ),
    Status.PAYMENT_DUE: frozenset({Status.PROCESSING, Status.WITHDRAWN, Status.STOPPED}),
    Status.WITHDRAWN: frozenset(),
    Status.STOPPED: frozenset(),
    Status.DONE: frozenset({Status.RETURNED}),
    Status.RETURNED: frozenset(),
}


def may_become(current: int, wanted: int) -> bool:
    """Whether *wanted* may follow *current*; staying where one is is no change and therefore False."""
    return wanted in _NEXT[Status(current)]


def check(current: int, wanted: int) -> Status:
    """Give *wanted* as a `Status` when it may follow *current*.

    Raises:
        TransitionRefused: the table of rules §6.7 does not allow it, or *wanted* is no status at all.
    """
    try:
        target = Status(wanted)
    except ValueError:
        raise errors.TransitionRefused(status=int(current), wanted=wanted) from None
    if target not in _NEXT[Status(current)]:
        raise errors.TransitionRefused(status=int(current), wanted=int(wanted))
    return target


def is_final(status: int) -> bool:
    """Whether a dossier in *status* is over."""
    return Status(status).is_final


def next_of(status: int) -> frozenset[Status]:
    """The statuses that may follow *status*."""
    return _NEXT[Status(status)]
