"""OAuth2 client credentials (RFC 6749 §4.4) for partners that want them: an API key buys a token that soon ends.

The key's prefix is the client id, the whole key the secret. A token is the key's prefix and scopes, signed: it is stored
nowhere, and it ends with its key at once.
"""

import base64
import binascii

import orjson
from flask import Blueprint, Response, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from engine import errors
from engine.actions import keys
from engine.actions.keys import Principal
from web.auth import OPEN, TOKEN_MARK, needs
from web.container import Container

ADDRESS = "/oauth/token"
LASTS_S = 3600


class _Refused(Exception):
    """An answer as RFC 6749 §5.2 wants it."""

    def __init__(self, error: str, about: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.about, self.status = error, about, status


def routes(container: Container) -> Blueprint:
    """``/oauth/token``."""
    blueprint = Blueprint("oauth", __name__)

    @blueprint.post(ADDRESS)
    @needs(OPEN)
    def token() -> Response:
        try:
            client = _client(container)
            scopes = _scopes(client)
        except _Refused as refusal:
            return _refusal(refusal)
        made = TOKEN_MARK + str(_signer(container).dumps([client.id.removeprefix("key:"), scopes]))
        told = {
            "access_token": made,
            "token_type": "Bearer",
            "expires_in": LASTS_S,
            "scope": " ".join(scopes),
        }
        return Response(orjson.dumps(told), content_type="application/json", headers={"Pragma": "no-cache"})

    return blueprint


def bearer(container: Container, token: str) -> Principal:
    """Whose token this is, with no more than its scopes.

    Raises:
        NotAuthenticated: none of ours, or it ended, or its key did.
    """
    try:
        prefix, scopes = _signer(container).loads(token.removeprefix(TOKEN_MARK), max_age=LASTS_S)
    except (BadSignature, ValueError, TypeError):
        raise errors.NotAuthenticated(reason=f"the token is none of ours or ended; POST {ADDRESS}") from None
    owner = keys.in_force(container.store, str(prefix))
    left = frozenset(scopes) if "admin" in owner.scopes else owner.scopes & frozenset(scopes)
    return Principal(id=owner.id, name=owner.name, scopes=left, unit=owner.unit, partner=owner.partner)


def _client(container: Container) -> Principal:
    if request.form.get("grant_type") != "client_credentials":
        kind = "unsupported_grant_type" if request.form.get("grant_type") else "invalid_request"
        raise _Refused(kind, "grant_type must be client_credentials")
    name, secret = _credentials()
    try:
        client = keys.authenticate(container.store, secret)
    except errors.NotAuthenticated:
        raise _Refused("invalid_client", "client id or secret is wrong, expired or revoked", 401) from None
    if client.id != f"key:{name}":
        raise _Refused("invalid_client", "client id or secret is wrong, expired or revoked", 401)
    return client


def _credentials() -> tuple[str, str]:
    """The client's id and secret, from HTTP Basic or from the form; never from both."""
    scheme, _, value = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return request.form.get("client_id", "")[:100], request.form.get("client_secret", "")[:300]
    if "client_secret" in request.form:
        raise _Refused("invalid_request", "credentials came twice")
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _Refused("invalid_client", "the Basic credentials cannot be read", 401) from None
    return name[:100], secret[:300]


def _scopes(client: Principal) -> list[str]:
    """The scopes asked for; all of the key's when none are."""
    wanted = request.form.get("scope", "").split() or sorted(client.scopes)
    lacking = [scope for scope in wanted if scope not in keys.SCOPES or not client.may(scope)]
    if lacking:
        raise _Refused("invalid_scope", f"the key has no scope {lacking[0][:64]}")
    return sorted(set(wanted))


def _refusal(refusal: _Refused) -> Response:
    body = orjson.dumps({"error": refusal.error, "error_description": refusal.about})
    response = Response(body, status=refusal.status, content_type="application/json")
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="lienthong"'
    return response


def _signer(container: Container) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(container.secret, salt="oauth")
