"""Settings of delivery: batches, dead letters that stop a topic, and the end of a process."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, Field

from streams.settings.fields import Count, Share

SHARE_MAX: Final = 0.20
WINDOW_RECORDS: Final = 1_000
LETTERS_AT_LEAST: Final = 100
"""When dead letters stop a topic (:mod:`streams.deadletters.limit`)."""


class DeliverySettings(BaseModel):
    """How events become batches, and what stops them."""

    batch_records: int = Field(500, ge=1, le=5000, description="Most records in one batch.")
    linger_ms: float = Field(
        1.0, ge=0.0, le=1000.0, description="How long a lone event waits for company, in milliseconds."
    )
    letters_share: Share = Field(
        SHARE_MAX, description="Share of dead letters above which a topic stops; 1.0 never stops."
    )
    letters_window: Count = Field(
        WINDOW_RECORDS, le=1_000_000, description="Last records the share is taken over."
    )
    letters_at_least: int = Field(LETTERS_AT_LEAST, ge=0, description="Dead letters that never stop a topic.")
    stop_seconds: float = Field(
        20.0,
        ge=1.0,
        le=600.0,
        description="Longest graceful stop; then the process ends with its batch uncommitted.",
    )
