"""The migrations are one chain, in the order of their numbers."""

import re
from pathlib import Path

from engine.storage import migrations

VERSIONS = Path(migrations.__file__).parent / "versions"


def test_every_migration_follows_the_one_before() -> None:
    chain = []
    for file in sorted(VERSIONS.glob("*.py")):
        found = dict(re.findall(r'(?m)^(revision|down_revision) = (?:"(\d+)"|None)', file.read_text()))
        assert file.name.startswith(found["revision"] + "_")
        chain.append((found["revision"], found.get("down_revision") or None))
    numbers = [number for number, _ in chain]
    assert chain == list(zip(numbers, [None, *numbers], strict=False))
    assert migrations.newest() == numbers[-1]
