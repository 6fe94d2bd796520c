"""Letting a dossier go over to another version while its event is applied: judged again, under its lock, and told either way.

What somebody confirmed is `engine.actions.migrate`; the instance itself is the interpreter's.
"""

from collections.abc import Callable

from engine.actions.book import Book
from engine.exchange.ports import Json
from engine.models.deployment import Deployment
from engine.runtime import migrating
from engine.runtime import progress as run
from engine.runtime.migrating import Unlike
from engine.storage.groups import LoadedEvent

Deployments = Callable[[int], Deployment]
_TOLD = ("from", "to", "from_version", "to_version", "by", "reason")


def migrated(
    book: Book, event: LoadedEvent, deployments: Deployments, interpreter: run.Interpreter, view: run.View
) -> run.Progress | None:
    """The instance under the other version, where the dossier runs from now on.

    None: it is there already, or something speaks against it, which was told.
    """
    instance, target = event.instance, int(str(event.payload["to"]))
    if book.deployment == target:
        return None
    facts: dict[str, Json] = {name: event.payload.get(name) for name in _TOLD}
    against = _against(book, event, deployments)
    if against or instance is None:
        why: list[Json] = [one.code for one in against]
        book.tell("migration-refused", facts | {"why": why, "elements": [one.element for one in against]})
        return None
    ref = run.InstanceRef(
        id=book.dossier.id,
        version=instance.version,
        deployment=book.deployment,
        process=instance.process,
        format=instance.format,
    )
    done = interpreter.migrate(ref, instance.state, target, view)
    book.go_over(target, deployments(target).procedure or book.procedure)
    book.tell("migrated", facts)
    return done


def _against(book: Book, event: LoadedEvent, deployments: Deployments) -> list[Unlike]:
    """What speaks against it now; empty: nothing."""
    instance, origin = event.instance, int(str(event.payload["from"]))
    if instance is None or not instance.running or book.deployment != origin:
        return [Unlike(code="gone-on")]
    old, new = deployments(origin), deployments(int(str(event.payload["to"])))
    return migrating.reasons(old, new, instance.state)
