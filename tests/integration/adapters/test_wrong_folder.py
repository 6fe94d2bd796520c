"""A partner's folder that is wrong and appears while the system runs harms only those who ask for it."""

import shutil
from pathlib import Path

import pytest

from adapters.registry import load

ARCHIVE = Path(__file__).parents[2] / "data" / "partners" / "archive"

WRONG = {
    "an address that is none": ("title:", 'endpoint: { url: "ftp://nowhere/" }\ntitle:'),
    "a certificate that is not there": (
        "title:",
        'endpoint: { url: "https://nowhere.example/", ca_file: missing.pem }\ntitle:',
    ),
    "no YAML": ("title:", "title: [unclosed\n\x00"),
    "FEEL that is none": ("reply.ma = 0", "reply.ma = = 0"),
    "another name": ("partner: aaa", "partner: bbb"),
}


def place(root: Path, name: str) -> Path:
    folder = shutil.copytree(ARCHIVE, root / name)
    contract = folder / "contract.yaml"
    contract.write_text(contract.read_text().replace("partner: archive", f"partner: {name}"))
    return contract


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_folder_hides_no_other_one(tmp_path: Path, kind: str) -> None:
    partners = load([tmp_path], built_in=None)
    contract = place(tmp_path, "aaa")
    old, new = WRONG[kind]
    assert old in contract.read_text()
    contract.write_text(contract.read_text().replace(old, new))
    place(tmp_path, "zzz")
    assert list(partners.names()) == ["zzz"]
    assert partners.window("zzz") > 0
    assert partners.feeds() == []


def test_folder_that_nobody_may_read_hides_no_other_one(tmp_path: Path) -> None:
    partners = load([tmp_path], built_in=None)
    (tmp_path / "aaa").mkdir()
    (tmp_path / "aaa" / "contract.yaml").symlink_to("/proc/self/mem")
    place(tmp_path, "zzz")
    assert list(partners.names()) == ["zzz"]
