"""What a visitor who gave a reason may see of personal data for five minutes.

It is said by a signed text in the address, good for one session; how data looks to the others is in `web.masking`.
"""

from flask import request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from web.console.access import Visitor
from web.container import Container

SHOWN_S = 300


def permit(container: Container, visitor: Visitor, what: str) -> str:
    """The text that lets *visitor*'s session see *what* for five minutes."""
    return str(_signer(container).dumps([visitor.token, what]))


def permitted(container: Container, visitor: Visitor) -> str | None:
    """What this address lets its visitor see; None where it names nothing, or its five minutes are over."""
    given = request.args.get("seen")
    if given is None:
        return None
    try:
        token, what = _signer(container).loads(given, max_age=SHOWN_S)
    except (BadSignature, ValueError, TypeError):
        return None
    return str(what) if visitor.signed_in and token == visitor.token else None


def _signer(container: Container) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(container.secret, salt="seen")
