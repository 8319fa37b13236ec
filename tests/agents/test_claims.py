"""A ban and its mirror that arrive together: whichever event proposes the pair first tells it."""

from __future__ import annotations

from msgspec import structs

from streams.outcomes import Outcome, Published
from tests.agents.conftest import Life
from tests.makers import a_ban, a_sign_up, arrival

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
BAN = a_ban("77", handle="umar_media", device_id=DEVICE)
MIRROR = a_sign_up("99", handle="umar_media_2", device_id=DEVICE)


def told(outcome: Outcome) -> int:
    """How many alerts an outcome publishes, beside their states."""
    return sum(not it.last for it in outcome.emits) if isinstance(outcome, Published) else 0


async def word_of(life: Life) -> bytes:
    """What enrol tells look-back of the ban."""
    (outcome,) = await life.enrol([arrival(BAN)])
    assert isinstance(outcome, Published)
    (emit,) = outcome.emits
    assert emit.value is not None
    return emit.value


async def test_screen_and_lookback_see_each_other_and_only_the_first_tells(life: Life) -> None:
    word = await word_of(life)
    (forward,) = await life.screen([arrival(MIRROR)])
    (backward,) = await life.lookback([arrival(word)])  # before anything of the first was confirmed
    assert (told(forward), told(backward)) == (1, 0)


async def test_the_first_dies_before_it_is_confirmed_and_tells_when_it_comes_again(life: Life) -> None:
    word = await word_of(life)
    await life.screen([arrival(MIRROR)])
    await life.tell(life.lookback, word)
    await life.tell(life.screen, MIRROR)
    assert [(alert.direction, life.number(alert)) for alert in life.alerts] == [("forward", 1)]


async def test_look_back_that_dies_tells_when_its_word_comes_again(life: Life) -> None:
    await life.screen([arrival(MIRROR)])
    word = await word_of(life)
    (claimed,) = await life.lookback([arrival(word)])
    await life.tell(life.screen, MIRROR)
    assert (told(claimed), life.alerts) == (1, [])
    await life.tell(life.lookback, word)
    assert [(alert.direction, life.number(alert)) for alert in life.alerts] == [("lookback", 1)]


async def test_a_ban_told_twice_in_one_batch_is_looked_back_at_once(life: Life) -> None:
    await life.tell(life.screen, MIRROR)
    word = await word_of(life)
    await life.tell(life.lookback, word, word)
    assert len(life.alerts) == 1


async def test_what_an_event_noted_it_tells_though_stronger_pairs_have_come_since(life: Life) -> None:
    """Its worker died before the alert was confirmed, and more was banned until it came again."""
    await life.ban(BAN)
    await life.screen([arrival(MIRROR)])
    stronger = [
        a_ban(f"8{n}", handle="umar_media_2", device_id=DEVICE, email="umar@example.org") for n in range(3)
    ]
    await life.ban(*stronger)
    told_by_look_back = {alert.matched.account_id for alert in life.alerts}
    mirror = a_sign_up("99", handle="umar_media_2", device_id=DEVICE, email="umar@example.org")
    again = structs.replace(mirror, event_id=MIRROR.event_id)
    await life.tell(life.screen, again)
    assert {alert.matched.account_id for alert in life.alerts} - told_by_look_back >= {"77"}
    await life.tell(life.screen, again)
    said = [(alert.alert_id, alert.revision) for alert in life.alerts]
    assert len(said) == len(set(said))
