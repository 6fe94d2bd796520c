"""Models put together with those they import, ready to decide: what each node needs, and its compiled logic.

One `Decisions` is made per set of files and kept; one `Deciding` per question.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.feel.compiled_calls import guarded, invoke
from engine.feel.runtime import MISSING, Env, Misuse, Run
from engine.feel.types import Type
from engine.feel.values import Function, kind_of, norm
from engine.models.decisions import elements
from engine.models.decisions.compiling import Builder, Code, fit
from engine.models.decisions.elements import Definitions, Item, Node
from engine.models.decisions.item_types import ItemType, named

STEP_DOWN = 6
"""The levels of the evaluation's depth that one decision requiring another takes."""
_BUSY = object()
"""What a node comes to while it is being computed."""


@dataclass(slots=True, eq=False)
class Model:
    """One file among its imports: its types, names, and the closures of its nodes as they are needed."""

    definitions: Definitions
    library: "Mapping[str, Model]" = field(repr=False)
    types: dict[str, Type] = field(default_factory=dict, repr=False)
    builder: Builder = field(init=False, repr=False)
    codes: dict[str, Code] = field(default_factory=dict, repr=False)
    _open: bool | None = field(default=None, repr=False)

    def prepare(self) -> None:
        """Collect the types and long names of this model and of those it imports."""
        self.types.update(self._all_types())
        reachable = self._reachable()
        keys = {name for model in reachable for name in _keys(model.definitions)}
        keys |= {node.name for model in reachable[1:] for node in model.definitions.nodes.values()}
        self.builder = Builder(frozenset(keys), self.types)

    def _all_types(self) -> dict[str, Type]:
        found: dict[str, Type] = {
            name: ItemType(item, self.types) for name, item in self.definitions.items.items()
        }
        for one in self.definitions.imports:
            other = self.library.get(one.namespace)
            if other is not None and other is not self:
                prefix = f"{one.name}." if one.name else ""
                found.update({f"{prefix}{name}": kind for name, kind in other.own_types()})
        return found

    def own_types(self) -> Iterator[tuple[str, Type]]:
        """The types that this model defines itself, by their own names."""
        for name, item in self.definitions.items.items():
            yield name, ItemType(item, self.types)

    def _reachable(self) -> "list[Model]":
        found, todo = [], [self]
        while todo:
            model = todo.pop()
            if model not in found:
                found.append(model)
                todo += [
                    self.library[one.namespace]
                    for one in model.definitions.imports
                    if one.namespace in self.library
                ]
        return found

    def refer(self, href: str) -> "tuple[Model, Node] | None":
        """The node that an href names, and the model it is in; None where there is none."""
        namespace, _, identifier = href.partition("#")
        model = (
            self if not namespace or namespace == self.definitions.namespace else self.library.get(namespace)
        )
        node = model.definitions.nodes.get(identifier) if model else None
        return (model, node) if model and node else None

    def required(self, node: Node) -> "list[tuple[Model, Node]]":
        """The nodes that a node's logic may name."""
        return [found for href in node.requires if (found := self.refer(href)) is not None]

    def names(self, node: Node) -> frozenset[str]:
        """The names that a node's logic may use: what it requires, the imports, and of knowledge its own name."""
        own = {node.name} if node.kind == "businessKnowledgeModel" else set()
        required = {one.name for model, one in self.required(node) if self._is_seen_plainly(model)}
        return frozenset(own | required | {one.name for one in self.definitions.imports})

    def _is_seen_plainly(self, other: "Model") -> bool:
        return other is self or any(not all(path) for path in self.paths_to(other))

    def is_open(self) -> bool:
        """Whether no input data is declared in any file at hand: then decisions name what they are handed, undeclared.

        So does Camunda Modeler draw tables, whose engine shows them every variable.
        """
        if self._open is None:
            nodes = [node for model in self.library.values() for node in model.definitions.nodes.values()]
            self._open = all(node.kind not in ("inputData", "decisionService") for node in nodes)
        return self._open

    def paths_to(self, other: "Model") -> list[tuple[str, ...]]:
        """The import names under which another model's variables are seen here."""
        if other is self:
            return [()]
        direct: list[tuple[str, ...]] = [
            (one.name,) for one in self.definitions.imports if one.namespace == other.definitions.namespace
        ]
        if direct:
            return direct
        return [
            (one.name, *path)
            for one in self.definitions.imports
            if (middle := self.library.get(one.namespace)) is not None and middle is not self
            for path in middle.paths_to(other)[:1]
        ]

    def code(self, node: Node) -> Code:
        """The closure of a node's logic."""
        code = self.codes.get(node.id)
        if code is None:
            code = self.codes[node.id] = self.builder.code(node.body, self.names(node))
        return code

    def fitted(self, run: Run, value: object, type_name: str) -> object:
        """The value made to fit a type that this model names."""
        return fit(run, norm(value), named(self.types, type_name), type_name)


