"""The command line: finds the verb, runs it, and turns every error into one line with its remedy.

What a verb does is in `lienthong.commands`, one module each, imported only when it is used.
"""

from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

import click

from engine.errors import LienthongError, SettingsError
from lienthong import __version__, commands
from lienthong.printing import told

OK, FAILED, BAD_USAGE, INTERRUPTED = 0, 1, 2, 130


class Verbs(click.Group):
    """A group whose commands are the modules of `lienthong.commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(module.name.replace("_", "-") for module in iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = import_module(f"lienthong.commands.{cmd_name.replace('-', '_')}")
        found: click.Command = module.command
        return found


@click.command(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: lienthong run --simulate",
)
@click.version_option(__version__, prog_name="lienthong")
def lienthong() -> None:
    """Interagency procedures as BPMN, carried between agencies without losing or doubling one dossier.

    Every command says more with --help. Settings are LIENTHONG_… variables: see `lienthong settings`.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command line; its exit code: 0 ok, 1 it failed, 2 bad usage, 130 interrupted."""
    try:
        code = lienthong.main(list(arguments), prog_name="lienthong", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as exc:
        click.echo(exc.format_message(), err=True)
        return BAD_USAGE
    except click.UsageError as exc:
        path = exc.ctx.command_path if exc.ctx else "lienthong"
        return _complain(exc.format_message().rstrip("."), f"see `{path} --help`", BAD_USAGE)
    except click.ClickException as exc:
        return _complain(exc.format_message(), "", FAILED)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except LienthongError as exc:
        return _complain(told(exc), exc.remedy, BAD_USAGE if isinstance(exc, SettingsError) else FAILED)
    except OSError as exc:
        if exc.filename is None:
            raise
        return _complain(
            f"{exc.filename}: {exc.strerror}", "make it accessible, or choose another one", FAILED
        )
    return code if isinstance(code, int) else OK


def _complain(message: str, remedy: str, code: int) -> int:
    line = " ".join(f"lienthong: {message}{f' -> {remedy}' if remedy else ''}".split())
    click.echo(line, err=True)
    return code
