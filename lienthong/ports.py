"""Finding free TCP ports for the processes of `lienthong run`."""

import socket

from engine.errors import SettingsError


def next_free_port(host: str, wanted: int, tries: int = 50) -> int:
    """*wanted* when nobody listens there, else the next one that is free; 0 gives any.

    Raises:
        SettingsError: none of *tries* ports from *wanted* on can be had on *host*.
    """
    for port in range(wanted, wanted + tries if wanted else 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise SettingsError(name="LIENTHONG_WEB_PORT", reason=f"no free port from {wanted} on at {host}")


def answers(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=0.2).close()
    except OSError:
        return False
    return True
