"""The demonstration's stream: small, honest, and with one of everything.

Ordinary people, households, shared networks, namesakes and fans; mirrors from naive to wholly fresh (the last
are not meant to be caught); accounts prepared before their ban; ordinary accounts that turn into mirrors;
reinstatements; malformed messages. It spans thirty days; the caller sets the pace of a replay.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from simulate.config import Config
from simulate.timeline.events import Event
from simulate.timeline.stream import generate

SAMPLE_DAYS = 30.0
SAMPLE_ACCOUNTS_MIN = 200
"""Below that, not every sort of mirror and message would be in it."""


def sample_config(seed: int, accounts: int, ends_at: datetime) -> Config:
    """The demonstration's configuration: more mirrors, lifted bans and broken messages than in real life.

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


def sample(seed: int = 7, accounts: int = 2_000, *, ends_at: datetime) -> Iterator[Event]:
    """The sample's events in order of time, the last sign-ups just before ``ends_at``, with their labels."""
    return generate(sample_config(seed, accounts, ends_at))
