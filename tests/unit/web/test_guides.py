"""The documents as pages: whole, linked among each other, with words for each how-to, and part of what is installed."""

import configparser
import re
from pathlib import Path

import pytest

from web import guides, telling
from web.console.incidents import GUIDES
from web.words import words

ROOT = Path(__file__).parents[3]
TEMPLATES = "".join(page.read_text() for page in (ROOT / "web/templates/console").glob("*.html"))
LINKED = {*re.findall(r'parts\.guide\(t, "([\w-]+)"\)', TEMPLATES), *GUIDES.values()}


@pytest.mark.parametrize("name", guides.names())
def test_every_document_is_a_page_whose_links_lead_somewhere(name: str) -> None:
    guide = guides.find(name)
    assert guide is not None
    assert len(guide.body) > 100 or name == "decisions/README"
    assert guide.title != name
    assert "<a>" not in guide.body, "a link to something that is no document"
    for target in re.findall(r'href="/tro-giup/([^"#]+)', guide.body):
        assert guides.find(target) is not None, target
    for code in re.findall(r'href="/errors/([^"]+)', guide.body):
        assert code in telling.known()


@pytest.mark.parametrize("name", guides.howtos())
def test_every_howto_is_told_in_both_languages_with_the_same_commands(name: str) -> None:
    assert guides.told_in(f"howto/{name}", "vi") == f"howto/vi/{name}", f"write docs/howto/vi/{name}.md"
    english, vietnamese = ((ROOT / "docs/howto" / place / f"{name}.md").read_text() for place in ("", "vi"))
    assert typed(english) == typed(vietnamese)
    settings = [set(re.findall(r"LIENTHONG_\w+", one)) for one in (english, vietnamese)]
    assert settings[0] == settings[1]
    assert guides.find(f"howto/vi/{name}").language == "vi"  # type: ignore[union-attr]


def typed(page: str) -> list[str]:
    """What a reader types: blocks in a language, without what is remarked in them."""
    blocks = re.findall(r"```\w.*?```", page, re.DOTALL)
    return [re.sub(r"(?m) +# .*$", "", block) for block in blocks]


def test_a_document_that_is_only_in_english_is_given_in_english() -> None:
    assert guides.told_in("api", "vi") == "api"
    assert guides.told_in("howto/deploy", "en") == "howto/deploy"


def test_every_howto_has_its_words_and_a_place_that_leads_to_it() -> None:
    for lang in ("vi", "en"):
        assert {f"guide_{name.replace('-', '_')}" for name in guides.howtos()} <= set(words(lang))
    assert set(guides.howtos()) == LINKED


@pytest.mark.parametrize(
    "name", ["", "../README", "howto", "errors/not-found", "howto/deploy.md", "/etc/passwd", "nothing"]
)
def test_what_is_no_document_is_not_found(name: str) -> None:
    assert guides.find(name) is None


def test_html_in_a_document_is_only_text() -> None:
    bad = "x <script>alert(1)</script> [a](javascript:alert(2)) `<b>`\n\n<img src=x onerror=y>\n\n```sh\n<i>\n```\n"
    shown = guides._READER.render(bad)
    assert not re.search(r"<(script|img|i|b)\b", shown)
    assert "href" not in shown


def test_addresses_of_the_console_can_be_followed() -> None:
    shown = guides._READER.render("`/su-co?partner=x` `/etc` `lienthong` [`/lich`](README.md)")
    assert re.findall(r'href="([^"]+)"', shown) == ["/su-co?partner=x", "README.md"]


def test_they_are_part_of_what_is_installed() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    patterns = setup["options.package_data"]["web"].split(", ")
    packed = {file for pattern in patterns for file in (ROOT / "web").glob(pattern)}
    assert packed >= {ROOT / "web" / "docs" / f"{name}.md" for name in guides.names()}
