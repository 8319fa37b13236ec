"""Attacks on what agents find: decoys, claims, frames."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs
from structlog.testing import capture_logs

from samehand.keys import PERSONAL_POSTING_CAP
from schemas.accounts import Avatar
from schemas.alerts import AlertSummary, EvidenceLine, MirrorAlert
from store.common import crowd
from store.limits import LISTED_LATER
from streams.outcomes import Outcome, Published
from tests.agents.conftest import Life, MakeLife
from tests.agents.decoying import BAN, MIRROR, RULES, accounts, decoys, gone, open_alerts, summaries
from tests.makers import NOON, a_ban, a_change, a_deletion, a_sign_up, arrival

# What decoys buy (docs/security.md, "The farm that poisons counters").


OWN_NETWORK, ANOTHER_NETWORK = "39.40.1.2", "185.12.9.4"


@pytest.mark.parametrize(
    ("count", "when", "network"),
    [
        (90, "before", OWN_NETWORK),
        (49, "after", ANOTHER_NETWORK),
        (90, "after", OWN_NETWORK),
        (49, "never", OWN_NETWORK),
        (89, "never", ANOTHER_NETWORK),
        (90, "never", OWN_NETWORK),
        (90, "never", ANOTHER_NETWORK),
        (300, "never", ANOTHER_NETWORK),
    ],
)
async def test_decoys_hide_a_mirror_for_as_long_as_they_are_kept_and_no_longer(
    life: Life, count: int, when: str, network: str
) -> None:
    several = decoys(count, network)
    await life.tell(life.screen, *several[::2], MIRROR, *several[1::2])
    if when == "before":
        await gone(life, several)
    await life.ban(BAN)
    await life.relay()
    if when == "after":
        await gone(life, several)
    alerted = accounts(life)
    assert len(alerted) <= RULES.alerts_a_cluster
    if when != "never":
        assert alerted == {"99"}
    elif count <= 89:
        assert alerted == {"99", *(one.account.account_id for one in several)}
    else:
        assert len(alerted) >= 89
        kept_back = [alert.not_compared for alert in open_alerts(life).values()]
        withheld = sum(one.withheld for one in summaries(life)[-1:])
        assert "99" in alerted or min(kept_back) + withheld > 0, "nobody is hidden without a word of it"


# A ban and its mirror that arrive together: whichever event proposes the pair first tells it.


DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
CLAIMS_BAN = a_ban("77", handle="umar_media", device_id=DEVICE)
CLAIMS_MIRROR = a_sign_up("99", handle="umar_media_2", device_id=DEVICE)


def told(outcome: Outcome) -> int:
    """How many alerts an outcome publishes, beside their states."""
    return sum(not it.last for it in outcome.emits) if isinstance(outcome, Published) else 0


async def word_of(life: Life) -> bytes:
    """What enrol tells look-back of the ban."""
    (outcome,) = await life.enrol([arrival(CLAIMS_BAN)])
    assert isinstance(outcome, Published)
    (emit,) = outcome.emits
    assert emit.value is not None
    return emit.value


async def test_screen_and_lookback_see_each_other_and_only_the_first_tells(life: Life) -> None:
    word = await word_of(life)
    (forward,) = await life.screen([arrival(CLAIMS_MIRROR)])
    (backward,) = await life.lookback([arrival(word)])  # before anything of the first was confirmed
    assert (told(forward), told(backward)) == (1, 0)


async def test_the_first_dies_before_it_is_confirmed_and_tells_when_it_comes_again(life: Life) -> None:
    word = await word_of(life)
    await life.screen([arrival(CLAIMS_MIRROR)])
    await life.tell(life.lookback, word)
    await life.tell(life.screen, CLAIMS_MIRROR)
    assert [(alert.direction, life.number(alert)) for alert in life.alerts] == [("forward", 1)]


async def test_look_back_that_dies_tells_when_its_word_comes_again(life: Life) -> None:
    await life.screen([arrival(CLAIMS_MIRROR)])
    word = await word_of(life)
    (claimed,) = await life.lookback([arrival(word)])
    await life.tell(life.screen, CLAIMS_MIRROR)
    assert (told(claimed), life.alerts) == (1, [])
    await life.tell(life.lookback, word)
    assert [(alert.direction, life.number(alert)) for alert in life.alerts] == [("lookback", 1)]


async def test_a_ban_told_twice_in_one_batch_is_looked_back_at_once(life: Life) -> None:
    await life.tell(life.screen, CLAIMS_MIRROR)
    word = await word_of(life)
    await life.tell(life.lookback, word, word)
    assert len(life.alerts) == 1


async def test_what_an_event_noted_it_tells_though_stronger_pairs_have_come_since(life: Life) -> None:
    """Its worker died before the alert was confirmed, and more was banned until it came again."""
    await life.ban(CLAIMS_BAN)
    await life.screen([arrival(CLAIMS_MIRROR)])
    stronger = [
        a_ban(f"8{n}", handle="umar_media_2", device_id=DEVICE, email="umar@example.org") for n in range(3)
    ]
    await life.ban(*stronger)
    told_by_look_back = {alert.matched.account_id for alert in life.alerts}
    mirror = a_sign_up("99", handle="umar_media_2", device_id=DEVICE, email="umar@example.org")
    again = structs.replace(mirror, event_id=CLAIMS_MIRROR.event_id)
    await life.tell(life.screen, again)
    assert {alert.matched.account_id for alert in life.alerts} - told_by_look_back >= {"77"}
    await life.tell(life.screen, again)
    said = [(alert.alert_id, alert.revision) for alert in life.alerts]
    assert len(said) == len(set(said))


# Who copies somebody's picture and words and is banned for it does not make a mirror of whom it copied.


DAY = timedelta(days=1)
PICTURE = Avatar(pdq="f1c47a0e93b25d680f1ec8a3574bd29e60a75c1b38f49d02e6b17c5aa9034fd8", quality=100)
OTHER_PICTURE = Avatar(pdq="0e3b85f16c4da297f0e1375ca8b42d619f58a3e4c70b62fd194e83a556fcb027", quality=100)
BIO = "Beekeeper in the upper valley, honey and candles every second Saturday at the old mill market"
OTHER_BIO = "Reads maps for a living, collects railway timetables and repairs mechanical typewriters"
COPIED: dict[str, Any] = {"avatar": PICTURE, "bio": BIO}
ITS_OWN: dict[str, Any] = {"avatar": OTHER_PICTURE, "bio": OTHER_BIO}


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


# A ban that lands finds the accounts that were prepared before it.


SHARED: dict[str, Any] = {"device_id": DEVICE, "payment_token": "tok_1NvXa2example"}
BEFORE = NOON - timedelta(hours=1)
DECOYS = PERSONAL_POSTING_CAP + LISTED_LATER + 10


async def test_a_mirror_prepared_before_the_ban_is_found_when_it_lands(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE, at=BEFORE))
    assert life.alerts == []
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    (alert,) = life.alerts
    assert (alert.key, alert.direction) == ("telegram:99", "lookback")
    assert alert.seconds_since_ban == -3600.0


async def test_whichever_comes_second_sees_the_first_and_the_pair_is_one_alert(life: Life) -> None:
    ban = a_ban("77", handle="umar_media", device_id=DEVICE)
    mirror = a_sign_up("99", handle="umar_media2", device_id=DEVICE)
    await life.tell(life.screen, mirror)
    await life.ban(ban)
    await life.tell(life.screen, mirror)
    await life.ban(ban)
    assert len(life.alerts) == 1


async def test_a_ban_with_many_mirrors_tells_the_best_and_counts_the_rest(make_life: MakeLife) -> None:
    life = make_life(alerts_a_cluster=3)
    for number in range(5):
        await life.tell(life.screen, a_sign_up(handle=f"umar_media{number}", device_id=DEVICE, at=BEFORE))
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    assert len(life.alerts) == 3
    await life.relay()
    (summary,) = [alert for alert in life.heard if isinstance(alert, AlertSummary)]
    assert (summary.published, summary.withheld) == (3, 2)


async def test_a_ban_with_many_unlike_mirrors_tells_the_best_clusters_and_counts_the_rest(
    make_life: MakeLife,
) -> None:
    """One shares a card with the ban, one a mailbox, two a number: three clusters, of which two are told."""
    life = make_life(alerts_a_ban=2)
    shared: dict[str, Any] = {
        "payment_token": SHARED["payment_token"],
        "email": "u@valley.example",
        "phone": "+923001234567",
    }
    for name, field in (("1", "payment_token"), ("2", "email"), ("3", "phone"), ("4", "phone")):
        await life.tell(life.screen, a_sign_up(name, at=BEFORE, **{field: shared[field]}))
    await life.ban(a_ban("77", handle="umar_media", **shared))
    await life.relay()
    (summary,) = [alert for alert in life.heard if isinstance(alert, AlertSummary)]
    told = {alert.account_id for alert in life.alerts}
    assert (summary.published, summary.withheld) == (len(told), 4 - len(told))
    assert told in ({"1", "2"}, {"1", "3", "4"}, {"2", "3", "4"})


@pytest.mark.parametrize("before", [True, False])
async def test_a_mirror_among_decoys_on_its_device_and_card_is_told_once_they_delete_themselves(
    life: Life, before: bool
) -> None:
    """Whoever fills the postings of a device and a card, before the mirror or behind it, hides nobody."""
    several = [
        a_sign_up(f"d{n}", handle=f"gardener{n}", at=BEFORE, ip="39.40.1.2", **SHARED) for n in range(DECOYS)
    ]
    mirror = a_sign_up("99", handle="umar_media2", at=BEFORE, ip="39.40.1.7", **SHARED)
    await life.tell(life.screen, *(several if before else [mirror]))
    await life.tell(life.screen, *([mirror] if before else several))
    await life.tell(life.forget, *[a_deletion(one.account.account_id, at=NOON) for one in several])
    await life.ban(a_ban("77", handle="umar_media", **SHARED))
    assert [(alert.account_id, alert.not_compared) for alert in life.alerts] == [("99", 0)]


async def test_who_hides_among_more_decoys_than_can_wait_is_seen_to_be_missing(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that the store let go are not found. But nobody believes that all were looked at."""
    monkeypatch.setattr(crowd, "WAITING_MAX", 5)
    everybody = [
        a_sign_up(f"d{n}", handle=f"gardener{n}", at=BEFORE, **SHARED)
        for n in range(PERSONAL_POSTING_CAP + LISTED_LATER + 6)
    ]
    await life.tell(life.screen, *everybody)
    await life.tell(life.forget, *[a_deletion(one.account.account_id, at=NOON) for one in everybody])
    with capture_logs() as logs:
        await life.ban(a_ban("banned-77", handle="umar_media", **SHARED))
    assert life.alerts == []
    (warning,) = [line for line in logs if line["event"] == "look-back is incomplete: a posting is full"]
    assert warning["not_compared"] == {"device": 1, "payment": 1}
    assert "banned-77" not in warning["address"]  # a log names no account
    shown = life.context.metrics.exposition().decode()
    assert 'samehand_lookbacks_capped_total{kind="device"} 1.0' in shown
    assert 'samehand_lookbacks_capped_total{kind="payment"} 1.0' in shown


async def test_the_alerts_of_a_look_back_say_how_many_others_were_not_looked_at(life: Life) -> None:
    several = [
        a_sign_up(f"d{n}", handle=f"gardener{n}", at=BEFORE, device_id=DEVICE)
        for n in range(PERSONAL_POSTING_CAP + LISTED_LATER + 3)
    ]
    await life.tell(life.screen, *several)
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", email="u@valley.example", at=BEFORE))
    await life.ban(a_ban("77", handle="umar_media", email="u@valley.example", device_id=DEVICE))
    found = next(alert for alert in life.alerts if alert.account_id == "99")
    assert found.not_compared == 3
