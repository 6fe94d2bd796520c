"""Taking a running instance to another version of its procedure: whether its state means the same there, and the instance there.

A stored state holds ids and variables only. It means the same under another version where everything that was begun – waits,
timers, calls, work items, rounds, tokens at joins – would have been begun there in the same way, and where that version can come
to that very place. Then nothing of it changes by going on there; what comes after the tokens may differ as it likes. Whatever
is doubtful is a reason against it. Which dossiers go where, and when, is the actions' business.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.models.deployment import Deployment
from engine.runtime import likeness, state
from engine.runtime.elements.activities import UserTask
from engine.runtime.elements.element import Element
from engine.runtime.instance import Instance
from engine.runtime.marking import can_come_to, marking
from engine.runtime.model import Model, model_of
from engine.runtime.scopes import AnyScope, InnerScope, ScopeSpec
from engine.runtime.token import Token
from engine.runtime.variables import EMPTY, Variables


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlike:
    """One reason against going on there: *code* says what differs, about *element*, which people call *name*."""

    code: str
    element: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is seen of a migration before anything goes on: *fresh* variables are empty until a step sets them.

    *forms* are those of open work items that are drawn otherwise; *words*: (element, before, after) where tokens stand.
    """

    fresh: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    words: tuple[tuple[str, str, str], ...] = ()


def reasons(old: Deployment, new: Deployment, stored: bytes) -> list[Unlike]:
    """Why the instance *stored* under *old* must not go on under *new*, each told once; empty: it may.

    Raises:
        StateUnreadable: written by a newer version.
    """
    here, model = state.read(model_of(old), stored), model_of(new)
    found = [*_of_law(old, new), *_of_main(old, new, here), *_of_places(here, model)]
    if not found:  # every place is there: it can be read as one of the other version
        there = state.read(model, stored)
        for scope in _scopes(here):
            other = there if scope is here else there.subprocesses[scope.key]
            found += _of_scope(scope, other)
        for token in here.tokens.values():
            found += _told(token.element, likeness.differing(token, there.tokens[token.id]))
    return list(dict.fromkeys(found))


def differences(old: Deployment, new: Deployment, stored: bytes) -> Difference:
    """What is seen of a migration that nothing speaks against."""
    here, there = state.read(model_of(old), stored), state.read(model_of(new), stored)
    blank = {name for one in _scopes(here) for name in one.spec.blank}
    fresh = {name for one in _scopes(there) for name in one.spec.blank} - blank
    pairs = [
        (token.element, there.tokens[token.id].element) for token in here.tokens.values() if _shown(token)
    ]
    forms = {one.node.binding.form or "" for one, _ in pairs if isinstance(one, UserTask)}
    words = {(one.id, _word(one), _word(other)) for one, other in pairs if _word(one) != _word(other)}
    return Difference(
        fresh=tuple(sorted(fresh)),
        forms=tuple(sorted(form for form in forms if old.forms.get(form) != new.forms.get(form))),
        words=tuple(sorted(words)),
    )


def migrated(model: Model, stored: bytes) -> Instance:
    """The instance as one of *model*, which nothing may speak against; variables that only *model* knows are empty.

    Raises:
        StateUnreadable: written by a newer version.
    """
    instance = state.read(model, stored)
    known: dict[tuple[int, frozenset[str]], Variables] = {}

    def filled(variables: Variables, spec: ScopeSpec) -> Variables:
        if spec.blank.keys() <= variables.values.keys():
            return variables
        key = id(variables), frozenset(spec.blank)
        return known.setdefault(key, variables.over(spec.blank))

    tokens = [(token, filled(token.variables, token.scope.spec)) for token in instance.tokens.values()]
    for scope in _scopes(instance):
        scope.given = filled(scope.given, scope.spec)
        scope.result = scope.result if scope.result is EMPTY else filled(scope.result, scope.spec)
    for token, variables in tokens:
        token.variables = variables
    return instance


def _scopes(instance: Instance) -> list[AnyScope]:
    return [instance, *instance.subprocesses.values()]


def _shown(token: Token) -> bool:
    return not token.host and token.element.shown


def _word(element: Element) -> str:
    return element.phase or element.node.name or element.id


def _told(element: Element, codes: Iterator[str]) -> Iterator[Unlike]:
    yield from (Unlike(code=code, element=element.id, name=element.node.name) for code in codes)


def _of_law(old: Deployment, new: Deployment) -> Iterator[Unlike]:
    """What is counted and told by the version: under another term the due date would be counted anew with the next pause."""
    before, after = old.procedure, new.procedure
    if before is None or after is None:
        return
    if before.code != after.code:
        yield Unlike(code="other-procedure")
    if (dict(before.deadline), before.calendar_rule) != (dict(after.deadline), after.calendar_rule):
        yield Unlike(code="term-changed")
    if before.reports != after.reports:
        yield Unlike(code="reports-changed")


def _of_main(old: Deployment, new: Deployment, here: Instance) -> Iterator[Unlike]:
    if here.process == old.main != new.main and here.process in new.processes:
        yield Unlike(code="process-gone", element=here.process)


def _of_places(here: Instance, model: Model) -> Iterator[Unlike]:
    """Scopes and elements that are not there, or are something else there."""
    if here.process not in model.scopes:
        yield Unlike(code="process-gone", element=here.process)
        return
    for token in here.tokens.values():
        spec = model.scopes.get(token.scope.spec.key)
        other = spec.elements.get(token.element.id) if spec is not None else None
        inner = here.subprocesses.get(token.id)
        yield from _told(token.element, likeness.placed(token.element, other, inner, model))


def _of_scope(here: AnyScope, there: AnyScope) -> Iterator[Unlike]:
    host = here.host.element if isinstance(here, InnerScope) else None
    where = {"element": host.id if host else here.spec.key, "name": host.node.name if host else ""}
    if likeness.watchers(here.spec) != likeness.watchers(there.spec):
        yield Unlike(code="scope-watch-changed", **where)
    elif not can_come_to(there.spec, marking(there)):
        yield Unlike(code="place-unknown", **where)
