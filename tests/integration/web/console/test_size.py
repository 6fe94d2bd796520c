"""With 100,000 dossiers and 500,000 calls every list is answered in time.

Other work on the machine can only add to it: a list that was late is asked for again, and must then be in time.
"""

import pytest

from tests.support import many_rows
from tests.support.console import Visitor
from tests.support.counter import Counter

LIMIT_MS = 300.0
AGAIN = 3


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_every_list_is_answered_in_time(counter: Counter) -> None:
    many_rows.fill(counter)
    admin = Visitor(counter, "admin")
    late = dict.fromkeys(many_rows.PATHS, 0.0)
    for _ in range(AGAIN):
        found = {path: many_rows.p95_ms(admin, path) for path in late}
        late = {path: round(ms) for path, ms in found.items() if ms > LIMIT_MS}
    assert late == {}