def _columns(node: Node, value: object) -> Iterator[tuple[str, object]]:
    """What Camunda calls a required decision's result: its id, and the names of its table's outputs."""
    yield node.id, value
    outputs = node.body.outputs if isinstance(node.body, elements.Table) else ()
    if len(outputs) == 1 and outputs[0].name:
        yield outputs[0].name, value
    elif isinstance(value, dict):
        yield from value.items()


def _keys(definitions: Definitions) -> Iterator[str]:
    """Every name that may stand after a dot: components, entries and columns."""
    for item in definitions.items.values():
        yield from _component_names(item)
    for node in definitions.nodes.values():
        yield from _entry_names(node.body)


def _component_names(item: Item) -> Iterator[str]:
    for part in item.components:
        yield part.name
        yield from _component_names(part)


def _entry_names(boxed: object) -> Iterator[str]:
    """The names of entries, columns and outputs anywhere in a boxed expression."""
    if isinstance(boxed, elements.Entry | elements.Output):
        yield boxed.name
    if isinstance(boxed, tuple):
        for part in boxed:
            yield from _entry_names(part)
    elif boxed is not None and hasattr(boxed, "__dataclass_fields__"):
        for name in boxed.__dataclass_fields__:
            yield from _entry_names(getattr(boxed, name))


