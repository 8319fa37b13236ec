"""What a key may do, as text in the file of keys and in commands: `score`, `events:created@app`.

`appeals@PLATFORM` relays appeals of one platform's holders, `appeals` those of all.
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
        pattern=r"^(score|alerts|verdicts|related|appeals(@[a-z0-9_.-]{1,32})?"
        r"|events(:[a-z][a-z-]{0,31}(@[a-z0-9_.-]{1,32})?)?)$(?!\n)"
    ),
]

FORMS: Final = (*PLAIN, "appeals@PLATFORM", "events:KIND", "events:KIND@PLATFORM")
"""As people write them."""


def fault_of(right: str) -> str:
    """Why a new key cannot have a right, "" when it can."""
    name, at, platform = right.partition("@")
    kind = name.removeprefix(f"{EVENTS}:")
    if right in (*PLAIN, EVENTS):
        return ""
    if name == "appeals" or kind not in (name, ""):
        if name != "appeals" and kind not in KINDS:
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


def covers(may: Iterable[str], right: str, platform: str | None = None) -> bool:
    """Returns whether rights include `appeals` or `events:KIND`, for a platform, or where none is given for
    any.
    """
    for granted in may:
        name, at, its_platform = granted.partition("@")
        everything = name == EVENTS and right.startswith(f"{EVENTS}:")
        if (name == right or everything) and (not at or platform in (None, its_platform)):
            return True
    return False
