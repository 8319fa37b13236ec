"""What the banned account took over from the new one is taken back: all of it, and nothing else."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import pytest

from samehand.account import Account, Avatar
from samehand.fingerprint.distil import Fingerprint, distil
from samehand.frequency.rates import NothingCounted
from samehand.scoring.evidence import Evidence, Score
from samehand.scoring.score import score
from samehand.scoring.weights import default_weights
from samehand.showings import COPYABLE, UNKNOWN, Changed, Showings
from samehand.signals.first_shown import FIRST_SHOWN, Order
from tests.tables import for_each

PICTURE = Avatar(pdq=bytes.fromhex("f1c47a0e93b25d680f1ec8a3574bd29e60a75c1b38f49d02e6b17c5aa9034fd8"))
BIO = "Beekeeper in the upper valley, honey and candles every second Saturday at the old mill market"
EARLY, LATE = Showings(100, 100), Showings(900, 900)
LINKS = ("https://t.me/valley_bees",)


def keyer(domain: str, value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=10, person=domain.encode()[:16]).digest()


def shows(account_id: str, **profile: Any) -> Fingerprint:
    profile = {"avatar": PICTURE, "bio": BIO, **profile}
    return distil(Account(platform="x", account_id=account_id, **profile), keyer, at=None)


def scored(ours: Fingerprint, theirs: Fingerprint, mine: Showings = EARLY, other: Showings = LATE) -> Score:
    result = score(ours, theirs, default_weights(), NothingCounted(1_000), showings=(mine, other))
    assert result.log_odds == pytest.approx(
        math.fsum([result.prior, *(line.weight for line in result.lines)]), abs=1e-9
    )
    return result


def said(result: Score) -> list[Evidence]:
    return [line for line in result.lines if line.signal == FIRST_SHOWN.name]


def gave(result: Score, *signals: str) -> float:
    return math.fsum(line.weight for line in result.lines if line.signal in signals)


def test_what_the_new_account_showed_first_says_nothing_any_more() -> None:
    ours, theirs = (
        shows(one, handle="valley_bees", display_name="Valley Bees", links=LINKS) for one in ("1", "2")
    )
    result = scored(ours, theirs)
    (line,) = said(result)
    assert line.weight == 0.0
    assert gave(result, "handle", "name", "crossing", "avatar", "bio", "contact") == 0.0
    assert result.band == "none"
    bare = score(ours, theirs, default_weights(), NothingCounted(1_000))
    assert bare.band == "likely"


def test_what_the_banned_account_showed_first_speaks_as_ever() -> None:
    ours, theirs = shows("1"), shows("2")
    assert scored(ours, theirs, LATE, EARLY) == score(ours, theirs, default_weights(), NothingCounted(1_000))


def test_each_value_counts_by_itself() -> None:
    """A sleeper had the picture before, and took the words on later."""
    took_words_on = Showings(100, 100, (Changed(COPYABLE.index("bio"), 950, 950),))
    result = scored(shows("1"), shows("2"), took_words_on, LATE)
    (line,) = said(result)
    assert gave(result, "avatar") == 0.0
    assert result.log_odds > scored(shows("1"), shows("2")).log_odds, "the words speak on"
    assert "the picture before" in line.because


def test_a_device_speaks_on_for_itself() -> None:
    ours, theirs = (shows(one, device_id="6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b") for one in ("1", "2"))
    bare_ours, bare_theirs = (
        shows(one, avatar=None, bio=None, device_id="6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b")
        for one in ("1", "2")
    )
    result = scored(ours, theirs)
    assert gave(result, "avatar", "bio") == 0.0
    assert result.log_odds == pytest.approx(scored(bare_ours, bare_theirs).log_odds)


def test_what_may_never_alert_alone_is_alone_when_the_rest_is_taken_back() -> None:
    line = {
        "ip": "103.12.9.1",
        "user_agent": "Mozilla/5.0 (Linux; Android 14; Pixel 8)",
        "locale": "ur-PK",
        "referrer": "https://a.example/?c=77",
    }
    result = scored(shows("1", **line), shows("2", **line))
    assert result.rivals[0].name == "neighbour"
    assert result.band == "none"


@for_each(("mine", "other"), [(UNKNOWN, EARLY), (EARLY, UNKNOWN), (Showings(None, 950), LATE)])
def test_where_nobody_knows_it_is_said_and_weighs_nothing(mine: Showings, other: Showings) -> None:
    ours, theirs = shows("1"), shows("2")
    result = scored(ours, theirs, mine, other)
    assert [(line.level, line.weight) for line in said(result)] == [("unknown", 0.0)]
    assert result.log_odds == score(ours, theirs, default_weights(), NothingCounted(1_000)).log_odds


def test_nothing_is_said_of_accounts_that_share_nothing_to_copy() -> None:
    device = {"device_id": "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b", "avatar": None, "bio": None}
    assert said(scored(shows("1", **device), shows("2", **device))) == []


def test_both_at_once_is_no_first() -> None:
    assert FIRST_SHOWN.order("avatar", LATE, LATE) is Order.BANNED
    assert FIRST_SHOWN.order("crossing", EARLY, LATE) is Order.FOUND


def test_whom_an_account_names_was_not_copied() -> None:
    assert FIRST_SHOWN.copied("contact", "shared")
    assert not FIRST_SHOWN.copied("contact", "announced")
    assert not FIRST_SHOWN.copied("device", "same")
