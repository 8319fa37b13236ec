"""Passwords, and the argon2id hashes that are kept of them."""

from __future__ import annotations

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from desk.errors import UnusableInput

CHARS_MIN: Final = 12
"""NIST SP 800-63B asks for no rules about which characters, but for length."""

CHARS_MAX: Final = 256
"""A passphrase of forty words; without a limit hashing a megabyte is everybody's to ask for."""

_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's parameters for argon2id. One lane: the threads of several wait for one another on a busy machine,
and what takes 20 ms takes many seconds."""

NOBODY: Final = _hasher.hash("nobody's password, so that a name which is not there takes as long")


def fault_of(password: str) -> str:
    """Why a password cannot be taken, "" when it can."""
    if not CHARS_MIN <= len(password) <= CHARS_MAX:
        return f"a password has {CHARS_MIN} to {CHARS_MAX} characters"
    return ""


def checked(password: str) -> str:
    """Hashes a new password, in about 20 ms: not within a transaction. Raises `UnusableInput`."""
    if fault := fault_of(password):
        raise UnusableInput("password", fault)
    return hashed(password)


def hashed(password: str) -> str:
    """What is kept of a password. Takes some 20 ms, on purpose."""
    return _hasher.hash(password)


def matches(kept: str, password: str) -> bool:
    """Returns whether it is the one. Takes as long as :func:`hashed`."""
    if len(password) > CHARS_MAX:
        return False
    try:
        return _hasher.verify(kept, password)
    except (Argon2Error, InvalidHashError):
        return False
