"""What a picture that nobody else shows is worth beside a self-description that somebody disguised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from samehand.frequency.rates import SignUpRates
from tests.samehand.makers import Bearers, an_account
from tests.samehand.scoring.makers import picture
from tests.samehand.scoring.test_contact_points import CITY
from tests.samehand.scoring.test_score import judged
from tests.tables import for_each

DAY: Final = 86_400.0
WORDS: Final = "Half surveyor, half baker, never awake before the muezzin"
MORE: Final = (
    "Grandfather left a violin, two goats, debts with a very patient neighbour. Ask about that donkey which "
    "swallowed our wedding ring, or about seven winters in Murmansk"
)
BANNED: Final = an_account(handle="zarghun_valley", bio=WORDS, avatar=picture(0))
OTHER: Final = an_account(account_id="2", handle="kite_lodz", avatar=picture(0))


def band(bio: str | None, age: float, *, bearers: int = 2, **changes: Any) -> str:
    counts = Bearers(bearers, 4_000_000, bans=20_000)
    counts.sign_ups = SignUpRates.everywhere(100_000)
    return judged(replace(OTHER, bio=bio, **changes), BANNED, counts, age).band


@for_each("age", (DAY, 3 * DAY, 20 * DAY))
@for_each(
    "bio",
    [
        None,
        "Demi-g\u00e9om\u00e8tre, demi-boulanger, jamais debout avant le muezzin",
        "H4lf surv3y0r, h4lf b4k3r, n3v3r 4w4k3 b3f0r3 th3 mu3zz1n",
        " ".join(WORDS),
        WORDS.replace(" ", ""),
        "\U0001f339".join(WORDS),
        "Holf sirviyer, hulf bakir, nuver awoke bifere tha muizzan",
        f"{WORDS}. {MORE}",
        f"{MORE}. {WORDS}",
    ],
)
def test_picture_of_nobody_else_with_disguised_bio_is_possible(bio: str | None, age: float) -> None:
    assert band(bio, age) == "possible"


def test_picture_that_others_show_is_nothing_by_itself() -> None:
    assert {band(None, age, bearers=bearers) for age in (DAY, 20 * DAY) for bearers in (3, 9, 400)} == {
        "none"
    }


def test_another_picture_is_nothing_beside_another_bio() -> None:
    assert band(MORE, DAY, avatar=picture(128)) == "none"


@for_each("phrase", ["Free the northern valley! ", "سبحان الله وبحمده ", "bla bla bla "])
def test_phrase_repeated_is_worth_no_more_than_once(phrase: str) -> None:
    """Prayers and slogans: who repeats one says nothing that others do not."""
    once, often = (
        judged(replace(OTHER, bio=bio, avatar=None), replace(BANNED, bio=bio), CITY, DAY)
        for bio in (phrase * 2, phrase * 12)
    )
    assert (once.band, often.band) == ("none", "none")
    assert often.log_odds < once.log_odds + 0.5
