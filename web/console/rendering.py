"""How a page is made: the visitor's language and theme, addresses, moments as people read them, filters that are checked.

Pages hand over values; everything is escaped by Jinja. No page decides here what may be seen.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, Response, current_app, g, render_template, request
from markupsafe import Markup
from pydantic import ValidationError

from engine import errors
from engine.actions.accounts import RIGHTS, ROLES
from engine.clock import VIETNAM, SystemClock
from engine.dossiers.statuses import Status
from engine.queries.sorting import Place
from web import away, cursors, finding_words, problems, scenario_words, telling
from web.api.models import Asked
from web.console import facts, typed
from web.console.access import Visitor
from web.container import Container
from web.words import LANGUAGES, words

ROWS = 50
THEMES = ("auto", "light", "dark")
_KEPT_S = 365 * 86400

# The pages of the menu: the right that it takes, the address, the word.
MENU = (
    ("see", "/", "attention"),
    ("see", "/ho-so", "dossiers"),
    ("see", "/viec", "work_items"),
    ("see", "/su-co", "incidents"),
    ("see", "/cuoc-goi", "calls"),
    ("see", "/thong-diep", "messages"),
    ("see", "/doi-tac", "partners"),
    ("see", "/quy-trinh", "procedures"),
    ("see", "/lich", "schedules"),
    ("see", "/tien-trinh", "workers"),
    ("see", "/sao-luu", "backups"),
    ("accounts", "/tai-khoan", "accounts"),
    ("accounts", "/khoa", "keys_heading"),
    ("audit", "/nhat-ky", "audit"),
)
# Where a thing that holds a dossier has its own page.
LINKS = {"work-item": "/viec", "incident": "/su-co", "call": "/cuoc-goi"}


class View(Asked):
    """The address of a page: language and theme may be in every one."""

    lang: Literal["vi", "en"] | None = None
    theme: Literal["auto", "light", "dark"] | None = None
    told: Literal["done"] | None = None

    @classmethod
    def takes(cls, name: str) -> bool:
        """Whether *name* is a filter of the page."""
        return name in cls.model_fields

    @property
    def bound(self) -> dict[str, object]:
        """What a cursor belongs to: every filter."""
        given: dict[str, object] = self.model_dump(exclude={"lang", "theme", "cursor", "told"})
        return given


Asking = TypeVar("Asking", bound=View)
Row = TypeVar("Row")


def init_app(app: Flask, container: Container) -> None:
    """Keep the language and theme that were chosen by an address; say what a page about an error is framed by."""
    app.jinja_env.globals["sign_on"] = container.sign_on.title if container.sign_on is not None else ""
    app.jinja_env.globals["environment"] = container.environment
    app.after_request(_keep_choices)
    app.extensions["page_frame"] = _around_error


def read(model: type[Asking]) -> Asking:
    """This request's filters. Raises: RequestInvalid: one that is unknown, malformed or there twice."""
    twice = [name for name in request.args if len(request.args.getlist(name)) > 1]
    if twice:
        raise errors.RequestInvalid(reason=f"the filter {twice[0]} is there twice")
    try:
        return model.model_validate({name: value.strip() for name, value in request.args.items()})
    except ValidationError as exc:
        raise problems.from_validation(exc) from exc


def language() -> str:
    """The visitor's: chosen by this address, else before, else Vietnamese."""
    chosen = request.args.get("lang") or request.cookies.get("lt_lang")
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def page(template: str, container: Container, **values: object) -> str:
    """The page *template* for the present visitor."""
    return render_template(f"console/{template}", **frame(container.clock.now()), **values)


