"""What each request may look like: shown in the description, and sent by a test that must get the answer it promises.

All people and numbers are invented.
"""

from collections.abc import Mapping

from engine.exchange.ports import Json

PDF_BASE64 = "JVBERi0xLjQKMSAwIG9iaiA8PD4+IGVuZG9iagp0cmFpbGVyIDw8Pj4KJSVFT0YK"
_PAPER: Json = {
    "code": "GT",
    "name": "giay-to.pdf",
    "media_type": "application/pdf",
    "content": PDF_BASE64,
}
_REASON: dict[str, Json] = {"reason": "Asked for by telephone"}

BODIES: Mapping[tuple[str, str], Mapping[str, Json]] = {
    ("post", "/api/v1/dossiers"): {
        "procedure": "1.000001",
        "channel": "counter",
        "receiving_unit": "H99.14",
        "applicant": {"name": "Nguyễn Văn Thử", "identity": "001099000001"},
        "data": {"note": "lần đầu", "born": "21/11/2026"},
        "documents": [_PAPER],
    },
    ("post", "/api/v1/dossiers/{code}/documents"): {"documents": [_PAPER]},
    ("post", "/api/v1/dossiers/{code}/supplement"): {"data": {"note": "giấy tờ bổ sung"}},
    ("post", "/api/v1/dossiers/{code}/draft-confirmation"): {
        "confirmed": False,
        "draft": 1,
        "note": "Sai ngày sinh",
    },
    ("post", "/api/v1/dossiers/{code}/withdrawal"): {"reason": "Công dân đổi ý"},
    ("post", "/api/v1/dossiers/{code}/suspension"): {"reason": "A court asked for the papers"},
    ("post", "/api/v1/dossiers/{code}/resumption"): {"reason": "The papers are back"},
    ("post", "/api/v1/dossiers/{code}/retry"): {"reason": "The agency is back"},
    ("post", "/api/v1/dossiers/{code}/correction"): {
        "field": "note",
        "value": "lần thứ hai",
        "reason": "A slip of the desk",
    },
    ("post", "/api/v1/dossiers/{code}/extension"): {
        "day": "2027-03-19",
        "ground": "Khoản 2 Điều 19 NĐ 61/2018/NĐ-CP",
        "reason": "The archive must be searched",
    },
    ("post", "/api/v1/dossiers/{code}/move"): {
        "origin": "check",
        "target": "wait",
        "reason": "Checked on paper already",
    },
    ("post", "/api/v1/work-items/{id}/claim"): {"officer": "an.nguyen"},
    ("post", "/api/v1/work-items/{id}/release"): {"officer": "an.nguyen"},
    ("post", "/api/v1/work-items/{id}/complete"): {"officer": "an.nguyen", "data": {"decision": "accept"}},
    ("post", "/api/v1/incidents/{id}/act"): {"action": "close", "reason": "Seen, nothing to do", "data": {}},
    ("post", "/api/v1/calls/{id}/act"): {"action": "hold", "reason": "Their office asked us to wait"},
    ("post", "/api/v1/messages/{id}/act"): {"action": "reject", "reason": "Sent to us by mistake"},
    ("post", "/api/v1/batches/preview"): {
        "subject": "incident",
        "action": "close",
        "filter": {"cause": "odd", "opened_before": "2030-01-01T00:00:00+07:00"},
    },
    ("post", "/api/v1/batches"): {
        "frozen": "from the preview",
        "count": 3,
        "reason": "The agency mended its service",
    },
    ("post", "/api/v1/batches/{id}/act"): {"action": "pause", "reason": "Let us look at the first ones"},
    ("post", "/api/v1/incidents/{id}/care"): {
        "owner": None,
        "note": "Asked by telephone",
        "ticket": "HD-2041",
    },
    ("post", "/api/v1/incident-causes/{cause}/mute"): {"hours": 24, "reason": "They mend it tonight"},
    ("post", "/api/v1/incident-causes/{cause}/unmute"): {"reason": "They mended it"},
    ("post", "/api/v1/partners/{name}/pause"): _REASON,
    ("post", "/api/v1/partners/{name}/resume"): _REASON,
    ("post", "/api/v1/partners/{name}/check"): _REASON,
    ("post", "/api/v1/partners/{name}/open"): {
        "reason": "They renew their servers tonight",
        "until": "2027-01-05T06:00:00+07:00",
    },
    ("post", "/api/v1/partners/{name}/close"): _REASON,
    ("post", "/api/v1/partners/{name}/limits"): {
        "window": 2,
        "total_timeout_s": 60,
        "reason": "They are slow this week",
    },
    ("post", "/api/v1/partners/{name}/accept"): {"hash": "5f" * 32, "reason": "The new contract was tested"},
    ("post", "/api/v1/schedules/{name}/run"): _REASON,
    ("patch", "/api/v1/schedules/{name}"): {"trigger": "every 30 s", "reason": "Less often is enough"},
    ("post", "/api/v1/mailbox/{id}/fetch"): {},
    ("post", "/api/v1/mailbox/{id}/acknowledge"): {"attempt": 1, "reply": {"ma": 0}},
    ("post", "/api/v1/keys/self/rotate"): {"overlap_hours": 24},
    ("post", "/api/v1/deployments/{id}/retire"): _REASON,
    ("post", "/api/v1/deployments/{id}/bring-back"): _REASON,
    ("post", "/api/v1/deployments/{id}/activate"): {"reason": "Decision 12/QD-UBND"},
}

PATHS: Mapping[str, Json] = {
    "code": "H99.14-261122-0001",
    "id": 1,
    "cause": "odd",
    "name": "timers",
    "sha256": "0" * 64,
}
