"""Who copies somebody's picture and words and is banned for it does not make a mirror of whom it copied.

What counts is who showed the value first. Aged accounts are bought, mirrors are prepared, sleepers take a
value on later: none of them is spared for its age.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.accounts import Avatar
from schemas.alerts import EvidenceLine, MirrorAlert
from tests.agents.conftest import Life
from tests.makers import NOON, a_ban, a_change, a_sign_up

DAY = timedelta(days=1)
PICTURE = Avatar(pdq="f1c47a0e93b25d680f1ec8a3574bd29e60a75c1b38f49d02e6b17c5aa9034fd8", quality=100)
OTHER_PICTURE = Avatar(pdq="0e3b85f16c4da297f0e1375ca8b42d619f58a3e4c70b62fd194e83a556fcb027", quality=100)
BIO = "Beekeeper in the upper valley, honey and candles every second Saturday at the old mill market"
OTHER_BIO = "Reads maps for a living, collects railway timetables and repairs mechanical typewriters"
COPIED: dict[str, Any] = {"avatar": PICTURE, "bio": BIO}
ITS_OWN: dict[str, Any] = {"avatar": OTHER_PICTURE, "bio": OTHER_BIO}
DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


def copier(**more: Any) -> Any:
    """The ban of one who shows another's picture and words."""
    return a_ban("77", handle="true_valley_bee", **COPIED, **more)


def said(alert: MirrorAlert) -> list[EvidenceLine]:
    """What an alert says of who was first."""
    return [line for line in alert.counter_evidence if line.signal == "first_shown"]


async def made(life: Life, account_id: str, at: datetime, **profile: Any) -> None:
    await life.tell(life.screen, a_sign_up(account_id, handle=f"salma{account_id}", at=at, **profile))


async def test_whom_the_banned_account_copied_is_no_likely_mirror(life: Life) -> None:
    await made(life, "99", NOON - 9 * DAY, **COPIED)
    await life.tell(life.screen, a_sign_up("77", handle="true_valley_bee", at=NOON - DAY, **COPIED))
    await life.ban(copier())
    assert life.alerts == []


async def test_what_else_speaks_is_told_with_the_line_that_says_who_was_first(life: Life) -> None:
    """One mailbox and device are reasons of their own; of the picture the reader learns that it is none."""
    shared: dict[str, Any] = {"device_id": DEVICE, "email": "u@valley.example", **COPIED}
    await made(life, "99", NOON - 9 * DAY, **shared)
    await life.tell(life.screen, a_sign_up("77", handle="true_valley_bee", at=NOON - DAY, **shared))
    await life.ban(a_ban("77", handle="true_valley_bee", **shared))
    (alert,) = life.alerts
    (line,) = said(alert)
    copied = [one.weight for one in alert.evidence if one.signal in ("avatar", "bio")]
    assert line.because == (
        "This account showed the picture and the words of the profile before the banned one did"
        " (since 2026-11-15 at the latest)."
    )
    assert line.weight == pytest.approx(-sum(copied))
    lines = (*alert.evidence, *alert.counter_evidence)
    assert alert.log_odds == pytest.approx(alert.prior + sum(one.weight for one in lines), abs=1e-9)


async def test_the_victim_may_change_its_handle_after_the_ban(life: Life) -> None:
    await made(life, "99", NOON - 9 * DAY, **COPIED)
    await life.tell(life.screen, a_sign_up("77", handle="true_valley_bee", at=NOON - DAY, **COPIED))
    await life.tell(life.enrol, copier())
    await life.tell(life.changed, a_change("99", handle="salma_of_the_mill", at=NOON + DAY / 24, **COPIED))
    assert life.alerts == []


async def test_an_aged_account_that_turns_into_the_victim_frames_nobody(life: Life) -> None:
    """It was made before the victim showed anything; what counts is when it took the picture on."""
    await life.tell(life.screen, a_sign_up("77", handle="true_valley_bee", at=NOON - 20 * DAY, **ITS_OWN))
    await made(life, "99", NOON - 9 * DAY, **COPIED)
    await life.tell(life.changed, a_change("77", handle="true_valley_bee", at=NOON - DAY, **COPIED))
    await life.ban(copier())
    assert life.alerts == []