def frame(now: datetime) -> dict[str, object]:
    """What every page is given beside its own values."""
    lang = language()
    at = LANGUAGES.index(lang)
    visitor: Visitor | None = g.get("visitor")
    theme = request.args.get("theme") or request.cookies.get("lt_theme")
    t = words(lang)
    may = visitor.may if visitor is not None else lambda _right: False
    return {
        "t": t,
        "lang": lang,
        "theme": theme if theme in THEMES else THEMES[0],
        "visitor": visitor,
        "menu": [(path, t[word]) for need, path, word in MENU if may(need)],
        "links": LINKS,
        "statuses": {int(status): (status.name_vi, status.name_en)[at] for status in Status},
        "local": local,
        "working": working,
        "in_language": in_language,
        "told": lambda error: telling.told(error, lang),
        "sentence_told": lambda said: telling.sentence(said, lang),
        "finding_told": lambda text: finding_words.told(text, lang),
        "scenario_told": lambda text: scenario_words.told(text, lang),
        "facts_told": lambda found, but=(): facts.told(found, t, local, but),
        "reason_told": lambda reason: telling.reason(reason, lang),
        "address": address,
        "here": here(),
        "now": local(now),
        "clock_now": now,
    }


def partner_names(container: Container) -> list[tuple[str, str]]:
    """What partners are called in the page's language, each with its code; by name."""
    called = {card.name: card.called(language()) for card in container.partners.cards()}
    return sorted((f"{word} ({name})", name) for name, word in called.items())


def rows_of(
    container: Container, found: list[Row], bound: Mapping[str, object], *, key: str = "id"
) -> tuple[list[Row], str | None]:
    """The rows of a page that was read one row too long, and the address of the next page."""
    if len(found) <= ROWS:
        return found, None
    cursor = cursors.write(container, int(getattr(found[ROWS - 1], key)), bound)
    return found[:ROWS], cursors.next_link(cursor)


def places_of(
    container: Container, found: list[Row], bound: Mapping[str, object], place: Callable[[Row], Place]
) -> tuple[list[Row], str | None]:
    """`rows_of` a list that is sorted: the next page begins beyond where the last row stands now."""
    if len(found) <= ROWS:
        return found, None
    return found[:ROWS], cursors.next_link(cursors.write_place(container, place(found[ROWS - 1]), bound))


def counted(count: int, exact: bool) -> str:
    """A total: exact up to 10,000, then ``10.000+``."""
    return f"{count:,}".replace(",", ".") + ("" if exact else "+")


def back(path: str, told: str | None = None) -> Response:
    """Send the browser to *path* of ours, which tells the word *told*."""
    where = f"{path}{'&' if '?' in path else '?'}{urlencode({'told': told})}" if told else path
    return Response(status=303, headers={"Location": where})


def returned(instead: str) -> Response:
    """Send the browser back to the view of ours that its form came from, filters and all; *instead* where it names none."""
    return back(own_path(request.form.get("next") or instead), "done")


def attached(content: str, name: str) -> Response:
    """JSON as a file to keep; *name* is of letters, digits, dots and dashes."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, content_type="application/json", headers=headers)


def own_path(given: str) -> str:
    """*given* if it is an address of this site, else the first page."""
    safe = given.startswith("/") and not given.startswith(("//", "/\\")) and given.isprintable()
    return given[:2000] if safe else "/"


def address(**changes: object) -> str:
    """This very view with other filters; None takes one out."""
    path, asked = _view()
    kept = [(name, value) for name, value in asked if name not in changes and name not in _PASSING]
    given = [(name, str(value)) for name, value in changes.items() if value is not None]
    query = urlencode([*kept, *given])
    return f"{path}?{query}" if query else path


def here() -> str:
    """This very view, for a form that leads back to it; of a form that was refused, the view that it came from."""
    if request.method == "POST":
        given = typed.form().get("next", "")
        return own_path(given) if given else ""
    query = urlencode([(name, value) for name, value in request.args.items(multi=True) if name != "told"])
    return f"{request.path}?{query}" if query else request.path


def in_language(lang: str) -> str:
    """This very view in another language: its address with every filter."""
    path, asked = _view()
    return f"{path}?{urlencode([*(one for one in asked if one[0] != 'lang'), ('lang', lang)])}"


def _view() -> tuple[str, list[tuple[str, str]]]:
    """Path and arguments of what is shown; of a form that was refused, those of the view that it came from."""
    if request.method == "POST" and (came_from := here() or _without_form()):
        parts = urlsplit(came_from)
        return parts.path, parse_qsl(parts.query)
    return request.path, list(request.args.items(multi=True))


def _without_form() -> str:
    """The first page, where this address only takes forms; else empty."""
    adapter = current_app.create_url_adapter(request)
    return "" if adapter is not None and "GET" in adapter.allowed_methods() else "/"


def local(moment: datetime | str | None) -> Markup:
    """A moment as people here read it: ``22/11/2026 10:42:07`` in Vietnam's time, with UTC for those who point at it."""
    if not moment:
        return Markup("")
    aware = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    utc = aware.astimezone(UTC)
    shown = aware.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S")
    told = utc.strftime("%Y-%m-%d %H:%M:%S UTC")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(utc.isoformat(), told, shown)


