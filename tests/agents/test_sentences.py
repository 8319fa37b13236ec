"""What an alert says in several places does not contradict itself: a hundred alerts are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from msgspec import structs

from desk.web.compare import compare
from desk.web.languages import ENGLISH
from report.waterfall.terminal import _circumstances
from schemas.accounts import AccountBanned
from schemas.alerts import MirrorAlert
from schemas.record import Record
from simulate.config import Config
from simulate.timeline.events import PlatformTopic
from simulate.timeline.stream import generate
from streams.outcomes import Published
from tests.agents.conftest import Life, MakeLife
from tests.makers import NOON, arrival

ALERTS = 100
CONFIG = Config(seed=27, accounts=270, mirror_share=0.5, bans=40, start=NOON + timedelta(days=1))
DAY_ONLY_EVERY = 3
"""Of bans: one in so many says its date alone."""


async def published(life: Life, agent: Any, value: Record) -> None:
    """What comes of an event, and of the bans that it enrols."""
    outcomes = await agent([replace(arrival(value), timestamp=life.seconds)])
    await life.publish(agent, outcomes)
    for outcome in outcomes if agent is life.enrol else ():
        for emit in outcome.emits if isinstance(outcome, Published) else ():
            if emit.topic == life.context.topics.enrolled:
                told = await life.lookback([replace(arrival(emit.value), timestamp=life.seconds)])
                await life.publish(life.lookback, told)


def dated(value: Record, number: int) -> Record:
    """Some bans with their date alone, in the zone of whoever wrote them."""
    if not isinstance(value, AccountBanned) or value.banned_at is None or number % DAY_ONLY_EVERY:
        return value
    day = value.banned_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return structs.replace(value, banned_at=day)


@pytest.fixture
async def alerts(make_life: MakeLife) -> list[MirrorAlert]:
    life = make_life(logged=False)
    agents = {
        PlatformTopic.CREATED: life.screen,
        PlatformTopic.UPDATED: life.changed,
        PlatformTopic.BANNED: life.enrol,
    }
    for number, event in enumerate(generate(CONFIG)):
        if event.topic in agents and isinstance(event.value, Record):
            life.seconds = event.at
            await published(life, agents[event.topic], dated(event.value, number))
        if len(life.alerts) >= ALERTS:
            break
    found = life.alerts
    assert len(found) >= ALERTS
    return found


def contradictions(alert: MirrorAlert) -> Iterator[str]:
    """What two places of an alert say otherwise of one fact."""
    lines = {line.signal: line for line in (*alert.evidence, *alert.counter_evidence)}
    since = alert.seconds_since_ban
    if (timing := lines.get("timing")) is not None and since is not None:
        # A rival that explains the moment is named behind it.
        told = re.sub(r"^The account was made (.*?) the ban\..*$", r"\1", timing.because)
        page = ENGLISH.since(since)
        if told == "within a second of":
            told = "less than a day from"  # which the page says of both
        if page not in told:
            yield f"the page says {page}, the sentence {timing.because}"
        if page != "less than a day" and told.split()[-1] != ("before" if since < 0 else "after"):
            yield f"{since} seconds since the ban, and {timing.because}"
        if f"{told} the ban" not in list(_circumstances(alert)):
            yield f"a terminal says {list(_circumstances(alert))}, the sentence {timing.because}"
    found = ENGLISH.gettext(alert.direction)
    if "before" in found or "after" in found:
        yield f"{alert.direction} is how it was found, and reads as when the account was made: {found}"
    email = lines.get("email")
    if email is not None and "different providers" in email.because:
        ours, theirs = (side.partition("@")[2] for side in (email.ours, email.theirs))
        if ours == theirs:
            yield f"{email.ours} and {email.theirs}: {email.because}"
    for line in lines.values():
        compared = compare(line.signal, alert.platform, line.ours, line.theirs)
        for side, other, read in (
            (line.ours, line.theirs, compared.ours_read),
            (line.theirs, line.ours, compared.theirs_read),
        ):
            if (
                read
                and side.isascii()
                and side.isalpha()
                and read not in re.findall(r"[^\W_]+", other.casefold())
            ):
                yield f"{side} reads as {read}"


async def test_a_hundred_alerts_do_not_contradict_themselves(alerts: list[MirrorAlert]) -> None:
    assert {one.direction for one in alerts} >= {"forward", "lookback"}
    assert any(one.direction == "forward" and (one.seconds_since_ban or 0) < 86_400 for one in alerts)
    whole_days = [one for one in alerts if one.seconds_since_ban and one.seconds_since_ban % 86_400 == 0]
    assert whole_days, "some bans have a date alone"
    said = [told for alert in alerts for told in contradictions(alert)]
    assert not said, (len(said), said[:5])
