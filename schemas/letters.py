"""Records that could not be processed, with their address."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final

from msgspec import Meta

from schemas import fields
from schemas.record import Record

VALUE_BYTES_MAX: Final = 512 * 1024
"""683 KiB as base64, so that a letter stays within the 1 MiB that brokers take; beyond it, the address."""

KEY_BYTES_MAX: Final = 2 * 1024
"""The longest legal key, `platform:account_id` in UTF-8, is 1,057 bytes."""


class DeadLetter(Record, frozen=True, kw_only=True):
    """A record that could not be processed: where it lies, what it was, and why.

    `key` and `value` (base64) may hold raw personal values; `reason`, `path` and `detail` never do, nor
    does `repr`.
    """

    MOMENTS: ClassVar[tuple[str, ...]] = ("at",)

    topic: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9._-]{1,249}$(?!\n)", description="As Kafka names topics.")
    ]
    partition: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    offset: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    key: Annotated[bytes, Meta(max_length=KEY_BYTES_MAX)] | None = None
    value: Annotated[bytes, Meta(max_length=VALUE_BYTES_MAX)] | None = None
    value_bytes: Annotated[
        fields.Count,
        Meta(description="Size of the value; with `value` null and this above 0, read the source topic."),
    ] = 0
    reason: Annotated[
        str, Meta(pattern=r"^[a-z0-9-]{1,64}$(?!\n)", description="A code, fit for a metric label.")
    ]
    path: Annotated[str, Meta(max_length=256, description="JSON path of the fault.")] = "$"
    detail: Annotated[str, Meta(max_length=256, description="One phrase for a person; quotes nothing.")] = ""
    at: fields.Moment
    endpoint: (
        Annotated[
            fields.Slug,
            Meta(description="The endpoint of `samehand deliver` that refused it; others may have taken it."),
        ]
        | None
    ) = None

    @property
    def address(self) -> str:
        """`topic:partition:offset`, and `@endpoint` where it is a letter of one endpoint alone."""
        whose = "" if self.endpoint is None else f"@{self.endpoint}"
        return f"{self.topic}:{self.partition}:{self.offset}{whose}"

    def __repr__(self) -> str:
        return f"DeadLetter(address={self.address!r}, reason={self.reason!r}, path={self.path!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("address", self.address), ("reason", self.reason), ("path", self.path)]
