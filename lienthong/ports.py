"""Finding free TCP ports for the processes of `lienthong run`."""

import socket

from engine.errors import SettingsError


def next_free_port(host: str, wanted: int, tries: int = 50) -> int:
    """*wanted* when nobody listens there, else the next one that is free; 0 gives any.

    Raises:
        SettingsError: none of *tries* ports from *wanted* on can be had on *host*.
    """
    for port in range(wanted, min(wanted + tries, 65_536) if wanted else 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise SettingsError(name="LIENTHONG_WEB_PORT", reason=f"no free port from {wanted} on at {host}")


def claim_port(host: str, wanted: int) -> tuple[int, socket.socket]:
    """As `next_free_port`; as long as the socket lives, no other system on this machine claims the same port.

    It is an abstract socket of the kernel: without it, two systems that start at the same moment both find 8080 free, and
    the slower one takes the other's web for its own.

    Raises:
        SettingsError: no port can be had.
    """
    while True:
        port = next_free_port(host, wanted)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0lienthong-port-{port}")
        except OSError:
            claim.close()
            wanted = port + 1 if wanted else 0
        else:
            return port, claim


def answers(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=0.2).close()
    except OSError:
        return False
    return True