@dataclass(slots=True)
class Deciding:
    """One question being answered: the inputs, the model that was asked, and what each node came to.

    With *takes_decisions* the inputs may hold the results of decisions too, which are then not computed.
    """

    run: Run
    inputs: Mapping[str, object]
    asked: Model | None = None
    takes_decisions: bool = False
    known: dict[tuple[str, str], object] = field(default_factory=dict)

    def asked_for(self, model: Model, node: Node) -> object:
        """What the node that the question is about comes to; an input of its own name never answers for it."""
        if node.kind == "decision":
            others = {name: value for name, value in self.inputs.items() if name != node.name}
            self.inputs = others if self.takes_decisions else self.inputs
        return self.value(model, node)

    def value(self, model: Model, node: Node) -> object:
        """What a node comes to: an input's value, a decision's result, knowledge as a function."""
        key = model.definitions.namespace, node.id
        if key not in self.known:
            self.known[key] = _BUSY
            self.run.depth -= STEP_DOWN
            if self.run.depth < 0:
                self.run.exceeded("decisions require each other too deep")
            self.known[key] = self._compute(model, node)
            self.run.depth += STEP_DOWN
        if self.known[key] is _BUSY:
            if node.kind == "businessKnowledgeModel":
                return self._later(model, node)
            self.run.fault(0, f"{node.name} needs its own result: the requirements go in a circle")
            return None
        return self.known[key]

    def _later(self, model: Model, node: Node) -> Function:
        """Knowledge as a function while it is still being read: recursion, straight or through others."""

        def call(run: Run, args: list[object], names: tuple[str, ...] | None) -> object:
            value = self.value(model, node)
            if not isinstance(value, Function):
                raise Misuse(f"it is {kind_of(value)}, not a function")
            return invoke(run, value, args, names)

        return Function(node.name, (), lambda run, args: call(run, args, None), invoke=call)

    def _compute(self, model: Model, node: Node) -> object:
        if node.kind == "inputData" or (node.kind == "decision" and self.takes_decisions):
            given = self._given(model, node)
            if given is not MISSING:
                return model.fitted(self.run, given, node.type)
        if node.kind == "inputData":
            self.run.fault(0, f"the input {node.name} is missing", "missing")
            return None
        if node.kind == "decisionService":
            return self.service(model, node, direct=False)
        self.run.spend(20)
        self.run.types = model.types
        around = Env(self.inputs, None, self.run) if model.is_open() and node.kind == "decision" else None
        value = model.code(node)(Env(self._scope(model, node), around, self.run))
        if node.kind == "businessKnowledgeModel":
            return self._knowledge(model, node, value)
        if named(model.types, node.type) is None and isinstance(value, list | dict):
            self.run.weigh(value)  # what is fitted to a type has been weighed by that
        value = model.fitted(self.run, value, node.type)
        if self.run.trace is not None:
            self.run.trace.append({"decision": node.name, "result": value})
        return value

    def _given(self, model: Model, node: Node) -> object:
        """What was handed in for a node: under the names of its model's imports one in another, or under its own."""
        for path in self.asked.paths_to(model) if self.asked is not None and self.asked is not model else ():
            found: object = self.inputs
            for part in (*path, node.name):
                found = norm(found.get(part)) if isinstance(found, Mapping) and part in found else MISSING
            if found is not MISSING:
                return found
        return self.inputs.get(node.name, MISSING)

    def _knowledge(self, model: Model, node: Node, value: object) -> object:
        if not isinstance(value, Function):
            return value
        kind = named(model.types, node.type)
        shape = kind.base() if isinstance(kind, ItemType) else None
        result = getattr(shape, "result", kind)
        return Function(node.name, value.params, value.call, value.types, result or value.result)

    def _scope(self, model: Model, node: Node) -> dict[str, object]:
        scope: dict[str, object] = {}
        for owner, one in model.required(node):
            value = self.value(owner, one)
            for path in model.paths_to(owner):
                inner = scope
                for part in path:
                    if part:
                        found = inner.setdefault(part, {})
                        inner = found if isinstance(found, dict) else inner
                inner[one.name] = value
                if owner.is_open():
                    inner.update({name: found for name, found in _columns(one, value) if name not in inner})
        if node.kind == "businessKnowledgeModel":
            scope.setdefault(node.name, self._later(model, node))
        self.run.types = model.types
        return scope

    def service(self, model: Model, node: Node, *, direct: bool) -> Function:
        """A decision service as a function of its input data and input decisions."""
        inputs = [found for href in node.inputs if (found := model.refer(href))]
        outputs = [found for href in node.outputs if (found := model.refer(href))]

        def call(run: Run, args: list[object]) -> object:
            inner = Deciding(run, {})
            for (owner, one), arg in zip(inputs, args, strict=True):
                value = owner.fitted(run, arg, one.type)
                if value is None and arg is not None and not direct:
                    raise Misuse(f"argument `{one.name}` is {kind_of(arg)}, not {one.type}")
                inner.known[owner.definitions.namespace, one.id] = value
            values = {one.name: inner.value(owner, one) for owner, one in outputs}
            result = next(iter(values.values())) if len(values) == 1 else values
            return model.fitted(run, result, _result_type(model, node))

        return Function(node.name, tuple(one.name for _, one in inputs), guarded(call, 20))


def _result_type(model: Model, node: Node) -> str:
    """The type of a service's result: its own, or that of the function type that it names."""
    item = model.definitions.items.get(node.type.split(":")[-1])
    if item is not None and item.params is not None:
        return item.result
    return node.type


def together(definitions: Sequence[Definitions]) -> list[Model]:
    """Models that know each other by their namespaces, each prepared; the first wins where two share one."""
    library: dict[str, Model] = {}
    for one in definitions:
        library.setdefault(one.namespace, Model(one, library))
    models = [library[one.namespace] for one in definitions]
    for model in library.values():
        model.prepare()
    return models
