"""What was typed into a form that could not be taken: kept, to be sent again by hand. Secrets never are.

It travels in the page itself, so that nothing of it is stored and no database is needed.
"""

import json
from urllib.parse import quote_plus

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

SECRETS = frozenset({"csrf", "password", "wanted", "again", "secret"})
_NOT_FROM = ("/vao", "/toi")  # signing in, and one's own account: secrets and codes
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
MOST = 450_000
"""How long what is kept may be as it travels in a form: what reads forms stops at 500,000 bytes of one."""


def kept() -> str:
    """What this request's form holds, as a text for `fields`; empty: nothing that can be kept."""
    if request.method != "POST" or request.mimetype not in _FORMS or request.path.startswith(_NOT_FROM):
        return ""
    typed = {name: values for name, values in form().lists() if name not in SECRETS}
    told = json.dumps(typed, ensure_ascii=False) if typed else ""
    return told if len(quote_plus(told)) <= MOST else ""


def is_lost() -> bool:
    """Whether something was typed that is not kept: too much, a file, or a secret."""
    if request.method != "POST" or request.mimetype not in _FORMS:
        return False
    typed = [name for name in form() if name != "csrf"]
    unreadable = request.content_length != 0 and not form()
    return (
        unreadable or any(name in SECRETS for name in typed) or (bool(typed) and not kept()) or _has_files()
    )


def form() -> MultiDict[str, str]:
    """The form; empty where it cannot be read, as one that is too large, whose refusal is what is being told."""
    try:
        return request.form
    except HTTPException:
        return MultiDict()


def _has_files() -> bool:
    return bool(form()) and bool(request.files)


def fields(told: str) -> list[tuple[str, str]]:
    """Name and value of everything that `kept` kept; none where it is no such text."""
    try:
        found = json.loads(told) if 0 < len(told) <= MOST else {}
    except (ValueError, RecursionError):
        return []
    if not isinstance(found, dict):
        return []
    return [
        (str(name), str(value))
        for name, values in found.items()
        if name not in SECRETS
        for value in (values if isinstance(values, list) else [values])
    ]
