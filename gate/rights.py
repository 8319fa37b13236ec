"""What a key may do, as text in the file of keys and in commands: `score`, `events:created@app`.

`events:KIND` publishes records of one kind for every platform, `events:KIND@PLATFORM` for one. Bare `events`
publishes every kind for every platform; it is the former kind, which keys that have it keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Final, get_args

from msgspec import Meta

from schemas.mapping.fields import Kind

PLAIN: Final = ("score", "alerts", "verdicts", "appeals", "related")
"""Those without a kind."""
EVENTS: Final = "events"
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_PLATFORM: Final = re.compile(r"[a-z0-9_.-]{1,32}")

May = Annotated[
    str,
    Meta(
        pattern=r"^(score|alerts|verdicts|appeals|related"
        r"|events(:[a-z][a-z-]{0,31}(@[a-z0-9_.-]{1,32})?)?)$(?!\n)"
    ),
]

FORMS: Final = (*PLAIN, "events:KIND", "events:KIND@PLATFORM")
"""As people write them."""


def fault_of(right: str) -> str:
    """Why a new key cannot have a right, "" when it can."""
    name, _, rest = right.partition(":")
    kind, at, platform = rest.partition("@")
    if right in (*PLAIN, EVENTS):
        return ""
    if name == EVENTS and rest:
        if kind not in KINDS:
            return f"{right}: the kind must be one of {', '.join(KINDS)}"
        if at and not _PLATFORM.fullmatch(platform):
            return f"{right}: a platform has up to 32 of a to z, 0 to 9, `_`, `.` and `-`"
        return ""
    return f"must be one or more of {', '.join(FORMS)}, separated by commas"


def clash_of(may: Iterable[str]) -> str:
    """Why no new key may have these rights together, "" when one may.

    A key for sign-ups lies with the platform's web servers: who steals it must not ask who is like whom.
    """
    return "a key that scores may not ask who is related: make two" if {"score", "related"} <= {*may} else ""


def publishes(may: Iterable[str], kind: str, platform: str | None = None) -> bool:
    """Whether rights let a record of a kind through: for that platform, or where none is given for any."""
    for right in may:
        if right == EVENTS:
            return True
        name, _, rest = right.partition(":")
        its_kind, at, its_platform = rest.partition("@")
        if name == EVENTS and its_kind == kind and (not at or platform in (None, its_platform)):
            return True
    return False
