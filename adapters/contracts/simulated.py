"""The simulator's part of a contract, compiled: what it answers, keeps and does later by itself."""

from adapters.contracts import compiled, shape
from adapters.contracts.templates import compile_template, expression
from engine.exchange.ports import Json

NAMES = frozenset(
    {"body", "held", "known", "now", "key", "number", "keyed", "page", "settings", "id", "choice"}
)
"""body: the request; held, known: what is stored under the key; number: this effect's own, counted from 1; id: an
item's own, given when it appears in its feed; keyed: what lies in the partner's feeds, by feed and key; page: see
`shape.Page`; choice: what the control endpoint chose for this request, else null."""


def compile_simulated(name: str, form: shape.SimulatedOperation) -> compiled.Simulated:
    """*form* ready for use. Raises: TemplateInvalid."""
    at = f"simulator.operations.{name}"
    return compiled.Simulated(
        name=name,
        form=form,
        key=expression(form.key, NAMES, f"{at}.key") if form.key else None,
        record=None if form.record is None else compile_template(_json(form.record), NAMES, f"{at}.record"),
        page=_page(form.page, f"{at}.page") if form.page else None,
        answers=tuple(_answer(item, f"{at}.answers[{i}]") for i, item in enumerate(form.answers)),
        later=tuple(_later(item, f"{at}.later[{i}]") for i, item in enumerate(form.later)),
    )


def _answer(form: shape.SimulatedAnswer, at: str) -> compiled.SimulatedAnswer:
    fault = form.soap_fault
    detail = fault.detail if fault else None
    return compiled.SimulatedAnswer(
        form=form,
        when=expression(form.when, NAMES, f"{at}.when"),
        body=compile_template(_json(form.body), NAMES, f"{at}.body"),
        fault_text=expression(fault.text, NAMES, f"{at}.soap_fault.text") if fault else None,
        fault_detail=None
        if detail is None
        else compile_template(_json(detail), NAMES, f"{at}.soap_fault.detail"),
    )


def _later(form: shape.Later, at: str) -> compiled.Later:
    return compiled.Later(
        form=form,
        when=expression(form.when, NAMES, f"{at}.when"),
        key=expression(form.key, NAMES, f"{at}.key"),
        body=compile_template(_json(form.body), NAMES, f"{at}.body"),
    )


def _page(form: shape.Page, at: str) -> compiled.Page:
    return compiled.Page(
        feed=form.feed,
        after=expression(form.after, NAMES, f"{at}.after"),
        size=expression(form.size, NAMES, f"{at}.size"),
    )


def _json(value: object) -> Json:
    return value  # type: ignore[return-value]  # pydantic's JsonValue is our Json
