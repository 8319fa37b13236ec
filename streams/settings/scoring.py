"""Settings of scoring: thresholds by policy, weights, and who never alerts."""

from __future__ import annotations

from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, FilePath, model_validator

from streams.settings.fields import Probability

LIKELY: Final = 0.9
POSSIBLE: Final = 0.5
"""The shipped thresholds: nine in ten that one hand wrote both, and as likely as not."""


class PolicyBands(BaseModel):
    """Thresholds on the calibrated probability for bans under one policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    likely: Probability = LIKELY
    possible: Probability = POSSIBLE

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.possible > self.likely:
            raise ValueError("possible must not be above likely")
        return self


class ScoringSettings(BaseModel):
    """What alerts, and by which weights."""

    likely: Probability = Field(LIKELY, description="Least probability of the band `likely`.")
    possible: Probability = Field(
        POSSIBLE, description="Least probability of the band `possible`; below it no alert."
    )
    bands: dict[str, PolicyBands] = Field(
        default_factory=dict,
        description='Other thresholds by policy, as JSON: {"spam": {"likely": 0.95, "possible": 0.7}}.',
    )
    cross_platform: bool = Field(True, description="Whether bans match accounts of other platforms.")
    late_ban_hours: int = Field(
        24,
        ge=1,
        le=400_000,
        description="Bans published this long after they took effect count by the day; raise it for replays.",
    )
    shadow: bool = Field(False, description="Score and count, but publish to alerts.shadow alone.")
    allowlist: FilePath | None = Field(
        None, description="Accounts that never alert, one platform:account_id a line."
    )
    basis_rights: FilePath | None = Field(
        None,
        description="Rights by authority and programme, as TOML: may alert, may be quoted, may be exported.",
    )

    weights: FilePath | None = Field(
        None, description="Another table of weights, as `samehand learn` proposes; without it the shipped."
    )
    sample_share: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="Share of new accounts of which pairs below the bands go to alerts.sample; 0 is off.",
    )
    avatar_blocklist: FilePath | None = Field(
        None, description="Pictures that say nothing (defaults, stock): a PDQ hash in hexadecimal a line."
    )
