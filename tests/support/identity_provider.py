"""An identity provider of its own: OpenID Connect's authorization code flow by Authlib's server side, over real HTTP.

It knows one client and one person, asks for no password, remembers in a cookie of its own who is signed in, ends that by
RP-Initiated Logout, and can be told to misbehave: *wrong* names how.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from authlib.oidc.core.util import create_half_hash
from authlib.oidc.rpinitiated import EndSessionEndpoint, EndSessionRequest
from flask import Flask, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.support.counter import serving as served

SUBJECT, CLIENT, SECRET = "person-7", "lienthong", "a client's secret"
COOKIE = "provider_session"


@dataclass(kw_only=True)
class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    """A code as it was given out; good once."""

    code: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str | None
    code_challenge_method: str | None
    auth_time: int = field(default_factory=lambda: int(time.time()))

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class Client(ClientMixin):  # type: ignore[misc]
    """The one client that the provider knows."""

    client_id = CLIENT

    def __init__(self, back_to: str) -> None:
        self.back_to = back_to

    @property
    def client_metadata(self) -> Mapping[str, object]:
        """Where the browser may be sent after signing out: beside where it comes back to when it signs in."""
        return {"post_logout_redirect_uris": [self.back_to.removesuffix("/ve") + "/ra"]}

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return self.back_to

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.back_to

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class IdentityProvider:
    """The running provider. *client* must be told where our client is; *asked* counts what was asked for, by path.

    *signed_in* are the browsers' cookies of those who are; *ended* is who was signed out: the claims of the hint.
    """

    def __init__(self) -> None:
        self.wrong = ""
        self.client = Client("")
        self.codes: dict[str, Code] = {}
        self.asked: list[str] = []
        self.signed_in: set[str] = set()
        self.ended: list[Mapping[str, object]] = []
        self.key = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"})
        self.issuer = ""

    def rotate(self) -> None:
        """Sign with another key from now on."""
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "alg": "RS256", "use": "sig"})

    def metadata(self) -> Mapping[str, object]:
        ends = {"no end": {}, "odd end": {"end_session_endpoint": "javascript:alert(1)"}}
        return {
            "issuer": "http://elsewhere" if self.wrong == "another name" else self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **ends.get(self.wrong, {"end_session_endpoint": f"{self.issuer}/end?realm=so"}),
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "code_challenge_methods_supported": ["S256"],
        }

    def signed(self, claims: dict[str, object]) -> str:
        """An identity token of *claims*, spoiled as *wrong* says."""
        now = int(time.time())
        spoiled: dict[str, dict[str, object]] = {
            "nonce": {"nonce": "another"},
            "audience": {"aud": "somebody else"},
            "issuer": {"iss": "http://elsewhere"},
            "expired": {"iat": now - 7200, "exp": now - 3600},
            "nobody": {"sub": ""},
            "future": {"iat": now + 3600, "exp": now + 7200},
        }
        claims |= spoiled.get(self.wrong, {})
        if self.wrong == "no nonce":
            claims.pop("nonce", None)
        if self.wrong == "unsigned":
            return _by_hand({"alg": "none"}, claims, b"")
        if self.wrong == "secret of the public key":
            return _by_hand({"alg": "HS256", "kid": "one"}, claims, self.key.as_pem(private=False))
        foreign = RSAKey.generate_key(2048, {"kid": "one"})
        key = foreign if self.wrong == "foreign key" else self.key
        kid = "unknown" if self.wrong == "unknown key" else self.key.kid
        return jwt.encode({"alg": "RS256", "kid": kid}, claims, key)


def _by_hand(head: object, claims: object, secret: bytes) -> str:
    """A token as no library makes it: not signed, or signed with what everybody knows."""
    signed = b".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, claims)
    )
    mark = hmac.new(secret, signed, hashlib.sha256).digest() if secret else b""
    return (signed + b"." + base64.urlsafe_b64encode(mark).rstrip(b"=")).decode()


@contextmanager
def serving() -> Iterator[IdentityProvider]:
    """A provider on loopback while the block runs."""
    provider = IdentityProvider()
    with served(_app(provider), threads=2) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        yield provider


def _app(provider: IdentityProvider) -> Flask:
    app = Flask("provider")
    app.config["OAUTH2_SCOPES_SUPPORTED"] = ["openid"]
    server = AuthorizationServer(app, query_client=lambda _: provider.client, save_token=lambda *_: None)
    server.register_grant(_grant(provider), [_identity(provider), CodeChallenge(required=True)])
    server.register_endpoint(_end_session(provider))

    @app.before_request
    def note() -> None:
        provider.asked.append(request.path)

    @app.get("/.well-known/openid-configuration")
    def described() -> ResponseReturnValue:
        return jsonify(provider.metadata())

    @app.get("/keys")
    def keys() -> ResponseReturnValue:
        return jsonify(KeySet([provider.key]).as_dict(private=False))

    @app.get("/authorize")
    def authorize() -> ResponseReturnValue:
        if provider.wrong == "denied":
            return redirect(f"{provider.client.back_to}?error=access_denied&state={request.args['state']}")
        grant = server.get_consent_grant(end_user=SUBJECT)
        response = server.create_authorization_response(grant=grant, grant_user=SUBJECT)
        mark = secrets.token_hex(8)
        provider.signed_in.add(mark)
        response.set_cookie(COOKIE, mark, httponly=True, samesite="Lax")
        return response

    @app.post("/token")
    def token() -> ResponseReturnValue:
        if provider.wrong == "page":
            return "<html>no JSON</html>", 502
        if provider.wrong == "huge":
            return " " * 2_000_000, 200
        return server.create_token_response()

    _add_ending(app, server)
    return app


def _add_ending(app: Flask, server: AuthorizationServer) -> None:
    @app.get("/end")
    def end() -> ResponseReturnValue:
        try:
            asked = server.validate_endpoint_request("end_session")
        except OAuth2Error as error:
            return f"refused: {error.description}", 400
        if asked.needs_confirmation or request.args["realm"] != "so":
            return "<h1>Do you want to sign out?</h1>", 200
        response = server.create_endpoint_response("end_session", asked)
        return response or "<h1>You are signed out, and stay here</h1>"


def _grant(provider: IdentityProvider) -> type[grants.AuthorizationCodeGrant]:
    class Grant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, asked: object) -> None:
            given = asked.payload.data  # type: ignore[attr-defined]
            provider.codes[code] = Code(
                code=code,
                redirect_uri=given["redirect_uri"],
                scope=given["scope"],
                nonce=given["nonce"],
                code_challenge=given.get("code_challenge"),
                code_challenge_method=given.get("code_challenge_method"),
            )

        def query_authorization_code(self, code: str, _client: object) -> Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, found: Code) -> None:
            provider.codes.pop(found.code)

        def authenticate_user(self, _code: Code) -> str:
            return SUBJECT

    return Grant


def _end_session(provider: IdentityProvider) -> type[EndSessionEndpoint]:
    class EndSession(EndSessionEndpoint):  # type: ignore[misc]
        def get_server_jwks(self) -> KeySet:
            return KeySet([provider.key])

        def end_session(self, asked: EndSessionRequest) -> None:
            provider.ended.append(asked.id_token_claims)
            provider.signed_in.discard(request.cookies.get(COOKIE, ""))

    return EndSession


def _identity(provider: IdentityProvider) -> OpenIDCode:
    class Identity(OpenIDCode):  # type: ignore[misc]
        def exists_nonce(self, _nonce: str, _asked: object) -> bool:
            return False

        def encode_id_token(self, token: Mapping[str, str], asked: object) -> str:
            now = int(time.time())
            code = asked.authorization_code  # type: ignore[attr-defined]
            return provider.signed(
                {
                    "iss": provider.issuer,
                    "aud": CLIENT,
                    "iat": now,
                    "exp": now + 300,
                    "sub": SUBJECT,
                    "at_hash": create_half_hash(token["access_token"], "RS256").decode(),
                    **self.get_authorization_code_claims(code),
                }
            )

    return Identity()
