"""Admins that demote each other at the same moment: one is left, and the other is told so, not that the database failed."""

import threading

from engine import errors
from engine.actions import accounts
from tests.support.console import PASSWORD
from tests.support.counter import Counter

ROUNDS = 10


def demote(counter: Counter, account: int, start: threading.Barrier, told: list[str]) -> None:
    start.wait(10)
    try:
        accounts.change(
            counter.store, account, roles=["viewer"], unit=None, enabled=True, by="test", reason="race"
        )
        told.append("done")
    except errors.LienthongError as error:
        told.append(error.code)


def test_of_two_admins_demoted_at_once_one_is_left_and_the_other_is_told_why(counter: Counter) -> None:
    both = [
        accounts.create(counter.store, name, PASSWORD, roles=["admin"], by="test") for name in ("an", "binh")
    ]
    for _ in range(ROUNDS):
        with counter.store.transaction() as connection:
            connection.exec_driver_sql("UPDATE account SET roles = '[\"admin\"]'")
        told: list[str] = []
        start = threading.Barrier(2)
        threads = [threading.Thread(target=demote, args=(counter, one, start, told)) for one in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(told) == ["action-not-now", "done"]
        assert counter.scalar("SELECT count(*) FROM account WHERE roles @> '[\"admin\"]'") == 1
