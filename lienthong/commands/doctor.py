"""`lienthong doctor`: is everything as it must be?"""

import click

from engine import settings as all_settings
from engine.environment import process_environment
from lienthong.logs import configure_logs
from lienthong.printing import as_json_option, print_json, print_table


@click.command(epilog="Example: lienthong doctor --json")
@as_json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Check Python, disk, database, schema, clocks and partners; exit 1 when something is wrong."""
    from engine.storage.embedded import attach_or_start
    from lienthong.checks import examine

    settings = all_settings.read(process_environment())
    configure_logs(settings, "doctor")
    with attach_or_start(settings) as url:
        findings = list(examine(settings, url))
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
