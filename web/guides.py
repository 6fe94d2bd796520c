"""The documents of the project as pages, so that they can be read where nothing of the internet is.

They are read from `web/docs`, which leads to the project's own folder and is part of what is installed. HTML in them is
text; links lead to other documents, to the pages of errors, and to elsewhere as written; addresses of the console are links.
"""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

ADDRESS = "/tro-giup"
HOWTO = "howto/"
_VIETNAMESE = "howto/vi/"
_FOLDER = Path(__file__).parent / "docs"
_PLACE = re.compile(
    r"/(ho-so|viec|su-co|lo|cuoc-goi|thong-diep|doi-tac|quy-trinh|lich|tien-trinh|sao-luu|khoa|toi|nhat-ky)(\?[\w=&-]*)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """A document: its name is its path without the suffix, *title* its heading, *body* the rest as HTML."""

    name: str
    title: str
    body: Markup

    @property
    def language(self) -> str:
        """The language that it is written in."""
        return "vi" if self.name.startswith(_VIETNAMESE) else "en"


@cache
def names() -> tuple[str, ...]:
    """Every document that is here, in the order of names; pages of errors have addresses of their own."""
    found = (file.relative_to(_FOLDER).with_suffix("").as_posix() for file in _FOLDER.glob("**/*.md"))
    return tuple(sorted(name for name in found if not name.startswith("errors/")))


@cache
def howtos() -> tuple[str, ...]:
    """The names of those that tell how something is done, without their folder."""
    found = (name.removeprefix(HOWTO) for name in names() if name.startswith(HOWTO))
    return tuple(name for name in found if "/" not in name)


def told_in(name: str, language: str) -> str:
    """The name of the document *name* in *language*, where there is one; else the name itself."""
    other = name.replace(HOWTO, _VIETNAMESE, 1) if name.startswith(HOWTO) else name
    return other if language == "vi" and other in names() else name


def find(name: str) -> Guide | None:
    """The document *name*; None where there is none."""
    return _read(name) if name in names() else None


@cache
def _read(name: str) -> Guide:
    tokens = _READER.parse((_FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    title = tokens[1].content if tokens and tokens[0].tag == "h1" else name
    for token in tokens[3:]:
        _mend(token, name, title)
    body = _READER.renderer.render(tokens[3:], _READER.options, {})
    return Guide(name=name, title=title.replace("`", ""), body=Markup(body))  # noqa: S704  # made by us, HTML is off


def _mend(token: Token, name: str, title: str) -> None:
    """Let links lead to pages, and let keyboards reach what is scrolled."""
    for child in token.children or ():
        _mend(child, name, title)
    if token.type == "link_open":
        href = _page(str(token.attrs.get("href", "")), posixpath.dirname(name))
        token.attrs = {"href": href, "rel": "noreferrer"} if href else {}
    elif token.type == "th_open":
        token.attrSet("scope", "col")
    elif token.type == "table_open":
        token.attrSet("class", "table")
        token.meta["label"] = title


def _page(href: str, folder: str) -> str:
    """Where a link of a document in *folder* leads on the console; empty: to nothing that is here."""
    if re.match(r"[a-z]+:|/|#", href):
        return href
    path, _, anchor = href.partition("#")
    target = posixpath.normpath(posixpath.join(folder, path)).removesuffix(".md")
    target = f"{target}/README" if f"{target}/README" in names() else target
    if target == "errors" or target.startswith("errors/"):
        return f"{ADDRESS}#errors" if target == "errors" else f"/{target}"
    return f"{ADDRESS}/{target}{'#' + anchor if anchor else ''}" if target in names() else ""


def _table(tokens: Sequence[Token], at: int, *_rest: object) -> str:
    label = escape(str(tokens[at].meta["label"]), quote=True)
    return f'<div class="wide" tabindex="0" role="region" aria-label="{label}"><table class="table">\n'


def _table_end(*_given: object) -> str:
    return "</table></div>\n"


def _fence(tokens: Sequence[Token], at: int, *_rest: object) -> str:
    return f'<pre tabindex="0"><code>{escape(tokens[at].content)}</code></pre>\n'


def _code(tokens: Sequence[Token], at: int, *_rest: object) -> str:
    """Code in a line; an address of the console can be followed, where it stands in no other link."""
    said = tokens[at].content
    shown = f"<code>{escape(said)}</code>"
    in_link = sum(one.nesting for one in tokens[:at] if one.tag == "a")
    return (
        f'<a href="{escape(said, quote=True)}">{shown}</a>'
        if _PLACE.fullmatch(said) and not in_link
        else shown
    )


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    rules = reader.renderer.rules  # type: ignore[attr-defined]  # of the HTML renderer
    rules.update(
        table_open=_table, table_close=_table_end, fence=_fence, code_block=_fence, code_inline=_code
    )
    return reader


_READER = _reader()
