"""What a simulated platform looks like: sizes, shares and the span of time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from simulate.evasion.edits import EDIT_SETS
from simulate.evasion.lookalikes import INNOCENT_SHARES
from simulate.evasion.strategies import STRATEGIES
from simulate.population.people import LANGUAGE_WEIGHTS


@dataclass(frozen=True, slots=True)
class Config:
    """One run. The same configuration always gives the same events, byte for byte.

    ``accounts`` sign-ups happen within ``days`` of ``start``, of them ``mirror_share`` mirrors. ``bans`` are
    further bans without a mirror (default: one for every ten sign-ups), half of them older than ``start``.
    ``channels`` are banned channels and groups, after each of which another signs up, every other one a
    mirror; they come on top of ``accounts``.
    ``edits`` is ``tuning``, ``validation`` or ``held_out``. All ``*_share`` are of sign-ups, but
    ``reinstated_share`` of the further bans.
    """

    seed: int = 1
    accounts: int = 100_000
    start: datetime = datetime(2026, 10, 1, tzinfo=UTC)
    days: float = 30.0
    mirror_share: float = 0.005
    bans: int | None = None
    channels: int = 0
    edits: str = "tuning"
    languages: Mapping[str, float] = field(default_factory=lambda: LANGUAGE_WEIGHTS)
    strategy_weights: Mapping[int, float] = field(default_factory=lambda: dict.fromkeys(range(1, 9), 1.0))
    innocent_shares: Mapping[str, float] = field(default_factory=lambda: INNOCENT_SHARES)
    prepared_share_of_mirrors: float = 0.08
    updated_share_of_mirrors: float = 0.08
    household_share: float = 0.1
    update_share: float = 0.02
    deletion_share: float = 0.01
    reinstated_share: float = 0.01
    malformed_share: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated, by name."""
        if self.accounts < 1 or self.days <= 0:
            raise ValueError("accounts and days must be positive")
        if self.bans is not None and self.bans < 0:
            raise ValueError("bans must not be negative")
        if self.channels < 0:
            raise ValueError("channels must not be negative")
        if not 0 <= self.mirror_share <= 0.5:
            raise ValueError("mirror_share must lie between 0 and 0.5")
        if self.edits not in EDIT_SETS:
            raise ValueError(f"edits must be one of {', '.join(EDIT_SETS)}")
        if not set(self.strategy_weights) <= {strategy.number for strategy in STRATEGIES}:
            raise ValueError("strategy_weights has a number that is no strategy's")
        if self.start.tzinfo is None:
            raise ValueError("start must have a timezone")

    @property
    def start_seconds(self) -> float:
        return self.start.timestamp()

    @property
    def end_seconds(self) -> float:
        return self.start_seconds + self.days * 86_400

    @property
    def mirrors(self) -> int:
        return round(self.accounts * self.mirror_share)

    @property
    def further_bans(self) -> int:
        return self.accounts // 10 if self.bans is None else self.bans


SAMPLE_DAYS = 30.0
SAMPLE_ACCOUNTS_MIN = 200
"""Below that, not every sort of mirror and message would be in it."""


def sample_config(seed: int, accounts: int, ends_at: datetime) -> Config:
    """The demonstration: more mirrors, lifted bans and broken messages than in real life, in thirty days.

    It has one of everything, from naive mirrors to wholly fresh ones, which are not meant to be caught.

    Raises ``ValueError`` below ``SAMPLE_ACCOUNTS_MIN`` accounts.
    """
    if accounts < SAMPLE_ACCOUNTS_MIN:
        raise ValueError(f"the sample needs {SAMPLE_ACCOUNTS_MIN} accounts or more")
    return Config(
        seed=seed,
        accounts=accounts,
        start=ends_at - timedelta(days=SAMPLE_DAYS),
        days=SAMPLE_DAYS,
        # A person watching for half a minute wants to see several of each.
        mirror_share=max(0.02, 24 / accounts),
        prepared_share_of_mirrors=0.12,
        updated_share_of_mirrors=0.12,
        reinstated_share=0.1,
        malformed_share=0.02,
    )
