"""Runs engine calls so that Ctrl-C is noticed while they work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from thalweg import _core

T = TypeVar("T")


def interruptible(call: Callable[[_core.Stop], T]) -> T:
    """Calls `call(stop)` on a thread and waits.

    KeyboardInterrupt stops it, and is raised once it has ended.
    """
    stop = _core.Stop()
    outcome: list[T] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(call(stop))
        except BaseException as error:  # Handed to the caller's thread, whatever it is.
            failure.append(error)

    thread = threading.Thread(target=work, name="thalweg-run")
    thread.start()
    interrupt: KeyboardInterrupt | None = None
    while thread.is_alive():
        try:
            thread.join(0.1)
        except KeyboardInterrupt as error:
            interrupt = error
            stop.request()
    if interrupt is not None:
        raise interrupt
    if failure:
        raise failure[0]
    return outcome[0]
