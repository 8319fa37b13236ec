"""Files of a small platform: a ban, its mirror, and strangers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from schemas.record import Record
from tests.cli.running import jsonl
from tests.makers import NOON, a_ban, a_sign_up

PERSON: dict[str, Any] = {
    "handle": "umar.media.channel",
    "display_name": "Umar Media",
    "bio": "Updates daily. Backup: t.me/umar_backup",
    "device_id": "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b",
    "email": "umar.media@example.org",
}
"""A banned account that came back unchanged."""


def strangers(count: int) -> list[Record]:
    """Accounts that have nothing to do with anybody, one a minute after noon."""
    return [
        a_sign_up(
            f"stranger-{number}",
            at=NOON + timedelta(minutes=number + 1),
            handle=f"{'abcdefghij'[number % 10] * 3}{number}q",
            device_id=f"00000000-0000-4000-8000-{number:012d}",
        )
        for number in range(count)
    ]


def a_platform(folder: Path, *sign_ups: Record, bans: tuple[Record, ...] = ()) -> tuple[Path, Path]:
    """A file of sign-ups and one of bans: by default one mirror among ten strangers."""
    events = sign_ups or (a_sign_up("mirror", at=NOON + timedelta(hours=1), **PERSON), *strangers(10))
    banned = bans or (a_ban("banned", **PERSON),)
    return jsonl(folder / "sign-ups.jsonl", *events), jsonl(folder / "bans.jsonl", *banned)
