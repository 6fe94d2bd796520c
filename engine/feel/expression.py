"""A compiled expression: what callers hold on to and call, and the cache that compiles each text once."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache

from engine.feel import builtins
from engine.feel.compiled_calls import builtin_value
from engine.feel.compiler import Code, Compiler
from engine.feel.names import Names, known, names_in
from engine.feel.parser import parse, parse_unary
from engine.feel.registry import BUILTINS
from engine.feel.runtime import DEFAULT_LIMITS, TOO_DEEP, Env, Limits, Run, Warning_, WorkingCalendar
from engine.feel.syntax import Name, Node, Path
from engine.feel.types import Type
from engine.feel.values import with_items

__all__ = ["Expression", "builtin_value", "builtins", "compile", "evaluate"]


class Expression:
    """FEEL compiled once, called as often as wanted, from any thread.

    *names* are the variables it uses from outside, *certain* those among them that cannot be entries of a filter's items,
    *functions* the built-ins that it calls.
    """

    __slots__ = ("_builds", "_code", "certain", "functions", "names", "text", "tree")

    def __init__(self, text: str, tree: Node, code: Code, compiler: Compiler) -> None:
        self.text, self.tree, self._code = text, tree, code
        self.names, self.certain = frozenset(compiler.names), frozenset(compiler.certain)
        self.functions = frozenset(compiler.functions)
        self._builds = not isinstance(tree, Name | Path)

    def __call__(
        self,
        context: Mapping[str, object],
        *,
        clock: Callable[[], datetime] | None = None,
        calendar: WorkingCalendar | None = None,
        strict: bool = False,
        warn: Callable[[Warning_], None] | None = None,
        limits: Limits = DEFAULT_LIMITS,
        types: Mapping[str, Type] | None = None,
    ) -> object:
        """The value for these variables; what cannot be computed is None and told to *warn*.

        Raises:
            FeelError: a budget is used up, or in strict mode anything that would have been a warning.
        """
        run = Run(self.text, clock, calendar, strict, warn, limits, types)
        try:
            value = self._code(Env(context, None, run))
        except RecursionError:
            run.exceeded(TOO_DEEP)
        if self._builds and isinstance(value, list | dict):
            run.weigh(value)
        return value

    def at(self, env: Env) -> object:
        """The value as part of a longer evaluation, in whose scope it stands and whose budgets it shares."""
        run = env.run
        outer, run.text = run.text, self.text
        value = self._code(env)
        run.text = outer
        return value

    def __repr__(self) -> str:
        return f"<FEEL {self.text!r}>"


def compile(text: str, names: Iterable[str] = (), *, unary: bool = False) -> Expression:  # noqa: A001
    """The expression written in *text*; Camunda's leading `=` is accepted.

    *names* are the variables and keys that may be met; only those with spaces or operators in them matter. With *unary*
    the text is a decision table's cell about the variable `?`.

    Raises:
        FeelSyntaxError: the text is not FEEL; its facts are text, line, column, expected and found.
    """
    known_names = names if isinstance(names, frozenset) else frozenset(names)
    return (_kept if len(text) <= MAX_KEPT else _compiled)(text, known_names, unary)


def _compiled(text: str, names: frozenset[str], unary: bool) -> Expression:
    scope = Names((), known(names)) if names else _BUILTIN_NAMES
    if names:
        known(names).parent = _BUILTIN_NAMES
    source = text
    if not unary and text.lstrip().startswith("="):
        source = text.replace("=", " ", 1)
    tree = parse_unary(source, scope) if unary else parse(source, scope)
    compiler = Compiler(text, names & BUILTINS.keys())
    code = compiler.code(tree)
    return Expression(text, tree, code, compiler)


_BUILTIN_NAMES = Names(BUILTINS)
_kept = lru_cache(maxsize=4096)(_compiled)
MAX_KEPT = 4_000


def _computer_clock() -> datetime:
    return datetime.now(UTC)


def evaluate(
    text: str,
    context: Mapping[str, object],
    *,
    clock: Callable[[], datetime] | None = None,
    calendar: WorkingCalendar | None = None,
    strict: bool = False,
    warn: Callable[[Warning_], None] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> object:
    """The value of an expression whose names are the keys found anywhere in the context.

    Without *clock* the computer's own answers `now()`; a compiled expression never takes that by itself.

    Raises:
        FeelSyntaxError: the text is not FEEL.
        FeelError: a budget is used up, or in strict mode anything that would have been a warning.
    """
    expression = compile(text, names_in(dict(context)))
    clock = clock or _computer_clock
    return with_items(
        expression(context, clock=clock, calendar=calendar, strict=strict, warn=warn, limits=limits)
    )
