"""The shipped models in the parts that Camunda Modeler is made of: opened, judged and saved without a word or a change.

`make test` fetches the parts; Modeler itself is a desktop program around them.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import bpmn
from engine.models.deployment import Deployment, from_files

SHIPPED = sorted(Path(bpmn.__file__).parent.glob("*/*.bpmn"))
PARTS = Path(bpmn.__file__).parent.parent / ".tools" / "modeler"
MODELER = PARTS / "package" / "dist" / "camunda-cloud-modeler.production.min.js"

pytestmark = pytest.mark.skipif(
    not (PARTS / ".installed").exists(), reason="Camunda Modeler's parts are not here: .ci/modeler"
)

OPEN = """async (xml) => {
  const container = document.createElement("div");
  container.style.height = "600px";
  document.body.append(container);
  const modeler = new window.BpmnModeler({ container });
  const { warnings } = await modeler.importXML(xml);
  const { xml: saved } = await modeler.saveXML({ format: true });
  return { warnings: warnings.map(String), saved };
}"""


def judged(*files: Path) -> dict[str, dict[str, list[dict[str, str]]]]:
    """What the problems panel says, by file."""
    node = shutil.which("node")
    assert node is not None
    command = [node, str(PARTS / "lint.bundle.mjs"), *map(str, files)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    found: dict[str, dict[str, list[dict[str, str]]]] = json.loads(told)
    return found


def deployed(folder: Path, **changed: bytes) -> Deployment:
    files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    return from_files(files | changed)


@pytest.fixture
def page(chromium: Browser) -> Page:
    page = chromium.new_page()
    page.add_script_tag(path=MODELER)
    return page


@pytest.mark.parametrize("model", SHIPPED, ids=lambda path: path.stem)
def test_the_modeler_has_nothing_to_complain_of(model: Path) -> None:
    assert judged(model) == {str(model): {"warnings": [], "reports": []}}


@pytest.mark.control
def test_the_modeler_would_complain(tmp_path: Path) -> None:
    broken = tmp_path / "broken.bpmn"
    text = SHIPPED[0].read_text(encoding="utf-8")
    start = text.index("<zeebe:taskDefinition ")
    broken.write_text(text[:start] + text[text.index("/>", start) + 2 :], encoding="utf-8")
    assert judged(broken)[str(broken)]["reports"]


@pytest.mark.parametrize("model", SHIPPED, ids=lambda path: path.stem)
def test_opening_and_saving_changes_no_behaviour(page: Page, model: Path) -> None:
    complaints: list[str] = []
    page.on(
        "console", lambda told: complaints.append(told.text) if told.type in ("error", "warning") else None
    )
    told = page.evaluate(OPEN, model.read_text(encoding="utf-8"))
    assert told["warnings"] == complaints == []
    before = deployed(model.parent)
    after = deployed(model.parent, **{model.name: told["saved"].encode()})
    assert after.canonical == before.canonical
    assert in_lanes(told["saved"]) == in_lanes(model.read_text(encoding="utf-8"))


def in_lanes(xml: str) -> list[str]:
    """The flow nodes of all lanes, which mean nothing to the engine but much to people."""
    return sorted(part.split("<")[0] for part in xml.split("flowNodeRef>")[1::2])
