"""`lienthong web`: the REST interface, the partners' door and the console."""

import threading

import click

from lienthong.roles import asked_to_stop, opened


@click.command(
    epilog="Example: DATABASE_URL=postgresql://app@db/lienthong LIENTHONG_WEB_PORT=80 lienthong web"
)
def command() -> None:
    """Serve HTTP until Ctrl-C or SIGTERM; requests under way are finished."""
    from lienthong.serving import web_server

    stop = asked_to_stop()
    with opened("web", serving=True) as system:
        server = web_server(system.web(), system.settings.web)
        serving = threading.Thread(target=server.run, name="web")
        serving.start()
        stop.wait()
        server.close()
        serving.join()
