"""Channels and groups: who runs them, what leads to them, and that nobody is framed by what others claim."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from samehand.account import Account
from samehand.elapsed import DAY_SECONDS, MINUTE_SECONDS
from samehand.frequency.rates import NothingCounted
from samehand.keys import Key, KeyKind, key_of
from samehand.scoring.evidence import RIVALS_LINE, Score
from samehand.scoring.score import score
from samehand.showings import Showings
from samehand.signals.contact import CONTACT
from samehand.signals.runs import RUNS
from tests.samehand.makers import WEIGHTS, Bearers, keyer, seen
from tests.samehand.scoring.makers import picture
from tests.tables import for_each

BANNED_AT: Final = 1_800_000_000.0 + 7
AGES: Final = (8 * MINUTE_SECONDS, 20 * DAY_SECONDS, 200 * DAY_SECONDS)
LINK: Final = "https://t.me/+AbCdEf123456"
ADMINS: Final = (("11", True), ("12", True), ("13", False))


def a_channel(number: int, **shown: Any) -> Account:
    """A channel of Telegram that shows this."""
    return Account(platform="telegram", account_id=f"channel:{number}", **{"kind": "channel"} | shown)


def judged(
    ours: Account, theirs: Account, age: float, counts: Any = None, begun: float | None = None
) -> Score:
    """The score of an account made ``age`` seconds after the ban, or at ``begun``, as the store knows."""
    begun = age if begun is None else begun
    shown = Showings(int(BANNED_AT + begun), int(BANNED_AT + age)), Showings(None, int(BANNED_AT))
    counts = NothingCounted(2_000) if counts is None else counts
    return score(seen(ours, BANNED_AT + begun), seen(theirs, BANNED_AT), WEIGHTS, counts, showings=shown)


OWNER: Final = Account(platform="telegram", account_id="5", handle="salma_khan")
STATED: Final = [
    (a_channel(8, created_by="5"), OWNER, "banned-made-it"),
    (a_channel(8, created_by="5"), a_channel(7, created_by="5"), "same-creator"),
    (a_channel(8, admins=ADMINS), a_channel(7, admins=ADMINS[::-1]), "same-admins"),
    (a_channel(8, kind="group", created_by="5"), a_channel(7, kind="page", created_by="5"), "same-creator"),
    (
        a_channel(8, invite_links=(LINK,)),
        a_channel(7, invite_links=("t.me/joinchat/AbCdEf123456",)),
        "same-invite",
    ),
]


@for_each("age", AGES)
@for_each(("ours", "theirs", "level"), STATED)
def test_what_the_platform_states_of_both_alerts_at_every_age(
    ours: Account, theirs: Account, level: str, age: float
) -> None:
    found = judged(ours, theirs, age)
    assert level in {line.level for line in found.evidence}
    assert found.band in ("possible", "likely")


@for_each(("ours", "theirs", "level"), STATED)
def test_what_was_prepared_before_the_ban_alerts_by_it(ours: Account, theirs: Account, level: str) -> None:
    assert judged(ours, theirs, -3 * DAY_SECONDS).band != "none"


@for_each("age", AGES)
@for_each("word", ["fans", "Daily", "quotes"])
def test_a_word_of_admirers_in_its_title_hides_no_channel_of_the_banned_account(
    word: str, age: float
) -> None:
    """Admirers copy what is shown: the word is about that, and not about who runs the channel."""
    plain = a_channel(8, created_by="5", display_name="Sydney Kites")
    calling = replace(plain, display_name=f"Sydney {word}")
    assert abs(judged(calling, OWNER, age).log_odds - judged(plain, OWNER, age).log_odds) < 0.1
    assert "admirer" not in {line.signal for line in judged(calling, OWNER, age).lines}


VICTIM: Final = Account(platform="telegram", account_id="21", handle="rania_haddad")
BANNED_NAMING_VICTIM: Final = a_channel(7, created_by="5", admins=(("21", False), ("22", False)))
CLAIMS: Final = [
    (VICTIM, BANNED_NAMING_VICTIM),
    (a_channel(8, created_by="21"), BANNED_NAMING_VICTIM),
    (a_channel(8, admins=(("21", True), ("22", True))), BANNED_NAMING_VICTIM),
    (a_channel(8, invite_links=(LINK,)), a_channel(7, bio=f"join {LINK}")),
    (a_channel(8, bio=f"join {LINK}"), a_channel(7, invite_links=(LINK,))),
    (a_channel(8, created_by="bot:9"), a_channel(7, created_by="bot:9")),
]


@for_each("age", AGES)
@for_each(("ours", "theirs"), CLAIMS)
def test_what_one_side_claims_is_possible_at_most(ours: Account, theirs: Account, age: float) -> None:
    assert judged(ours, theirs, age).band in ("none", "possible")


@for_each("begun", [-3 * DAY_SECONDS, -400 * DAY_SECONDS, -60.0])
@for_each(("ours", "theirs"), CLAIMS)
def test_what_was_there_before_the_claim_is_not_found_by_it(
    ours: Account, theirs: Account, begun: float
) -> None:
    assert judged(ours, theirs, begun).band == "none"
    changed_later = judged(ours, theirs, DAY_SECONDS, begun=begun)
    assert changed_later.band == "none"
    assert not {"claimed", "printed"} & {line.level for line in changed_later.lines}


@for_each("age", AGES)
def test_a_bot_that_runs_thousands_of_channels_finds_none_of_them(age: float) -> None:
    ours, theirs = (a_channel(number, created_by="9", admins=(("9", True),)) for number in (8, 7))
    assert judged(ours, theirs, age, Bearers(5_000, 200_000)).band == "none"


@for_each("age", AGES)
def test_a_group_that_its_platform_moved_is_no_mirror_of_itself(age: float) -> None:
    shown: dict[str, Any] = {"kind": "group", "created_by": "5", "admins": ADMINS, "invite_links": (LINK,)}
    shown |= {"display_name": "Zarfeshan Poets", "handle": "zarfeshanpoets", "avatar": picture(0)}
    shown |= {"device_id": "d-12345-zzz-77", "phone": "+923001234567", "payment_token": "tok_9911aa77"}
    shown |= {
        "email": "zarkk@zirkun.org",
        "bio": "kalahat zirkun merovat bulinge tarsacan https://zirkun.org",
    }
    moved = a_channel(8, moved_from="channel:7", **shown)
    assert judged(moved, a_channel(7, **shown), age).band == "none"
    assert judged(a_channel(8, **shown), a_channel(7, **shown), age).band == "likely"


class Crowd(Bearers):
    """Few accounts have any value, but those that a test names."""

    def __init__(self, common: Iterable[Key]) -> None:
        super().__init__(0, 200_000)
        self._common = frozenset(common)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return 5_000 * (key_of(kind, value) in self._common)


def counted_by(*accounts: Account) -> Crowd:
    """Thousands of accounts say of who runs them what these say."""
    return Crowd(key for it in accounts if (trait := RUNS.distil(it, keyer)) for key in RUNS.counts(trait))


@for_each("age", AGES)
def test_a_channel_that_the_account_itself_was_moved_to_is_none_of_its_mirrors(age: float) -> None:
    shown: dict[str, Any] = {"device_id": "d-12345-zzz-77", "phone": "+923001234567"}
    was = Account(platform="telegram", account_id="7", **shown)
    now = Account(platform="telegram", account_id="8", moved_from="7", **shown)
    assert judged(now, was, age).band == "none"


@for_each("age", AGES)
@for_each(
    "named",
    [
        {"admins": (("5", True), ("6", False))},
        {"admins": (("5", True), ("5", False), ("6", False))},
        {"created_by": "5", "admins": (("5", False), ("6", False))},
    ],
)
def test_what_somebody_claims_beside_it_takes_nothing_from_who_acted(
    named: dict[str, Any], age: float
) -> None:
    ours, theirs = a_channel(8, **named), a_channel(7, **named)
    alone = [
        a_channel(number, created_by=named.get("created_by"), admins=named["admins"][:1]) for number in (8, 7)
    ]
    bands = ("none", "possible", "likely")
    assert bands.index(judged(ours, theirs, age).band) >= bands.index(judged(alone[0], alone[1], age).band)


@for_each("age", AGES)
def test_throw_away_channels_that_name_a_creator_make_nobody_common(age: float) -> None:
    crowd = counted_by(a_channel(9, admins=(("5", False),)))
    assert judged(a_channel(8, created_by="5"), a_channel(7, created_by="5"), age, crowd).band != "none"
    named = [a_channel(number, admins=(("5", False),)) for number in (8, 7)]
    assert judged(named[0], named[1], age, crowd).band == "none"


@for_each("age", AGES)
def test_an_invitation_that_a_crowd_has_hides_none_that_two_have(age: float) -> None:
    links = (LINK, "https://t.me/+ZzYyXx987654")
    for common in links:
        trait = CONTACT.distil(a_channel(9, bio=common), keyer)
        assert trait is not None
        crowd = Crowd(CONTACT.counts(trait))
        both = [a_channel(number, invite_links=links) for number in (8, 7)]
        assert judged(both[0], both[1], age, crowd).band == "possible"


def test_the_sentence_counts_the_admins_of_both() -> None:
    groups = [
        a_channel(
            number, kind="group", admins=(*ADMINS[:2], *((f"{number}{at}", True) for at in range(more)))
        )
        for number, more in ((8, 3), (7, 5))
    ]
    assert "Both groups have 2 admins in common, of 5 and 7." in {
        line.because for line in judged(groups[0], groups[1], 60.0).lines
    }
    line = judged(a_channel(8, created_by="5"), OWNER, 60.0).evidence[0]
    assert line.because == "This channel is run by the banned account itself."


def test_a_title_has_no_namesakes() -> None:
    def rivals(kind: str) -> set[str]:
        ours, theirs = (
            a_channel(number, kind=kind, display_name="Umar Khan", handle="umar_khan") for number in (8, 7)
        )
        found = judged(ours, theirs, 8 * MINUTE_SECONDS)
        return {line.level for line in found.lines if line.signal == RIVALS_LINE}

    assert "namesake" in rivals("account")
    assert not rivals("channel") & {"namesake", "namesake-nearby"}


@for_each("words", ["Official News", "Backup 2", "Channel", "اخبار", "خبریں"])
def test_a_title_of_everyday_words_finds_nothing(words: str) -> None:
    ours, theirs = (a_channel(number, display_name=words) for number in (8, 7))
    assert judged(ours, theirs, 8 * MINUTE_SECONDS).band == "none"


def test_titles_are_counted_among_titles_of_their_language() -> None:
    account, channel = (seen(a_channel(1, kind=kind, locale="ur-PK")) for kind in ("account", "channel"))
    assert (account.stratum, channel.stratum) == ("ur", "ur+channel")


def test_a_title_alone_finds_nothing_and_a_picture_beside_it_does() -> None:
    title = {"display_name": "Zarfeshan Mirgul Wardakan", "locale": "en"}
    pictured = title | {"avatar": picture(0)}
    for shown, band in ((title, "none"), (pictured, "possible")):
        ours, theirs = (a_channel(number, **shown) for number in (8, 7))
        assert judged(ours, theirs, 8 * MINUTE_SECONDS).band == band
