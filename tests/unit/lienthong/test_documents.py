"""The documents are true: the reference is what the code says, commands exist, links lead somewhere."""

import re
import textwrap
from pathlib import Path

import pytest

from adapters import contract
from lienthong.cli import lienthong
from tests.support import reference

ROOT = reference.FOLDER.parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "README.vi.md", *sorted((ROOT / "docs").rglob("*.md"))]
GUIDES = [ROOT / "docs" / "tutorial.md", *sorted((ROOT / "docs" / "howto").glob("*.md"))]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_COMMAND = re.compile(r"lienthong ((?:[a-z]+ ?){1,2})")


@pytest.mark.parametrize("name", list(reference.PAGES))
def test_the_reference_is_what_the_code_says(name: str) -> None:
    page = reference.FOLDER / name
    assert page.read_text(encoding="utf-8") == reference.PAGES[name](), "python -m tests.support.reference"


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    targets = [link.split("#")[0] for link in _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8")))]
    local = [target for target in targets if target and "://" not in target and not target.startswith("/")]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_every_command_of_a_guide_exists(page: Path) -> None:
    known = {name for name, _ in reference._commands("lienthong", lienthong)}
    blocks = re.findall(r"```(?:sh|console)[^\n]*\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    said = [words.split() for block in blocks for words in _COMMAND.findall(block)]
    missing = [words for words in said if f"lienthong {words[0]}" not in known]
    groups = {name.rsplit(" ", 1)[0] for name in known if name.count(" ") == 2}
    missing += [
        words
        for words in said
        if len(words) == 2
        and f"lienthong {words[0]}" in groups
        and f"lienthong {' '.join(words)}" not in known
    ]
    assert missing == []


def test_the_contract_of_the_guide_can_be_read(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "howto" / "add-a-rest-partner.md").read_text(encoding="utf-8")
    [text] = re.findall(r"```yaml file:partners/land/contract.yaml\n(.*?)```", page, re.DOTALL)
    folder = tmp_path / "land"
    folder.mkdir()
    (folder / "contract.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
    assert list(contract.read(folder).operations) == ["LookUp"]
