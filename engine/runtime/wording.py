"""How a value is spoken of in errors: by its sort, never by itself, for it may be somebody's name.

Errors of a running instance become incidents and lines of logs; what people handed in belongs into neither.
"""

_SORTS: dict[type, str] = {list: "a list", dict: "a context", int: "a number", float: "a number"}


def sort_of(value: object) -> str:
    """``null``, ``true`` and ``false`` as they are, of anything else its sort."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f"a text of {len(value)} characters"
    return _SORTS.get(type(value), "something else")
