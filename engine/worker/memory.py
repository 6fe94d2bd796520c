"""Python's collector in a process that keeps thousands of live instances: told to look through them seldom.

Instances hold cycles and live long; by default every few events pay for looking through all of them.
"""

import gc

YOUNG, MIDDLE, OLD = 20_000, 10, 20


def settle_collector() -> None:
    """Call it once everything is loaded: what is there now is never looked through again, and the rest seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
