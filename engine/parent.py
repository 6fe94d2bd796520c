"""Ending with the process that started us, however that one ends: the kernel is asked to send a signal.

For child processes of every kind, the database's server and programs among them; who starts which is each caller's business.
Linux only, as the kernel's promise is.
"""

import ctypes
import os
import signal
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def follow(ending: signal.Signals = signal.SIGTERM) -> None:
    """Have this process sent *ending* when the one that started it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, ending)


def following(ending: signal.Signals) -> Callable[[], None]:
    """What a child does before it becomes its program: `follow` the thread that starts it, or end where that is over already.

    For `subprocess`'s ``preexec_fn``: two system calls, nothing that takes a lock; the library is loaded here, before the fork.
    """
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, ending)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel
