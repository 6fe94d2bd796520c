"""Why a request is refused before it is understood: who asks, how often, how large, under which condition.

A part of `engine.errors`, which shows these under its own name; raise them from there.
"""

from engine.error_root import LienthongError

__all__ = [
    "AccountNotFound",
    "ActionNotNow",
    "AddressUnknown",
    "BodyInvalid",
    "BodyTooLarge",
    "CursorInvalid",
    "FormStale",
    "IdempotencyBusy",
    "IdempotencyConflict",
    "IdempotencyKeyMissing",
    "MediaTypeUnsupported",
    "MethodNotAllowed",
    "NotAllowed",
    "NotAuthenticated",
    "PreconditionFailed",
    "PreconditionMissing",
    "RangeUnsatisfiable",
    "RateExceeded",
    "RequestInvalid",
    "RequestTooSlow",
    "SecondFactorNeeded",
    "SignInRefused",
    "SignInTooSoon",
    "SignOnRefused",
    "SignOnUnavailable",
    "TrackingRefused",
]


class NotAuthenticated(LienthongError):
    code, status, text = "not-authenticated", 401, "an API key is needed: {reason}"
    remedy = "send `Authorization: Bearer <key>`; `lienthong keys` issues one"


class NotAllowed(LienthongError):
    code, status, text = "not-allowed", 403, "this key may not {what}"


class SignInRefused(LienthongError):
    """A wrong name or a wrong password; which of them is never told."""

    code, status, text = "sign-in-refused", 401, "this name and this password do not go together"
    remedy = "try again; an admin can give you a new password"


class SecondFactorNeeded(LienthongError):
    """The password is right; the account wants a code as well, and the page asks for it."""

    code, status, text = "second-factor-needed", 401, "a code of your second factor is needed, too"


class SignInTooSoon(LienthongError):
    """Too many wrong passwords from this address; others may sign in."""

    code, status, text = "sign-in-too-soon", 429, "too many attempts from here; wait {wait_s} seconds"


class SignOnRefused(LienthongError):
    """The identity provider's word does not lead to an account here."""

    code, status, text = "sign-on-refused", 403, "signing in at the identity provider failed: {reason}"
    remedy = "begin again; an admin binds an account to its person by `lienthong accounts bind`"


class SignOnUnavailable(LienthongError):
    """The identity provider cannot be asked; passwords of accounts still work."""

    code, status, text = "sign-on-unavailable", 503, "the identity provider cannot be asked: {reason}"
    remedy = "sign in with a password, or try again later"


class TrackingRefused(LienthongError):
    """A dossier code and an access code that do not belong together; which is wrong is never told."""

    code, status, text = "tracking-refused", 404, "no dossier has this code with this access code"


class AccountNotFound(LienthongError):
    code, status, text = "account-not-found", 404, "there is no account {account}"


class ActionNotNow(LienthongError):
    """Something that could be done, but not as things stand."""

    code, status, text = "action-not-now", 409, "{what}"


class FormStale(LienthongError):
    """A form from another session, or kept open too long."""

    code, status, text = "form-stale", 403, "this form is not of your present session: {reason}"
    remedy = "open the page again and send the form from there"


class IdempotencyConflict(LienthongError):
    code, status, text = "idempotency-key-reused", 422, "Idempotency-Key {key} was used with another request"


class IdempotencyBusy(LienthongError):
    code, status, text = (
        "idempotency-key-busy",
        409,
        "the first request with Idempotency-Key {key} is still running",
    )


class RequestInvalid(LienthongError):
    code, status, text = "request-invalid", 400, "{reason}"


class BodyTooLarge(LienthongError):
    code, status, text = "body-too-large", 413, "the body has more than {limit_bytes} bytes"


class BodyInvalid(LienthongError):
    """JSON that parses but lacks or misspells something; ``facts['fields']`` is a list of {field, reason}."""

    code, status, text = "body-invalid", 422, "the body is not acceptable: {reason}"


class MediaTypeUnsupported(LienthongError):
    code, status, text = "media-type-unsupported", 415, "the body must be {wanted}, not {found}"


class IdempotencyKeyMissing(LienthongError):
    code, status, text = "idempotency-key-missing", 400, "this request needs an Idempotency-Key: {reason}"
    remedy = "send `Idempotency-Key: <a new UUID>`, and the same one when you repeat the request"


class CursorInvalid(LienthongError):
    """A cursor that was not issued here, or for another filter."""

    code, status, text = "cursor-invalid", 400, "the cursor cannot be used: {reason}"
    remedy = "start again without a cursor, and follow the Link header"


class AddressUnknown(LienthongError):
    code, status, text = "not-found", 404, "nothing is at {path}"


class MethodNotAllowed(LienthongError):
    code, status, text = "method-not-allowed", 405, "{method} is not possible at {path}"


class PreconditionMissing(LienthongError):
    code, status, text = "precondition-missing", 428, "this change needs If-Match with the ETag that you read"
    remedy = "GET the thing, send its ETag as If-Match"


class PreconditionFailed(LienthongError):
    """It changed since it was read; the answer's ETag is that of what it is now."""

    code, status, text = "precondition-failed", 412, "it was changed meanwhile; it now has the ETag {etag}"
    remedy = "GET it again, decide anew"


class RangeUnsatisfiable(LienthongError):
    """The part that was asked for begins after the end; Content-Range says how long the whole is."""

    code, status, text = "range-unsatisfiable", 416, "there are only {size_bytes} bytes"
    remedy = "ask for a part that begins before the end, or for the whole"


class RateExceeded(LienthongError):
    code, status, text = "rate-exceeded", 429, "too many requests; the next is taken in {retry_after_s:.1f} s"


class RequestTooSlow(LienthongError):
    code, status, text = "request-too-slow", 408, "the request took too long to arrive"
