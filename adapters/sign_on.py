"""Signing in at an OpenID Connect provider, and out: the authorization code flow with PKCE (OpenID Connect Core 1.0,
RFC 7636), and OpenID Connect RP-Initiated Logout 1.0.

Authlib speaks the protocol and checks the claims; every byte goes through the door. An identity token counts only with a
signature by one of the provider's public keys: a shared secret or no signature at all is refused, whatever its head says.
"""

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import orjson
from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Client
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.base import OAuth2Error
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from adapters.outbound import Door, Endpoint, Request
from engine.errors import CallOutcomeUnknown, CallUnavailable, SettingsError, SignOnRefused, SignOnUnavailable
from engine.exchange.sign_on import Recognised, SignOnBegun

SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_PUBLIC = ("RSA", "EC", "OKP")
_GOOD_S, _AGAIN_S = 3600.0, 60.0
_TOTAL_S, _LIMIT_BYTES, _LEEWAY_S = 10.0, 512 * 1024, 60
_LABEL = ("identity provider", "sign-in")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What the settings say of it. *private* allows loopback, private addresses and plain http, for tests and pilots."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    scopes: str = "openid"
    title: str = ""
    private: bool = False


class OidcSignOn:
    """One provider; what it publishes about itself is read when it is first needed, and again each hour."""

    def __init__(self, provider: Provider, door: Door) -> None:
        if not provider.client_id:
            raise SettingsError(name="LIENTHONG_OIDC_CLIENT_ID", reason="the provider must know us by a name")
        if not provider.private and urlsplit(provider.issuer).scheme != "https":
            raise SettingsError(name="LIENTHONG_OIDC_ISSUER", reason="it must begin with https://")
        self._provider = provider
        self._published = _Published(provider, door)

    @property
    def title(self) -> str:
        return self._provider.title or str(urlsplit(self._provider.issuer).hostname)

    def begin(self, back_to: str) -> SignOnBegun:
        """A new sign-in. Raises: SignOnUnavailable."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        address, _ = self._client(back_to).create_authorization_url(
            self._published.address("authorization_endpoint"),
            state=state,
            code_verifier=verifier,
            nonce=nonce,
        )
        return SignOnBegun(address=address, state=state, nonce=nonce, verifier=verifier)

    def finish(self, begun: SignOnBegun, answer: Mapping[str, str], back_to: str) -> Recognised:
        """Who came back: the `sub`, and the token that says so. Raises: SignOnRefused, SignOnUnavailable."""
        if "error" in answer or not answer.get("code"):
            raise SignOnRefused(reason=f"the provider said {answer.get('error', 'nothing')[:64]!r}")
        if answer.get("iss", self._provider.issuer) != self._provider.issuer:
            raise SignOnRefused(reason="the answer is another provider's")
        token = self._token(begun, answer["code"], back_to)
        return self._recognised(token, begun.nonce)

    def ending(self, id_token: str, *, back_to: str, state: str) -> str | None:
        """Where the provider's session ends; None: it publishes no such address. Raises: SignOnUnavailable."""
        if not self._published.offers("end_session_endpoint"):
            return None
        given = {
            "id_token_hint": id_token,
            "client_id": self._provider.client_id,
            "post_logout_redirect_uri": back_to,
            "state": state,
        }
        where = self._published.address("end_session_endpoint")
        return str(add_params_to_uri(where, [(name, value) for name, value in given.items() if value]))

    def _client(self, back_to: str) -> OAuth2Client:
        return OAuth2Client(
            self._published,
            client_id=self._provider.client_id,
            client_secret=self._provider.client_secret or None,
            scope=self._provider.scopes,
            redirect_uri=back_to,
            code_challenge_method="S256",
        )

    def _token(self, begun: SignOnBegun, code: str, back_to: str) -> Mapping[str, object]:
        try:
            token: Mapping[str, object] = self._client(back_to).fetch_token(
                self._published.address("token_endpoint"),
                grant_type="authorization_code",
                code=code,
                redirect_uri=back_to,
                code_verifier=begun.verifier,
            )
        except (OAuth2Error, ValueError) as exc:
            raise SignOnRefused(reason=f"the provider gave no token ({type(exc).__name__})") from exc
        return token

    def _recognised(self, token: Mapping[str, object], nonce: str) -> Recognised:
        text = token.get("id_token")
        if not isinstance(text, str):
            raise SignOnRefused(reason="the provider gave no identity token")
        try:
            found = self._signed(text)
            claims = CodeIDToken(
                found.claims,
                found.header,
                {
                    "iss": {"essential": True, "value": self._provider.issuer},
                    "aud": {"essential": True, "value": self._provider.client_id},
                },
                {
                    "nonce": nonce,
                    "client_id": self._provider.client_id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(now=int(time.time()), leeway=_LEEWAY_S)
        except (JoseError, ValueError, TypeError) as exc:
            raise SignOnRefused(reason=f"its identity token does not hold ({type(exc).__name__})") from exc
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise SignOnRefused(reason="its identity token names nobody")
        return Recognised(subject=subject, id_token=text)

    def _signed(self, text: str) -> jwt.Token:
        try:
            return jwt.decode(text, self._published.keys(), algorithms=list(SIGNATURES))
        except InvalidKeyIdError:
            return jwt.decode(text, self._published.keys(anew=True), algorithms=list(SIGNATURES))


class _Published:
    """What the provider says of itself: its addresses and public keys. Also the session that Authlib posts through."""

    def __init__(self, provider: Provider, door: Door) -> None:
        self._provider, self._door = provider, door
        self._lock = threading.Lock()
        self._metadata: tuple[float, Mapping[str, object]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def offers(self, name: str) -> bool:
        """Whether it publishes an address of that name. Raises: SignOnUnavailable."""
        return bool(self._described().get(name))

    def address(self, name: str) -> str:
        """Raises: SignOnUnavailable: it publishes none, or one that is not to be trusted."""
        found = str(self._described().get(name, ""))
        if urlsplit(found).scheme != "https" and not (self._provider.private and found.startswith("http://")):
            raise SignOnUnavailable(reason=f"the provider's {name} is no https address")
        return found

    def keys(self, *, anew: bool = False) -> KeySet:
        """Its public keys; *anew*: asked for again, but not more than once a minute."""
        address = self.address("jwks_uri")
        with self._lock:
            now = time.monotonic()
            if self._keys is None or now - self._keys[0] > (_AGAIN_S if anew else _GOOD_S):
                self._keys = now, _public(_object(self._ask("GET", address)))
            return self._keys[1]

    def post(
        self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: ClientAuth
    ) -> "_Answer":
        """What Authlib's client asks of a session."""
        address, told, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return _Answer(*self._ask("POST", address, told, body.encode()))

    def _described(self) -> Mapping[str, object]:
        with self._lock:
            now = time.monotonic()
            if self._metadata is None or now - self._metadata[0] > _GOOD_S:
                where = self._provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
                found = _object(self._ask("GET", where))
                if found.get("issuer") != self._provider.issuer:
                    raise SignOnUnavailable(
                        reason="the provider calls itself by another name than the setting"
                    )
                self._metadata = now, found
            return self._metadata[1]

    def _ask(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, bytes]:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        try:
            self._door.add(Endpoint(name=origin, url=origin, private=self._provider.private))
            response = self._door.send(
                Request(
                    endpoint=origin,
                    method=method,
                    path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
                    headers={"Accept": "application/json", **(headers or {})},
                    body=body,
                    total_s=_TOTAL_S,
                    limit_bytes=_LIMIT_BYTES,
                    label=_LABEL,
                    secrets=(self._provider.client_secret,),
                )
            )
        except (CallUnavailable, CallOutcomeUnknown, SettingsError) as exc:
            raise SignOnUnavailable(reason="the provider does not answer as it should") from exc
        if method == "GET" and response.status != 200:
            raise SignOnUnavailable(reason=f"the provider answers with status {response.status}")
        return response.status, response.body


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer in the shape that Authlib reads."""

    status_code: int
    content: bytes

    def json(self) -> object:
        return orjson.loads(self.content)

    def raise_for_status(self) -> None:
        raise SignOnUnavailable(reason=f"the provider answers with status {self.status_code}")


def _object(answer: tuple[int, bytes]) -> Mapping[str, object]:
    try:
        found = orjson.loads(answer[1])
    except ValueError as exc:
        raise SignOnUnavailable(reason="the provider answers with no JSON") from exc
    if not isinstance(found, dict):
        raise SignOnUnavailable(reason="the provider answers with no JSON object")
    return found


def _public(document: Mapping[str, object]) -> KeySet:
    """Its public keys of kinds that we know; a shared secret among them is passed over."""
    listed = document.get("keys")
    known = (
        [one for one in listed if isinstance(one, dict) and one.get("kty") in _PUBLIC]
        if isinstance(listed, list)
        else []
    )
    if not known:
        raise SignOnUnavailable(reason="the provider publishes no public key")
    try:
        return KeySet.import_key_set({"keys": known})
    except (JoseError, ValueError, TypeError) as exc:
        raise SignOnUnavailable(reason="the provider's keys cannot be read") from exc
