"""Small procedures for tests, as the files of a deployment, and what they need in a database."""

import itertools
from collections.abc import Mapping
from datetime import UTC, date, datetime

from sqlalchemy import text

from engine.actions.deploy import deploy
from engine.actions.receive import Desk
from engine.dossiers.submission import Submission, validate
from engine.exchange.ports import Json
from engine.models.deployment import Deployment, from_files
from engine.storage import calendars
from engine.storage.database import Store

UNIT = "H99.14"
DESK = Desk(receiving=UNIT, competent=UNIT, returning=UNIT)
NOON = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)  # a Tuesday, 09:00 in Hà Nội

PROCEDURE = """\
code: "1.000001"
name: {{vi: Thủ tục thử, en: A test procedure}}
process: {process}
field: {{code: G00-XX00, name: {{vi: Thử, en: Test}}}}
deadline: {{counter: {{days: 3}}, online: {{days: 2}}}}
reports: [{reports}]
documents: []
data:
  fields:
    - {{name: note, type: string, required: false, label: {{vi: Ghi chú, en: Note}}}}
"""

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="D" targetNamespace="urn:test">'
)


def bpmn(body: str, *, messages: str = "", process: str = "walk") -> bytes:
    """A model with one executable process."""
    return (
        f'{_HEAD}{messages}<bpmn:process id="{process}" isExecutable="true">{body}</bpmn:process></bpmn:definitions>'
    ).encode()


def flow(source: str, target: str, condition: str = "") -> str:
    inner = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    return f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>'


def chain(*names: str) -> str:
    return "".join(flow(one, other) for one, other in itertools.pairwise(names))


def procedure(model: bytes, *, reports: str = "", process: str = "walk") -> Deployment:
    """A deployment of one model."""
    return from_files(
        {
            "procedure.yaml": PROCEDURE.format(process=process, reports=reports).encode(),
            "walk.bpmn": model,
        }
    )


def settle_in(store: Store, deployment: Deployment) -> int:
    """Have the unit, its calendar and *deployment* in the database; the deployment's id."""
    with store.transaction() as connection:
        calendars.seed(connection, calendars.DEFAULT, [])
        connection.execute(
            text(
                "INSERT INTO unit (code, name, calendar_code, valid_from) VALUES (:code, 'Trung tâm', 'default', :day)"
                " ON CONFLICT DO NOTHING"
            ),
            {"code": UNIT, "day": date(2020, 1, 1)},
        )
    return deploy(store, deployment, by="test")


def submission(deployment: Deployment, data: Mapping[str, Json] | None = None) -> Submission:
    """An invented applicant's submission at the counter."""
    raw: dict[str, Json] = {
        "channel": "counter",
        "applicant": {"name": "Nguyễn Văn Thử", "identity": "001099000001"},
        "data": dict(data or {}),
        "documents": [],
    }
    assert deployment.procedure is not None
    return validate(raw, deployment.procedure)
