"""Banned channels and groups of the stream, and others that sign up and mirror or only resemble them."""

from __future__ import annotations

from random import Random

from simulate.config import Config
from simulate.delays import heavy_tailed, prepared
from simulate.evasion.channels import FRAMED, INNOCENTS, MIRRORS, NUMBERS, PLATFORM, Drawn, channel
from simulate.population.people import Population
from simulate.sampling import Weighted, seeded
from simulate.timeline import records
from simulate.timeline.events import EventLabel, PlatformTopic, SimulatedEvent, Truth

_RESEMBLING = {**INNOCENTS, **FRAMED}
_NAMES_EACH = 6
"""Handles tried for each pair of channels at most, for which names are kept free."""


def channel_events(config: Config) -> list[SimulatedEvent]:
    """The bans of ``config.channels`` channels and the sign-ups after them, in order of time.

    Every other one is a mirror. The scenes take turns, so that a few channels hold one of each.
    """
    rng = seeded(config.seed, "channels")
    population = Population(config.seed, _NAMES_EACH * config.channels)
    spoken = Weighted(list(config.languages), list(config.languages.values()))
    events: list[SimulatedEvent] = []
    for number in range(config.channels):
        language = spoken.pick(rng)
        banned, other = (channel(rng, population.account_id(), language, population) for _ in range(2))
        events += _pair(rng, config, Drawn(rng, number, banned, other))
    return sorted(events, key=lambda event: event.at)


def _pair(rng: Random, config: Config, drawn: Drawn) -> tuple[SimulatedEvent, SimulatedEvent]:
    turn, resembling = divmod(drawn.number, 2)
    scenes = _RESEMBLING if resembling else MIRRORS
    name = list(scenes)[turn % len(scenes)]
    new, former = scenes[name](drawn)
    start, end = config.start_seconds, config.end_seconds
    banned_at = start + rng.random() * (end - start)
    way, at = "forward", min(banned_at + heavy_tailed(rng), end)
    if not resembling and rng.random() < config.prepared_share_of_mirrors:
        way, at = "lookback", max(banned_at - prepared(rng), start)
    language = str(drawn.banned.locale)
    ban = records.banned_as(PLATFORM, former, banned_at, records.POLICIES.pick(rng))
    sign_up = records.created_as(PLATFORM, new, at)
    pair = (PLATFORM, new.account_id, PLATFORM, former.account_id)
    label = (
        EventLabel(name, language, resembles=ban.key)
        if resembling
        else EventLabel("mirror", language, Truth(*pair, NUMBERS[name], way, banned_at, at))
    )
    return (
        SimulatedEvent(banned_at, PlatformTopic.BANNED, ban.key, ban, EventLabel("banned", language)),
        SimulatedEvent(at, PlatformTopic.CREATED, sign_up.key, sign_up, label),
    )
