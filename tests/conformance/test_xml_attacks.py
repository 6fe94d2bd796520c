"""The XML attacks that defusedxml collects are refused; its harmless documents are read."""

import os
from pathlib import Path

import pytest

from engine import xml
from engine.errors import XmlRefused

SUITES = os.environ.get("SUITES_DIR", "")
DATA = Path(SUITES) / "defusedxml" / "xmltestdata"
HARMLESS = {"simple.xml", "simple-ns.xml", "schema-include.xsd", "xalan_exec.xsl", "xalan_write.xsl"}

pytestmark = pytest.mark.skipif(
    not (SUITES and DATA.is_dir()), reason="SUITES_DIR with defusedxml is not set"
)


def files() -> list[str]:
    return sorted(path.name for path in DATA.iterdir()) if SUITES and DATA.is_dir() else ["(no suite)"]


@pytest.mark.parametrize("name", files())
def test_attacks_are_refused_and_harmless_documents_read(name: str) -> None:
    data = (DATA / name).read_bytes()
    if name in HARMLESS:
        assert xml.parse(data).tag
    else:
        with pytest.raises(XmlRefused):
            xml.parse(data)
