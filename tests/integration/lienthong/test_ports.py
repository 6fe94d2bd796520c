"""Two systems that start at the same moment never choose the same port."""

import socket

import pytest

from engine.errors import SettingsError
from lienthong.ports import claim_port, next_free_port


def test_a_claimed_port_is_not_claimed_twice_although_nobody_listens_there_yet() -> None:
    wanted = next_free_port("127.0.0.1", 0)
    first, held = claim_port("127.0.0.1", wanted)
    second, other = claim_port("127.0.0.1", wanted)
    assert first == wanted
    assert second > first
    held.close()
    other.close()
    again, held = claim_port("127.0.0.1", wanted)
    held.close()
    assert again == wanted


def test_behind_the_last_port_there_is_none() -> None:
    with socket.socket() as last:
        last.bind(("127.0.0.1", 65_535))
        last.listen()
        with pytest.raises(SettingsError, match="no free port"):
            next_free_port("127.0.0.1", 65_535)
