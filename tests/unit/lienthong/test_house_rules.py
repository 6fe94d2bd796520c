"""Rules of the house that no linter knows."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
PACKAGES = ("adapters", "bpmn", "engine", "lienthong", "schedules", "web")
MIGRATIONS = CHECKOUT / "engine" / "storage" / "migrations" / "versions"
LONGEST_FILE = 400


@pytest.mark.parametrize("name", PACKAGES)
def test_our_packages_are_ours_and_say_what_belongs_in_them(name: str) -> None:
    package = importlib.import_module(name)
    assert Path(str(package.__file__)).is_relative_to(CHECKOUT)
    assert (package.__doc__ or "").count(".") >= 2


def test_no_file_is_longer_than_a_person_reads() -> None:
    lengths = {
        str(file.relative_to(CHECKOUT)): file.read_text(encoding="utf-8").count("\n")
        for name in PACKAGES
        for file in (CHECKOUT / name).rglob("*.py")
        if "migrations/versions" not in str(file)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_tests_are_no_packages_which_would_hide_ours() -> None:
    assert not list((CHECKOUT / "tests").rglob("__init__.py"))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_by_hash_and_name_no_index(name: str) -> None:
    lines = (CHECKOUT / name).read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert pins
    assert all("==" in line and line.endswith("\\") for line in pins)
    assert not [line for line in lines if "://" in line or "--index" in line]


def test_the_scripts_of_the_gate_can_be_run() -> None:
    for name in (".ci/run", ".ci/environment"):
        assert (CHECKOUT / name).stat().st_mode & 0o111
        subprocess.run(["bash", "-n", str(CHECKOUT / name)], check=True)


def test_migrations_are_one_line_numbered_as_their_files_are() -> None:
    texts = [file.read_text(encoding="utf-8") for file in sorted(MIGRATIONS.glob("[0-9]*.py"))]
    numbers = [file.name[:4] for file in sorted(MIGRATIONS.glob("[0-9]*.py"))]
    assert numbers == [f"{number:04d}" for number in range(1, len(texts) + 1)]
    assert [re.findall(r'^revision = "(\w+)"', text, re.M) for text in texts] == [[one] for one in numbers]
    before = [re.findall(r'^down_revision = "(\w+)"', text, re.M) for text in texts]
    assert before == [[], *([one] for one in numbers[:-1])]


def test_the_web_begins_without_the_interpreter_which_few_pages_need() -> None:
    code = "import sys, web.app; sys.exit(any(name.startswith('SpiffWorkflow') for name in sys.modules))"
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True)
