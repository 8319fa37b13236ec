"""One message of the stream, and the truth about it."""

from enum import StrEnum
from typing import NamedTuple

from schemas.record import Record


class PlatformTopic(StrEnum):
    """The topics a platform writes to, without prefix."""

    CREATED = "accounts.created"
    UPDATED = "accounts.updated"
    DELETED = "accounts.deleted"
    BANNED = "accounts.banned"
    REINSTATED = "accounts.reinstated"


class Truth(NamedTuple):
    """One mirror and the banned account behind which the same person stood."""

    platform: str
    account_id: str
    banned_platform: str
    banned_account_id: str
    strategy: int
    way: str
    """``forward`` (signed up after the ban), ``lookback`` (before it) or ``update`` (renamed after it)."""
    banned_at: float
    appeared_at: float


class EventLabel(NamedTuple):
    """What an event is about, for judging; nothing of it is in the record."""

    kind: str
    """Of an account ``ordinary``, ``mirror``, ``malformed``, ``reinstated``, a kind of look-alike or a scene
    of channels, or ``wave`` in the demo; of a ban ``banned``, or ``lifted`` where it is reinstated before the
    stream ends."""
    language: str
    truth: Truth | None = None
    resembles: str | None = None
    """For an innocent look-alike: the key of the banned account."""


class SimulatedEvent(NamedTuple):
    """A message at a time (Unix seconds): a record, or raw bytes that are none."""

    at: float
    topic: PlatformTopic
    key: str
    value: Record | bytes
    label: EventLabel
