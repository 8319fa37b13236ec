"""Rotates the peppers of a file: adds a new current one, and later removes the old one.

All functions but :func:`replace_file` turn texts into texts. Comments and other lines of the file stay. The
line of a new pepper follows a comment that says since when it is current::

    # pepper 2 since 2026-11-24T12:00:00+00:00
    pepper 2 0c77… current
"""

from __future__ import annotations

import os
import re
import secrets
from datetime import datetime
from pathlib import Path

from store.pepper.pepper import PEPPERS_MAX, SECRET_BYTES_MIN, UnusablePepper

_LINE = re.compile(r"^\s*pepper\s+(\d+)\s")
_SINCE = re.compile(r"^#\s*pepper\s+(\d+)\s+since\s+(\S+)\s*$")
_CURRENT = re.compile(r"(?<!\s)\s+current\s*$")
_NUMBER_MAX = 255


def rotated(text: str, at: datetime) -> tuple[str, int]:
    """The file with a fresh secret as its current one, and the secret's number. The old ones stay in force.

    Raises:
        UnusablePepper: as many peppers as allowed are in force; drop one first.
    """
    taken = numbers(text)
    if len(taken) >= PEPPERS_MAX:
        raise UnusablePepper(
            f"{PEPPERS_MAX} peppers are in force, the most allowed: `samehand pepper drop NUMBER` first"
        )
    # Never the number of a pepper that was just dropped: stored fingerprints name their pepper by number.
    # All pepper numbers, beginning after ``last``, with 1 after the highest.
    last = max(taken, default=0)
    number = next(
        free for free in [(last + step) % _NUMBER_MAX + 1 for step in range(_NUMBER_MAX)] if free not in taken
    )
    lines = [_CURRENT.sub("", line) if _LINE.match(line) else line for line in text.splitlines()]
    lines.append(f"# pepper {number} since {at.isoformat(timespec='seconds')}")
    lines.append(f"pepper {number} {secrets.token_hex(SECRET_BYTES_MIN)} current")
    return "\n".join(lines) + "\n", number


def without(text: str, number: int) -> str:
    """The file without one secret. The caller makes sure that it is not the current one."""
    lines = text.splitlines()
    kept = [line for line in lines if number not in (_number(_LINE, line), _number(_SINCE, line))]
    return "\n".join(kept) + "\n"


def numbers(text: str) -> list[int]:
    """The numbers of the peppers in a file, in its order."""
    by_line = [_number(_LINE, line) for line in text.splitlines()]
    return [number for number in by_line if number is not None]


def since(text: str, number: int) -> datetime | None:
    """Since when a pepper is current; ``None`` if the file does not say (it never does for the first one)."""
    for line in text.splitlines():
        match = _SINCE.match(line)
        if match and int(match.group(1)) == number:
            try:
                at = datetime.fromisoformat(match.group(2))
            except ValueError:
                return None
            return at if at.tzinfo else None
    return None


def replace_file(path: Path, text: str) -> None:
    """Replaces a file's content atomically and keeps its mode. Raises ``OSError``."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(path.stat().st_mode & 0o777)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _number(form: re.Pattern[str], line: str) -> int | None:
    match = form.match(line)
    return int(match.group(1)) if match else None
