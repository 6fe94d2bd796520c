"""The drawing of a dossier's way: the BPMN file that its process stands in, as it was deployed, and its labels."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, text

from engine import errors, xml

_BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"

_PROCESS = text(
    "SELECT d.deployment_id, coalesce(i.process, p.process) FROM dossier d JOIN deployment p ON p.id = d.deployment_id"
    " LEFT JOIN instance i ON i.dossier_id = d.id WHERE d.id = :id"
)

_FILES = text("SELECT original FROM model WHERE deployment_id = :deployment AND kind = 'bpmn' ORDER BY name")

_FILES_OF = text(
    "SELECT deployment_id, original FROM model WHERE deployment_id = ANY(CAST(:ids AS bigint[])) AND kind = 'bpmn'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """A BPMN file that opens in a viewer, and the label of each of its elements by id."""

    process: str
    content: bytes
    labels: dict[str, str]


def find_diagram(connection: Connection, dossier: int) -> Diagram | None:
    """The drawing for a dossier that exists; None when no file of its deployment has the process."""
    deployment, process = connection.execute(_PROCESS, {"id": dossier}).one()
    for content in originals(connection, deployment):
        labels = _labels(content)
        if process in labels:
            return Diagram(process=process, content=content, labels=labels)
    return None


def originals(connection: Connection, deployment: int) -> list[bytes]:
    """The BPMN files of a deployment as they were handed over, by their names."""
    return [bytes(content) for content in connection.scalars(_FILES, {"deployment": deployment})]


def labels_of(connection: Connection, deployments: Collection[int]) -> dict[int, dict[str, str]]:
    """Deployment → element → label, for several deployments in one statement."""
    found: dict[int, dict[str, str]] = {}
    for deployment, content in connection.execute(_FILES_OF, {"ids": sorted(deployments)}):
        found.setdefault(deployment, {}).update(_labels(bytes(content)))
    return found


@lru_cache(maxsize=64)
def _labels(content: bytes) -> dict[str, str]:
    """The label of every BPMN element; its id where it has none. Deployed files never change."""
    try:
        root = xml.parse(content)
    except errors.XmlRefused:
        return {}
    return {
        str(element.get("id")): str(element.get("name") or element.get("id"))
        for element in root.iter(f"{{{_BPMN}}}*")
        if element.get("id")
    }
