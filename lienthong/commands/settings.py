"""`lienthong settings`: every setting with its present value and meaning."""

import click

from engine import settings as all_settings
from engine.environment import process_environment
from lienthong.printing import as_json_option, print_json, print_table


@click.command(epilog="Example: LIENTHONG_WEB_PORT=9000 lienthong settings")
@as_json_option
@click.option("--changed", is_flag=True, help="Only those that differ from their default.")
def command(as_json: bool, changed: bool) -> None:
    """Print the effective settings; secrets only as set or not."""
    found = all_settings.read(process_environment())
    rows = [
        (variable, value)
        for variable, value in all_settings.effective(found)
        if not changed or value not in (variable.default, "")
    ]
    if as_json:
        print_json(
            [
                {
                    "name": variable.name,
                    "value": value,
                    "default": variable.default,
                    "meaning": variable.about,
                }
                for variable, value in rows
            ]
        )
        return
    print_table(
        ("SETTING", "VALUE", "MEANING"), [(row.name, _shown(value), row.about) for row, value in rows]
    )


def _shown(value: object) -> str:
    return (
        ":".join(str(part) for part in value)
        if isinstance(value, tuple)
        else ""
        if value is None
        else str(value)
    )