async def test_a_copier_never_seen_before_frames_nobody_if_it_was_made_after_the_victim(life: Life) -> None:
    await made(life, "99", NOON - 9 * DAY, **COPIED)
    await life.ban(copier(created_at=NOON - DAY))
    assert life.alerts == []


async def test_a_mirror_prepared_after_the_banned_account_is_found_as_ever(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("77", handle="true_valley_bee", at=NOON - 9 * DAY, **COPIED))
    await made(life, "99", NOON - DAY, **COPIED)
    await life.ban(copier())
    (alert,) = life.alerts
    assert (alert.band, said(alert)) == ("likely", [])


async def test_an_aged_sleeper_that_takes_the_picture_on_is_found_as_ever(life: Life) -> None:
    """It is years older than the banned account, and that is no reason to spare it."""
    aged: dict[str, Any] = {"created_at": NOON - 900 * DAY}
    await made(life, "99", NOON - 20 * DAY, **ITS_OWN, **aged)
    await life.tell(life.screen, a_sign_up("77", handle="true_valley_bee", at=NOON - 9 * DAY, **COPIED))
    await life.tell(life.changed, a_change("99", handle="salma99", at=NOON - DAY, **COPIED, **aged))
    await life.ban(copier())
    (alert,) = life.alerts
    assert alert.band == "likely"
    assert all(line.weight == 0 for line in said(alert))


async def test_a_sleeper_that_takes_the_picture_on_after_the_ban_is_found_as_ever(life: Life) -> None:
    await made(life, "99", NOON - 20 * DAY, **ITS_OWN)
    await life.ban(copier())
    await life.tell(life.changed, a_change("99", handle="salma99", at=NOON + DAY / 24, **COPIED))
    (alert,) = life.alerts
    assert (alert.band, said(alert)) == ("likely", [])


async def test_who_puts_the_picture_away_and_back_does_not_make_its_mirror_the_first(life: Life) -> None:
    """The banned account shows it, hides it while its mirror is made, and shows it again."""
    await life.tell(life.screen, a_sign_up("77", handle="true_valley_bee", at=NOON - 9 * DAY, **COPIED))
    await life.tell(life.changed, a_change("77", handle="true_valley_bee", at=NOON - 8 * DAY, **ITS_OWN))
    await made(life, "99", NOON - 7 * DAY, **COPIED)
    await life.tell(life.changed, a_change("77", handle="true_valley_bee", at=NOON - DAY, **COPIED))
    await life.ban(copier())
    (alert,) = life.alerts
    assert alert.band == "likely"
    assert [line.level for line in said(alert)] == ["unknown"]


async def test_who_changes_a_word_before_the_ban_does_not_make_its_mirror_the_first(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("77", handle="true_valley_bee", at=NOON - 9 * DAY, **COPIED))
    await made(life, "99", NOON - 7 * DAY, **COPIED)
    await life.ban(a_ban("77", handle="true_valley_bee", avatar=PICTURE, bio=BIO + " and on Sundays"))
    (alert,) = life.alerts
    assert alert.band == "likely"
    assert all(line.weight == 0 for line in said(alert))


async def test_where_nobody_knows_who_was_first_the_alert_says_so(life: Life) -> None:
    """The banned account was never remembered, and nobody says when it was made."""
    await made(life, "99", NOON - 9 * DAY, **COPIED)
    await life.ban(copier())
    (alert,) = life.alerts
    (line,) = said(alert)
    assert (alert.band, line.level, line.weight) == ("likely", "unknown", 0.0)
    assert line.because == (
        "It is not known which of the two showed the picture and the words of the profile first."
    )


async def test_a_sign_up_after_the_ban_needs_no_word_of_who_was_first(life: Life) -> None:
    await life.ban(copier())
    await made(life, "99", NOON + DAY / 24, **COPIED)
    (alert,) = life.alerts
    assert (alert.band, said(alert)) == ("likely", [])
