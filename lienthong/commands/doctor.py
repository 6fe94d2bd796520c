"""`lienthong doctor`: is everything as it must be?"""

import click

from lienthong.printing import as_json_option, print_json, print_table
from lienthong.roles import opened


@click.command(epilog="Example: lienthong doctor --json")
@as_json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Check Python, disk, database, schema, clocks, backups and partners; exit 1 when something is wrong."""
    from lienthong.checks import examine

    with opened("doctor") as system:
        findings = list(examine(system))
    if as_json:
        print_json(
            [
                {"check": it.check, "ok": it.ok, "saw": it.saw, "remedy": "" if it.ok else it.remedy}
                for it in findings
            ]
        )
    else:
        rows = [
            (it.check, "ok" if it.ok else "WRONG", it.saw if it.ok else f"{it.saw} -> {it.remedy}")
            for it in findings
        ]
        print_table(("CHECK", "", "SEEN"), rows)
    ctx.exit(0 if all(it.ok for it in findings) else 1)
