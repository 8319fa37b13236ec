"""The secrets under which personal values become digests, read from files.

A file holds one secret per line; empty lines and lines that start with ``#`` are skipped::

    identity 2f6c…                 64 hex digits or more
    pepper 1 9a41…
    pepper 2 0c77… current

``pepper`` lines key personal values (e-mail, phone, device, …). All of them are in force: accounts are
distilled and looked up under each (dual read). The ``current`` one comes first; a single one needs no mark. A
rotation adds a line as current, waits until ``rebuild`` has run or the accounts remembered under the old
pepper have expired, and removes the old line. ``identity`` keys the store's own hashes (of account ids and
blocking keys); it changes only together with a rebuild.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Literal

from samehand.fingerprint.distil import Keyer

SECRET_BYTES_MIN = 32
DIGEST_BYTES = 10  # 80 bits: a billion values collide with a chance of one in two million
PEPPERS_MAX = 4  # each one in force multiplies the work of an event; a rotation needs two
_FILE_BYTES_MAX = 65_536


Unusable = Literal["missing", "mode", "unreadable", "content"]
"""What is wrong with a pepper file: each has its own remedy."""


class UnusablePepper(ValueError):  # says what happened; "error" would add nothing
    """A pepper file is missing, unreadable, malformed, or open to all users. Never quotes a secret."""

    def __init__(self, message: str, kind: Unusable = "content") -> None:
        super().__init__(message)
        self.kind: Unusable = kind


@dataclass(frozen=True, slots=True)
class Pepper:
    """One secret and its number (1 to 255), which stored fingerprints carry."""

    pepper_id: int
    secret: bytes = field(repr=False)
    # An HMAC for each domain, to be copied: starting one with the secret costs more than hashing a value.
    _begun: dict[str, hmac.HMAC] = field(default_factory=dict, init=False, repr=False, compare=False)

    def digest(self, domain: str, value: bytes) -> bytes:
        """HMAC-SHA256 of a value within a domain (a name from our code), cut to 10 bytes."""
        begun = self._begun.get(domain)
        if begun is None:
            name = domain.encode()
            begun = self._begun[domain] = hmac.new(self.secret, bytes((len(name),)) + name, sha256)
        keyed = begun.copy()
        keyed.update(value)
        return keyed.digest()[:DIGEST_BYTES]


@dataclass(frozen=True, slots=True)
class Peppers:
    """The secrets in force: ``peppers`` with the current one first, and the store's ``identity``."""

    identity: bytes = field(repr=False)
    peppers: tuple[Pepper, ...]

    @property
    def current(self) -> Pepper:
        """The pepper that comes first."""
        return self.peppers[0]

    @property
    def keyers(self) -> tuple[tuple[int, Keyer], ...]:
        """(pepper id, its keyer) for :func:`samehand.fingerprint.distil`, the current one first."""
        return tuple((pepper.pepper_id, pepper.digest) for pepper in self.peppers)


def read_peppers(paths: Sequence[Path]) -> Peppers:
    """Reads one file or several, which hold exactly one ``identity`` and at least one ``pepper`` together.

    Raises:
        UnusablePepper: says which file and line, and what is wrong with it.
    """
    identities: list[bytes] = []
    peppers: list[tuple[bool, Pepper]] = []
    for path in paths:
        for number, line in enumerate(_lines(path), 1):
            words = line.split()
            if words and not words[0].startswith("#"):
                _read_line(words, f"{path}, line {number}", identities, peppers)
    where = ", ".join(map(str, paths))
    if len(identities) != 1:
        raise UnusablePepper(f"{where}: {len(identities)} lines `identity`, and there must be exactly one")
    if not 1 <= len(peppers) <= PEPPERS_MAX:
        raise UnusablePepper(f"{where}: {len(peppers)} lines `pepper`, and there must be 1 to {PEPPERS_MAX}")
    if len({pepper.pepper_id for _, pepper in peppers}) != len(peppers):
        raise UnusablePepper(f"{where}: two lines `pepper` have the same number")
    marked = sum(current for current, _ in peppers)
    if marked > 1 or (marked == 0 and len(peppers) > 1):
        raise UnusablePepper(
            f"{where}: {marked} lines `pepper` are marked `current`, and exactly one must be"
        )
    ordered = sorted(peppers, key=lambda pepper: not pepper[0])
    return Peppers(identities[0], tuple(pepper for _, pepper in ordered))


def new_pepper_file() -> str:
    """The text of a new file with fresh secrets, for a first start."""
    return (
        "# samehand: secrets under which personal values are kept. Keep it, and keep it to yourself:\n"
        "# without it nothing that is stored can be found again.\n"
        f"identity {secrets.token_hex(SECRET_BYTES_MIN)}\n"
        f"pepper 1 {secrets.token_hex(SECRET_BYTES_MIN)} current\n"
    )


def write_pepper_file(path: Path) -> None:
    """Makes a new file that only its owner may read. Raises ``FileExistsError`` if there is one already."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(new_pepper_file())


def _lines(path: Path) -> list[str]:
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IROTH | stat.S_IWOTH):
            raise UnusablePepper(f"{path}: everybody may read or write it; run `chmod 600` on it", "mode")
        with path.open("rb") as file:
            raw = file.read(_FILE_BYTES_MAX + 1)
    except OSError as fault:
        kind: Unusable = "missing" if isinstance(fault, FileNotFoundError) else "unreadable"
        raise UnusablePepper(f"{path}: {fault.strerror}", kind) from fault
    if len(raw) > _FILE_BYTES_MAX:
        raise UnusablePepper(f"{path}: over {_FILE_BYTES_MAX:,} bytes, more than a pepper file may have")
    try:
        return raw.decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise UnusablePepper(f"{path}: has a byte that is not ASCII") from None


def _read_line(
    words: Sequence[str], where: str, identities: list[bytes], peppers: list[tuple[bool, Pepper]]
) -> None:
    match words:
        case ["identity", secret]:
            identities.append(_secret(secret, where))
        case ["pepper", number, secret, *rest] if rest in ([], ["current"]):
            if not (number.isascii() and number.isdecimal() and 1 <= int(number) <= 255):
                raise UnusablePepper(f"{where}: a pepper's number must be 1 to 255")
            peppers.append((bool(rest), Pepper(int(number), _secret(secret, where))))
        case _:
            raise UnusablePepper(f"{where}: expected `identity HEX` or `pepper NUMBER HEX [current]`")


def _secret(text: str, where: str) -> bytes:
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        raise UnusablePepper(f"{where}: the secret must be hexadecimal digits, two a byte") from None
    if len(secret) < SECRET_BYTES_MIN:
        raise UnusablePepper(
            f"{where}: the secret has {len(secret)} bytes; it needs {SECRET_BYTES_MIN} or more"
        )
    return secret
