"""What all records have in common."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct


class Record(Struct, frozen=True, kw_only=True):
    """A message of a topic. Immutable; lists are tuples; an absent optional field is None or empty."""

    MOMENTS: ClassVar[tuple[str, ...]] = ()
    """Fields that tell when something happened, so that they cannot lie in the future."""
    FORESEEN: ClassVar[tuple[str, ...]] = ()
    """Fields that tell when something will happen."""

    def fault(self) -> tuple[str, str] | None:
        """The path and the nature of a contradiction between fields, if there is one."""
        return None
