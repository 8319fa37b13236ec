"""What all records have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from msgspec import Struct


class Record(Struct, frozen=True, kw_only=True):
    """A message of a topic. Immutable; lists are tuples; an absent optional field is None or empty."""

    MOMENTS: ClassVar[tuple[str, ...]] = ()
    """Fields that tell when something happened, so that they cannot lie in the future."""
    FORESEEN: ClassVar[tuple[str, ...]] = ()
    """Fields that tell when something will happen."""

    VITAL: ClassVar[frozenset[str]] = frozenset()
    """Fields without which there is no record. Any other that cannot be used is left out, or stood in for.

    Empty where nothing may be left out: what this house wrote itself is right as a whole or not at all.
    """

    @classmethod
    def stand_in(cls, field: str, known: Mapping[str, Any]) -> Any:
        """What stands for a required field that is not vital, by what is known of the record."""
        raise TypeError(
            f"{cls.__name__}.{field} is required: name it in VITAL, or say in stand_in what stands for it"
        )

    def fault(self) -> tuple[str, str] | None:
        """The path and the nature of a contradiction between fields, if there is one."""
        return None
