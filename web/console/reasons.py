"""What is wrong with an entered value, in the visitor's language; the engine says it in English, as the REST interface does.

A reason that is not known here is told as the engine says it, never left out.
"""

import re

from web.words import Words

_KNOWN = tuple(
    (re.compile(pattern, re.DOTALL), word)
    for pattern, word in (
        (r"is missing", "wrong_missing"),
        (r"is no field of this form", "wrong_no_field"),
        (r"is shorter than (\d+) characters", "wrong_short"),
        (r"is longer than (\d+) characters", "wrong_long"),
        (r"does not have the form asked for", "wrong_pattern"),
        (r"must be an e-mail address", "wrong_email"),
        (r"must be a telephone number", "wrong_phone"),
        (r"must be at least (.+)", "wrong_least"),
        (r"must be at most (.+)", "wrong_most"),
        (r"must have at most (\d+) decimals", "wrong_decimals"),
        (r"must go in steps of (.+)", "wrong_steps"),
        (r"must be one of (.+)", "wrong_choice"),
        (r"must be ticked", "wrong_unticked"),
        (r"must be (?:a|a finite|a whole) number", "wrong_number"),
        (r"must be a time in ISO 8601", "wrong_time"),
        (r"must be a date: yyyy-MM-dd or dd/MM/yyyy", "wrong_date"),
        (r"is a date that does not exist", "wrong_no_date"),
        (r"has control characters", "wrong_controls"),
    )
)


WORDS = tuple(word for _, word in _KNOWN)
"""Every word that a reason may be told by."""


def told(t: Words, reason: str) -> str:
    """*reason* in the language of *t*."""
    for pattern, word in _KNOWN:
        found = pattern.fullmatch(reason)
        if found:
            return t[word].format(*found.groups())
    return reason
