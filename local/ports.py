"""Loopback ports that stay ours while their server is down.

Asking the kernel for a free port gives one of the ephemeral range. In fault tests that goes wrong: while
the server is down, a client that retries may be given that very port as its *own* address, connect to itself
and keep the server from coming back. So ports are taken from below that range, and each is held by a lock
file for as long as this process lives, lest another test worker takes it between kill and restart.
"""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

LOOPBACK = "127.0.0.1"
EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
EPHEMERAL_FIRST_DEFAULT = 32_768  # Linux's default, where the file can't be read
FIRST_PORT = 15_000  # above what well-known servers take
TRIES_MAX = 200  # of some 17,000 ports; when 200 random ones are taken, something else is wrong


class NoFreePort(RuntimeError):  # names a state of the machine, as `StoreUnavailable` does
    """No loopback port was free in :data:`TRIES_MAX` tries."""


class Port:
    """A loopback port, kept from other processes of this user until :meth:`release` or our death."""

    def __init__(self, number: int, lock: IO[bytes]) -> None:
        self.number = number
        self._lock = lock

    def release(self) -> None:
        self._lock.close()


def take_port() -> Port:
    """A port on which nobody listens and which no other process has taken by this function.

    Raises :class:`NoFreePort`.
    """
    dice = (
        random.SystemRandom()
    )  # test workers seed the shared generator alike: they would collide every time
    last = _last_port()
    for _ in range(TRIES_MAX):
        number = dice.randint(FIRST_PORT, last)
        lock = _lock(number)
        if lock is None:
            continue
        if _is_free(number):
            return Port(number, lock)
        lock.close()
    raise NoFreePort(f"no free loopback port between {FIRST_PORT} and {last} in {TRIES_MAX} tries")


def _last_port() -> int:
    try:
        first_ephemeral = int(EPHEMERAL_RANGE.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        first_ephemeral = EPHEMERAL_FIRST_DEFAULT
    # Where the range was widened to nearly everything there is no room below it: then as if it had not been.
    return (first_ephemeral if first_ephemeral > FIRST_PORT + 1_000 else EPHEMERAL_FIRST_DEFAULT) - 1


def _lock(number: int) -> IO[bytes] | None:
    folder = Path(tempfile.gettempdir()) / f"samehand-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = (folder / str(number)).open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def _is_free(number: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as servers do: ports in TIME_WAIT are free
        try:
            probe.bind((LOOPBACK, number))
        except OSError:
            return False
    return True