def working(amount: timedelta, day: timedelta) -> str:
    """Working time as people count it: ``2 ngày 3 giờ``, by the length of a working *day*."""
    t = words(language())
    minutes, of_day = abs(amount) // timedelta(minutes=1), max(day // timedelta(minutes=1), 1)
    days, (hours, rest) = minutes // of_day, divmod(minutes % of_day, 60)
    parts = [(days, t.days_short), (hours, t.hours_short), (rest if not days else 0, t.minutes_short)]
    return " ".join(f"{number} {word}" for number, word in parts if number) or f"0 {t.minutes_short}"


def day_begins(day: str) -> datetime | None:
    """The first moment of an ISO or dd/mm/yyyy day here. Raises: RequestInvalid."""
    if not day:
        return None
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(day, form).replace(tzinfo=VIETNAM)
        except ValueError:
            continue
    raise errors.RequestInvalid(reason=f"{day!r} is no day; write 2026-11-22 or 22/11/2026")


def moment(given: str) -> datetime:
    """The moment that a form's field of date and time says, in Vietnam's time. Raises: RequestInvalid."""
    try:
        return datetime.strptime(given.strip(), "%Y-%m-%dT%H:%M").replace(tzinfo=VIETNAM)
    except ValueError:
        raise errors.RequestInvalid(reason=f"{given!r} is no moment; write 2026-11-22T17:30") from None


def day_ends(day: str) -> datetime | None:
    """The first moment after a day; None: none is said, or there is none after it. Raises: RequestInvalid."""
    begins = day_begins(day)
    try:
        return begins + timedelta(days=1) if begins else None
    except OverflowError:
        return None


def reason() -> str:
    """The reason that the form gives. Raises: RequestInvalid: there is none, or it would not be kept whole."""
    given = request.form.get("reason", "").strip()
    if not given:
        raise errors.RequestInvalid(
            reason="the reason is missing", fields=[{"field": "reason", "reason": "is missing"}]
        )
    if len(given) > _MOST_REASON:
        raise errors.RequestInvalid(
            reason=f"the reason is longer than {_MOST_REASON} characters",
            fields=[{"field": "reason", "reason": f"is longer than {_MOST_REASON} characters"}],
        )
    return given


def _around_error() -> dict[str, object]:
    """The frame of an error's page, which asks no database, with what was typed."""
    where = request.full_path.rstrip("?") if request.method == "GET" else request.path
    kept = typed.kept()
    return {
        **frame(SystemClock().now()),
        "roles_for": _roles_for,
        "next": where,
        "kept": kept,
        "kept_fields": typed.fields(kept),
        "is_lost": typed.is_lost(),
        "away_since": away.since(),
    }


def _roles_for(error: errors.LienthongError) -> list[str]:
    """The roles that may do what was not allowed; none where that is no matter of roles."""
    wanted = {name for name, what in RIGHTS.items() if what == error.facts.get("what")}
    return [
        role for role, rights in ROLES.items() if isinstance(error, errors.NotAllowed) and wanted & rights
    ]


_MOST_REASON = 2000
_PASSING = frozenset({"cursor", "lang", "theme", "told"})


def _keep_choices(response: Response) -> Response:
    for name, allowed in (("lang", LANGUAGES), ("theme", THEMES)):
        chosen = request.args.get(name)
        if chosen in allowed and response.status_code < 400:
            response.set_cookie(
                f"lt_{name}", str(chosen), max_age=_KEPT_S, samesite="Lax", secure=request.is_secure
            )
    return response
