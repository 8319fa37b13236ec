"""What is worth an alert among contact points: who owns them, who named whom, and who was there first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from samehand.account import Account
from samehand.frequency.rates import NothingCounted, SignUpRates
from samehand.scoring.evidence import Score
from samehand.showings import Showings
from tests.samehand.makers import Bearers, an_account
from tests.samehand.scoring.makers import AT
from tests.samehand.scoring.test_score import judged
from tests.tables import for_each

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
AGES: Final = (MINUTE, HOUR, DAY, 5 * DAY, 45 * DAY)
CITY: Final = NothingCounted(20_000, 100_000)  # bans, and sign-ups a day
WALLET: Final = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"

BANNED: Final = an_account(
    handle="zarghun_valley",
    display_name="Zarghun Valley",
    bio="Songs of the northern valley, every evening",
    email="zarghun@example.org",
    phone="+923012345678",
    ip="39.40.12.7",
    locale="ps-AF",
)
OTHER: Final = an_account(
    account_id="2",
    handle="kite_lodz",
    display_name="Ingrid",
    bio="Kilns and what survives them",
    email="ingrid@kiln.example",
    phone="+4790012345",
    ip="81.2.69.142",
    locale="nb-NO",
)


def says(account: Account, text: str, *links: str, **changes: Any) -> Account:
    """The account with more in its bio, and with links."""
    return replace(account, bio=f"{account.bio}. {text}", links=links, **changes)


def band(ours: Account, theirs: Account, age: float, counts: Any = CITY, **shown: Any) -> str:
    result: Score = judged(ours, theirs, counts, age, **shown)
    return result.band


@for_each("age", AGES)
@for_each(
    ("here", "there"),
    [
        (f"USDT: {WALLET}", f"help us with {WALLET}"),
        ("see valleyvoice.net/about", "www.valleyvoice.net"),
        ("linktr.ee/zvalley", "all of it: linktr.ee/zvalley"),
        ("t.me/zvalley", "https://t.me/zvalley"),
    ],
)
def test_who_gives_the_wallet_the_site_or_the_link_of_a_banned_account_is_looked_at(
    here: str, there: str, age: float
) -> None:
    assert band(says(OTHER, here), says(BANNED, there), age) == "possible"


@for_each("age", (0.0, 1.0, *AGES, 60 * DAY))
@for_each("announced", ["backup: @kite_lodz", "new channel @kite_lodz", "x.com/kite_lodz"])
def test_who_takes_the_announced_handle_after_the_ban_is_looked_at(announced: str, age: float) -> None:
    assert band(OTHER, says(BANNED, announced), age) == "possible"
    assert band(OTHER, says(BANNED, "", "https://x.com/kite_lodz"), age) == "possible"


@for_each("age", (0.0, *AGES))
@for_each(
    "announced", ["t.me/awaz_zarghunkhel", "IG: @awaz_zarghunkhel", "tg://resolve?domain=awaz_zarghunkhel"]
)
def test_handle_announced_on_another_platform_is_found_on_this_one(announced: str, age: float) -> None:
    named = says(BANNED, "", announced)
    assert band(replace(OTHER, handle="awaz_zarghunkhel"), named, age) == "possible"
    before = Showings(int(AT - 9 * DAY), int(AT - 9 * DAY)), Showings(int(AT - DAY), int(AT - DAY))
    assert band(replace(OTHER, handle="awaz_zarghunkhel"), named, age, shown=before) == "none"


@for_each("age", AGES)
@for_each("announced", ["t.me/{}", "IG: @{}"])
@for_each("handle", ["john_smith", "sara_khan", "ali", "gamer99"])
def test_common_handle_announced_on_another_platform_names_nobody(
    handle: str, announced: str, age: float
) -> None:
    named = says(BANNED, announced.format(handle))
    assert band(replace(OTHER, handle=handle), named, age) == "none"
    assert band(replace(OTHER, handle=handle), replace(named, platform="telegram"), age) == "none"


def test_no_handle_that_was_announced_makes_a_mirror_likely_whatever_public_things_agree() -> None:
    ours = says(OTHER, f"old account @zarghun_valley {WALLET}", display_name=BANNED.display_name)
    assert band(ours, says(BANNED, f"backup: @kite_lodz {WALLET}"), MINUTE) == "possible"


@for_each("age", [-MINUTE, -DAY, -45 * DAY, -1.0])
def test_a_banned_account_cannot_name_those_who_were_there_before(age: float) -> None:
    assert band(OTHER, says(BANNED, "backup: @kite_lodz"), age) == "none"


def test_nor_those_who_had_the_handle_before_they_were_named() -> None:
    named = says(BANNED, "backup: @kite_lodz")
    first, later = Showings(int(AT - 9 * DAY), int(AT - 9 * DAY)), Showings(int(AT - DAY), int(AT - DAY))
    assert band(OTHER, named, HOUR, shown=(first, later)) == "none"
    assert band(OTHER, named, HOUR, shown=(later, first)) == "possible"


def test_each_of_many_who_are_named_is_named_less_surely() -> None:
    crowd = " ".join(f"@friend_of_{name}" for name in ("ali", "omar", "sara", "hina", "asad", "noor"))
    one = judged(OTHER, says(BANNED, "backup: @kite_lodz"), CITY, 30 * DAY)
    many = judged(OTHER, says(BANNED, f"@kite_lodz {crowd}"), CITY, 30 * DAY)
    assert many.log_odds < one.log_odds


@for_each("age", (HOUR, DAY, 5 * DAY, 45 * DAY))
@for_each("claim", ["my old account @zarghun_valley", "akoonkaygii hore @zarghun_valley"])
def test_who_calls_the_banned_account_its_own_is_looked_at(claim: str, age: float) -> None:
    assert band(says(OTHER, claim), BANNED, age) == "possible"


@for_each("age", (HOUR, DAY, 45 * DAY))
@for_each("words", ["@zarghun_valley was banned", "exposing @zarghun_valley", "news of @zarghun_valley"])
def test_who_reports_on_the_banned_account_is_not(words: str, age: float) -> None:
    assert band(says(OTHER, words), BANNED, age) == "none"


@for_each("age", AGES)
def test_who_links_the_same_news_has_nothing_in_common_while_nothing_is_counted(age: float) -> None:
    news = "https://www.bbc.com/urdu/articles/c3g"
    assert band(says(OTHER, "", news), says(BANNED, news), age) == "none"


@for_each("age", AGES)
@for_each(
    ("point", "bearers"),
    [("https://template-shop.example.org/start", 22), (f"the hospital: {WALLET}", 3_000)],
)
def test_a_templates_link_and_a_charitys_wallet_are_common_once_counted(
    point: str, bearers: int, age: float
) -> None:
    counts = Bearers(bearers, 1_000_000, bans=20_000)
    counts.sign_ups = SignUpRates.everywhere(100_000)
    assert band(says(OTHER, point), says(BANNED, point), age, counts) == "none"


@for_each("age", (12 * MINUTE, DAY))
def test_a_charitys_wallet_that_one_other_shows_is_common_and_an_uncounted_one_makes_nobody_likely(
    age: float,
) -> None:
    counts = Bearers(3, 1_000_000, bans=20_000)
    counts.sign_ups = SignUpRates.everywhere(100_000)
    ours = replace(says(OTHER, WALLET), ip="39.40.12.9", locale="ps-AF")
    assert band(says(OTHER, WALLET), says(BANNED, WALLET), age, counts) == "none"
    assert band(ours, says(BANNED, WALLET), age) == "possible"


@for_each("point", [WALLET, "valleyvoice.net", "t.me/zvalley"])
def test_whose_wallet_a_banned_account_had_copied_is_not_accused_of_it(point: str) -> None:
    owner, copier = Showings(int(AT - 90 * DAY), int(AT - 90 * DAY)), Showings(int(AT - DAY), int(AT - DAY))
    assert band(says(OTHER, point), says(BANNED, point), HOUR, shown=(owner, copier)) == "none"
