"""The record by which `enrol` has `lookback` search the remembered accounts."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from schemas import fields
from schemas.accounts import Version
from schemas.keys import OfAccount
from schemas.record import Record


class BanEnrolled(OfAccount, Record, frozen=True, kw_only=True):
    """The fingerprint of a banned account is in the store: look for accounts that are remembered.

    It comes again when a withdrawn alert has freed a place. The profile is left out on purpose: the
    fingerprint is read from the store, and no personal value travels twice.
    """

    MOMENTS: ClassVar[tuple[str, ...]] = ("occurred_at", "banned_at", "freed_at")

    platform: fields.Platform
    account_id: fields.AccountId
    banned_at: fields.Moment | None = None
    occurred_at: fields.Moment
    freed_at: (
        Annotated[fields.Moment, Meta(description="When the alert was withdrawn that has freed a place.")]
        | None
    ) = None
    version: Version = 1

    @property
    def at(self) -> float:
        """When the ban occurred, in Unix seconds."""
        return self.occurred_at.timestamp()
