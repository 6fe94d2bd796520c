"""Reading a partner's folder: what is refused, with the file and the path in it."""

from pathlib import Path

import pytest
import yaml

from adapters import contract
from adapters.registry import BUILT_IN
from engine.errors import ContractInvalid

SMALL = """
partner: desk
title: { vi: Bàn, en: Desk }
label: sample
basis: made up for a test
operations:
  put:
    title: { vi: Gửi, en: Put }
    path: /put
    request: { code: =dossier.code }
    repeat: idempotent
"""


def read(tmp_path: Path, text: str, name: str = "desk") -> contract.Contract:
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    (folder / "contract.yaml").write_text(text, encoding="utf-8")
    return contract.read(folder)


def test_a_small_contract_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, SMALL)
    terms = found.operations["put"].terms
    assert (terms.partner, terms.operation, terms.label, terms.ask) == ("desk", "put", "sample", False)


def test_the_hash_changes_with_the_files_and_only_with_them(tmp_path: Path) -> None:
    first = read(tmp_path, SMALL).hash
    assert read(tmp_path, SMALL).hash == first
    assert read(tmp_path, SMALL + "\n").hash != first


@pytest.mark.parametrize(
    ("before", "after", "where", "reason"),
    [
        ("label: sample", "label: true-ish", "label", "real"),
        ("partner: desk", "partner: other", "partner", "folder's name"),
        ("repeat: idempotent", "repeat: maybe", "operations.put.repeat", "idempotent"),
        ("repeat: idempotent", "repeat: queryable", "operations.put", "needs ask"),
        ("repeat: idempotent", "repeat: idempotent\n    retries: 5", "operations.put.retries", "Extra"),
        ("path: /put", "path: put", "operations.put.path", "pattern"),
        ("path: /put", "path: /put\n    protocol: soap", "operations.put", "soap"),
        ("=dossier.code", "=dosier.code", "operations.put.request.code", "dosier is no name"),
        ("=dossier.code", '"=dossier."', "operations.put.request.code", "FEEL"),
        ("path: /put", "path: /put\n    path: /twice", "the file", "there twice"),
        (
            "path: /put",
            "path: /put\n    reply_schema: { format: x }",
            "operations.put.reply_schema",
            "format",
        ),
        (
            "repeat: idempotent",
            "repeat: queryable\n    ask: { operation: look, inputs: {}, found: 'true' }",
            "operations.put.ask.operation",
            "no look",
        ),
        (
            "repeat: idempotent",
            "repeat: idempotent\n    classify: [{ outcome: fault, fault: NO }]",
            "operations.put",
            "NO is used",
        ),
        (
            "repeat: idempotent",
            "repeat: idempotent\nexchanges: { e: { start: [{ to: x }], steps: {} } }",
            "exchanges.e",
            "no step x",
        ),
        (
            "path: /put",
            "path: /put\n    protocol: soap\n    soap: { wsdl: ../../secret.wsdl }",
            "operations.put.soap.wsdl",
            "no file",
        ),
    ],
)
def test_a_wrong_contract_is_refused_with_its_place(
    tmp_path: Path, before: str, after: str, where: str, reason: str
) -> None:
    assert before in SMALL
    with pytest.raises(ContractInvalid) as refusal:
        read(tmp_path, SMALL.replace(before, after, 1))
    assert refusal.value.facts["where"] == where
    assert reason in str(refusal.value.facts["reason"])
    assert str(refusal.value.facts["file"]).endswith("desk/contract.yaml")


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in BUILT_IN.glob("*/contract.yaml")), ids=lambda p: p.name
)
def test_every_shipped_partner_has_a_contract_a_label_and_a_readme(folder: Path) -> None:
    found = contract.read(folder)
    assert found.form.label in ("real", "single-source", "sample")
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert f"`{found.form.label}`" in readme
    assert set(found.simulated) == set(found.operations), "the simulator plays every operation"


def test_shipped_contracts_hold_no_secret() -> None:
    for file in BUILT_IN.glob("*/contract.yaml"):
        content = yaml.safe_load(file.read_bytes())
        assert "secret" not in content.get("transport", {})
        assert "password" not in file.read_text(encoding="utf-8").lower()
