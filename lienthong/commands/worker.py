"""`lienthong worker`: applies events, sends calls, runs background jobs."""

import threading

import click

from lienthong.roles import asked_to_stop, opened


@click.command(epilog="Example: DATABASE_URL=postgresql://app@db/lienthong lienthong worker")
@click.option("--name", help="Marks this worker's leases; by default host, process and a random part.")
def command(name: str | None) -> None:
    """Work until Ctrl-C or SIGTERM, then finish what was begun. Start as many as wanted, on any machine."""
    stop = asked_to_stop()
    with opened("worker", serving=True) as system:
        worker = system.worker(name)
        working = threading.Thread(target=worker.run, name="worker")
        working.start()
        stop.wait()
        worker.stop()
        working.join()
