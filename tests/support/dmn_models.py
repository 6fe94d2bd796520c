"""Small DMN models, written from the parts that a test is about."""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

HEAD = '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" namespace="urn:test" name="test" id="test">'


def model(*parts: str, head: str = HEAD) -> bytes:
    """A DMN file of these elements."""
    return f"{head}\n{''.join(parts)}\n</definitions>".encode()


def data(name: str, type_name: str = "") -> str:
    """An input."""
    typed = f' typeRef="{type_name}"' if type_name else ""
    return f'<inputData id="{name}" name="{name}"><variable name="{name}"{typed}/></inputData>'


def decision(
    name: str, logic: str, needs: Sequence[str] = (), type_name: str = "", knows: Sequence[str] = ()
) -> str:
    """A decision that needs inputs or decisions, by their ids (decisions begin with `d_`)."""
    required = "".join(
        f'<informationRequirement><required{"Decision" if need.startswith("d_") else "Input"} href="#{need}"/>'
        "</informationRequirement>"
        for need in needs
    )
    required += "".join(
        f'<knowledgeRequirement><requiredKnowledge href="#{known}"/></knowledgeRequirement>'
        for known in knows
    )
    typed = f' typeRef="{type_name}"' if type_name else ""
    return f'<decision id="d_{name}" name="{name}"><variable name="{name}"{typed}/>{required}{logic}</decision>\n'


def feel(text: str) -> str:
    """A literal expression."""
    return f"<literalExpression><text>{escape(text)}</text></literalExpression>"


def table(
    inputs: Sequence[tuple[str, str]],
    outputs: Sequence[str],
    rows: Sequence[Sequence[str]],
    policy: str = "UNIQUE",
    extra: str = "",
) -> str:
    """A decision table: inputs as (expression, type), outputs as XML attributes, rows of cells."""
    columns = "".join(
        f'<input><inputExpression typeRef="{kind}"><text>{escape(text)}</text></inputExpression></input>'
        for text, kind in inputs
    )
    columns += "".join(
        output if output.startswith("<") else f"<output name={quoteattr(output)}/>" for output in outputs
    )
    rules = "\n".join(_rule(number, row, len(inputs)) for number, row in enumerate(rows, 1))
    return f'<decisionTable hitPolicy="{policy}"{extra}>{columns}\n{rules}</decisionTable>'


def _rule(number: int, row: Sequence[str], inputs: int) -> str:
    cells = [
        f"<{'inputEntry' if at < inputs else 'outputEntry'}><text>{escape(cell)}</text>"
        f"</{'inputEntry' if at < inputs else 'outputEntry'}>"
        for at, cell in enumerate(row)
    ]
    return f'<rule id="r{number}">{"".join(cells)}</rule>'
