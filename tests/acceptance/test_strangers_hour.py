"""A stranger's hour: the tutorial in a fresh clone, from its first block to the token that moves in the console.

Nothing of this checkout's environment is used, and nobody's home; pip may use its cache and the index that this machine is set
up with.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.support import browser, tutorial
from tests.support.waiting import until
from tests.support.whole_system import CONSOLE, ROOT

_KEPT = (
    "PIP_",
    "LC_",
    "SSL_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "LANG",
)
_NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|Network is unreachable|ConnectTimeout|ProxyError"
)
_INSTALL_S, _START_S, _READ_S = 170, 60, 120


@pytest.fixture
def place() -> Iterator[Path]:
    with tutorial.place(4 * 1024**3, "home", "blocks") as path:
        yield path


@pytest.fixture
def environment(place: Path) -> dict[str, str]:
    """A home with nothing in it, and no command of this checkout."""
    own = str(Path(sys.prefix) / "bin")
    path = os.pathsep.join(one for one in os.environ["PATH"].split(os.pathsep) if one != own)
    kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
    cache = subprocess.run(
        [sys.executable, "-m", "pip", "cache", "dir"], capture_output=True, text=True, check=False
    ).stdout.strip()
    index = Path.home() / ".config" / "pip" / "pip.conf"
    kept |= {"PIP_CACHE_DIR": cache} if cache else {}
    kept |= {"PIP_CONFIG_FILE": str(index)} if index.is_file() and "PIP_CONFIG_FILE" not in kept else {}
    return {**kept, "PATH": path, "HOME": str(place / "home")}


@pytest.fixture
def clone(place: Path, environment: dict[str, str]) -> Path:
    """What is committed here, cloned, with the page's first block done in it."""
    got = subprocess.run(
        ["git", "clone", "-q", str(ROOT), str(place / "clone")], capture_output=True, text=True, check=False
    ) if shutil.which("git") else None  # fmt: skip
    if got is None or got.returncode:
        pytest.skip(
            f"this is no checkout that git can clone: {got.stderr.strip() if got else 'there is no git'}"
        )
    found = place / "clone"
    done = typed(tutorial.preparation(found), found, environment, _INSTALL_S)
    if done.returncode and _NO_NETWORK.search(done.stdout + done.stderr):
        pytest.skip("the first block installs packages, and no package index can be reached from here")
    assert done.returncode == 0, done.stdout + done.stderr
    return found


@pytest.fixture
def address(place: Path, clone: Path, environment: dict[str, str]) -> Iterator[str]:
    """The first terminal, until Ctrl-C: the address that it prints."""
    log = place / "first-terminal.log"
    words = f"{tutorial.preparation(clone)}\nexec {tutorial.start(clone)}"
    with log.open("w") as out:
        process = subprocess.Popen(["bash", "-c", words], cwd=clone, env=environment, stdout=out, stderr=out)
    try:
        assert until(lambda: CONSOLE in log.read_text(), timeout_s=_START_S), log.read_text()
        yield log.read_text().split(CONSOLE, 1)[1].split()[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def typed(
    words: str, where: Path, environment: dict[str, str], patience_s: float
) -> subprocess.CompletedProcess[str]:
    """What a terminal in *where* answers."""
    return subprocess.run(
        ["bash", "-c", words], cwd=where, env=environment, capture_output=True, text=True, timeout=patience_s, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_tutorial_in_a_fresh_clone_ends_with_the_token_seen_in_the_console(
    place: Path, clone: Path, environment: dict[str, str], address: str
) -> None:
    second = tutorial.preparation(clone) + tutorial.script(place / "blocks", address, clone)
    done = typed(second, clone, environment, _READ_S)
    assert done.returncode == 0, done.stdout + done.stderr
    left = {one.name for one in (place / "home").iterdir()} - {
        ".rustup"
    }  # of a compiler that pip asks for its version
    assert left == set(), "nothing is written into somebody's home"
    [found] = re.findall(rf"^{address}/ho-so/\S+$", done.stdout, re.MULTILINE)
    [password] = re.findall(r"\S+", done.stdout.splitlines()[-1])[-1:]
    with browser.opened() as chromium:
        follow(chromium, address, found, password)
    code = found.split("/ho-so/")[1].split("?")[0]
    story = typed(f"{tutorial.preparation(clone)}\nlienthong dossier {code}", clone, environment, 30).stdout
    assert re.search(r"decided +by lan$", story, re.MULTILINE)
    assert re.search(r"entered +End_Confirmed +status 9", story)


def follow(chromium: Browser, address: str, found: str, password: str) -> None:
    """The page's last section: see the token, decide as an officer, see that it has moved."""
    page = chromium.new_context(base_url=address, locale="vi-VN").new_page()
    assert marked(page, found, "token-waiting") == ["Task_Check"]
    page.goto("/vao")
    page.get_by_label("Tên tài khoản").fill("lan")
    page.get_by_label("Mật khẩu").fill(password)
    page.locator("main button").click()
    page.wait_for_url("**/")
    page.goto("/viec")
    page.get_by_role("row", name="Kiểm tra nơi cư trú").get_by_role("link").first.click()
    page.get_by_role("button", name="Nhận việc").click()
    page.get_by_label("Xác nhận", exact=True).check()
    page.get_by_role("button", name="Hoàn thành").click()
    page.wait_for_load_state()
    assert until(lambda: "End_Confirmed" in marked(page, found, "token-passed"), timeout_s=20)
    assert marked(page, found, "token-waiting") == []


def marked(page: Page, where: str, mark: str) -> list[str]:
    page.goto(where)
    page.wait_for_selector('#diagram[data-ready="true"]')
    return page.eval_on_selector_all(f"#diagram .{mark}", "found => found.map(one => one.dataset.elementId)")
