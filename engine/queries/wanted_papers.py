"""Which papers a waiting dossier wants of its applicant: what the `papers` property of the element says where it waits.

The property is FEEL over the dossier's data. Only the names of papers that the procedure knows come out, no personal data.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, text

from engine import errors, feel, xml
from engine.models.procedure import Text
from engine.queries import diagrams, phases, procedures

_WAITING = text(
    """
    SELECT w.element, d.deployment_id FROM dossier d
    JOIN (SELECT dossier_id, element FROM wait
        UNION SELECT dossier_id, element FROM work_item WHERE status = 'open') w ON w.dossier_id = d.id
    WHERE d.code = :code ORDER BY 1
    """
)
_DATA = text("SELECT data FROM dossier WHERE code = :code")


def wanted(connection: Connection, code: str, *, now: datetime) -> list[Text]:
    """The names of the papers, in the procedure's order; none where nothing is wanted or what is wanted cannot be told."""
    waiting = connection.execute(_WAITING, {"code": code}).all()
    if not waiting:
        return []
    deployment = int(waiting[0][1])
    texts = _texts(connection, deployment)
    asked = [texts[element] for element, _ in waiting if element in texts]
    if not asked:
        return []
    data = feel.from_json(connection.scalar(_DATA, {"code": code}))
    codes = {code for one in asked for code in _codes(one, {"dossier": {"data": data}}, now)}
    rules = procedures.get_rules_of(connection, deployment)
    return [one.name for one in rules.documents if one.code in codes]


def _codes(expression: str, context: dict[str, object], now: datetime) -> Iterator[str]:
    try:
        found = feel.to_json(feel.compile(expression[1:])(context, clock=lambda: now))
    except (errors.FeelError, errors.FeelSyntaxError):
        return
    for one in found if isinstance(found, list) else [found]:
        if isinstance(one, str):
            yield one


def _texts(connection: Connection, deployment: int) -> dict[str, str]:
    """Element → expression, for every element of a deployment that may want papers."""
    contents = diagrams.originals(connection, deployment)
    return {element: said for content in contents for element, said in _of_file(content).items()}


@lru_cache(maxsize=64)
def _of_file(content: bytes) -> dict[str, str]:
    """Deployed files never change, so each is read once a process."""
    try:
        return dict(phases.properties(xml.parse(content), "papers"))
    except errors.XmlRefused:
        return {}
