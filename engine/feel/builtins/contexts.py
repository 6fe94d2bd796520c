"""Built-ins that make and read contexts. A context that is given is never changed; the result is a new one."""

from engine.feel.registry import builtin
from engine.feel.runtime import Misuse, Run
from engine.feel.values import kind_of, norm


@builtin("get value", "m: context", "key: string")
@builtin("get value", "context: context", "key: string")
def get_value(context: dict[str, object], key: str) -> object:
    """The entry of that name, or null."""
    return norm(context.get(key))


@builtin("get value", "context: context", "keys: list", run=True)
def get_nested(run: Run, context: dict[str, object], keys: list[object]) -> object:
    """The entry that a path of names leads to, or null (Camunda's addition)."""
    run.scan(len(keys))
    found: object = context
    for key in keys:
        found = norm(found.get(key)) if isinstance(found, dict) and isinstance(key, str) else None
    return found


@builtin("get entries", "m: context", run=True)
@builtin("get entries", "context: context", run=True)
def get_entries(run: Run, context: dict[str, object]) -> list[object]:
    """The entries as contexts with `key` and `value`."""
    run.grown(len(context))
    run.scan(len(context))
    return [{"key": key, "value": norm(value)} for key, value in context.items()]


@builtin("context put", "context: context", "key: string", "value: any", run=True)
def context_put(run: Run, context: dict[str, object], key: str, value: object) -> dict[str, object]:
    """The context with one entry set."""
    run.grown(len(context))
    return {**context, key: value}


@builtin("context put", "context: context", "keys: list", "value: any", run=True)
def context_put_nested(
    run: Run, context: dict[str, object], keys: list[object], value: object
) -> dict[str, object]:
    """The context with the entry set that a path of names leads to."""
    names = [key for key in keys if isinstance(key, str)]
    if not names or len(names) < len(keys):
        raise Misuse("argument `keys` must be a list of names")
    run.grown(len(names) + len(context))
    copies: list[dict[str, object]] = [dict(context)]
    for name in names[:-1]:
        inner = copies[-1].get(name)
        if not isinstance(inner, dict):
            raise Misuse(f"`{name}` is {kind_of(inner)}, not a context")
        run.grown(len(inner))
        copies.append(dict(inner))
        copies[-2][name] = copies[-1]
    copies[-1][names[-1]] = value
    return copies[0]


@builtin("context merge", "contexts: list", run=True)
def context_merge(run: Run, contexts: list[object]) -> dict[str, object]:
    """All contexts in one; later entries win."""
    out: dict[str, object] = {}
    for item in contexts:
        context = norm(item)
        if not isinstance(context, dict):
            raise Misuse(f"the list holds {kind_of(context)}, not only contexts")
        run.grown(len(context))
        out.update(context)
    return out


@builtin("context", "entries: list", run=True)
def context_of(run: Run, entries: list[object]) -> dict[str, object]:
    """The context of entries with `key` and `value`."""
    out: dict[str, object] = {}
    run.grown(len(entries))
    for item in entries:
        entry = norm(item)
        if not isinstance(entry, dict) or "value" not in entry or not isinstance(entry.get("key"), str):
            raise Misuse("an entry must be a context with a `key` that is a string and a `value`")
        key = str(entry["key"])
        if key in out:
            raise Misuse(f"two entries have the key `{key}`")
        out[key] = norm(entry["value"])
    return out
