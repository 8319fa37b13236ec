"""Settings of retention: how long, and how much, is remembered."""

from __future__ import annotations

from pydantic import BaseModel, Field


class RetentionSettings(BaseModel):
    """How long accounts and alerts are remembered, and within which memory."""

    remember_days: int = Field(
        30, ge=1, le=365, description="Days that new accounts are remembered for later bans."
    )
    remember_megabytes: int = Field(
        1_000,
        ge=1,
        le=10_000_000,
        description="Memory for remembered accounts; beyond it the oldest are forgotten.",
    )
    quote_bio: bool = Field(
        False,
        description="Keep self-descriptions of bans and remembered accounts, redacted, for alerts to quote.",
    )
    count_lag_hours: int = Field(
        24,
        ge=0,
        le=720,
        description="Hours until what accounts show makes it common; what others hand out does at once.",
    )
    dedup_days: int = Field(
        35,
        ge=1,
        le=400,
        description="Days that a lifted ban is known; at least as long as accounts are remembered.",
    )
