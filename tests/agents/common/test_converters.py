"""Between the wire and the mind nothing is lost and nothing personal is added."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from agents.common.converters import (
    QUOTED_BIO_CHARS,
    account_of,
    ban_of,
    evidence_lines,
    matched_of,
    quoted_of,
    remembered_of,
    rival_shares,
    with_remembered,
)
from samehand.scoring.evidence import Evidence, RivalShare, Score
from samehand.showings import Showings, Span
from schemas.accounts import Account, AccountEvent, Avatar
from store.pepper.pepper import Pepper
from tests.makers import NOON, a_ban, a_change, a_sign_up
from tests.tables import for_each

KEYERS = ((1, Pepper(1, b"p" * 32).digest),)
HMAC = "ab" * 10


def an_account(profile: dict[str, Any]) -> Account:
    return Account(account_id="1", **profile)


def test_every_field_of_a_profile_arrives() -> None:
    wire = Account(
        account_id="7",
        handle="umar_media",
        display_name="Umar",
        bio="news",
        links=("https://t.me/umar",),
        locale="ur-PK",
        email="u@valley.example",
        phone="+923012345678",
        device_id="d",
        ip="39.40.12.7",
        user_agent="ua",
        payment_token="tok_1",
        referrer="r",
        avatar=Avatar(pdq="0f" * 32, quality=90),
    )
    account = account_of("telegram", wire)
    assert account.key == "telegram:7"
    for name in ("handle", "display_name", "bio", "links", "locale", "email", "phone", "device_id", "ip"):
        assert getattr(account, name) == getattr(wire, name)
    assert (account.user_agent, account.payment_token, account.referrer) == ("ua", "tok_1", "r")
    assert account.avatar is not None
    assert account.avatar.pdq == bytes.fromhex("0f" * 32)
    assert not account.already_keyed


@for_each(
    ("field", "raw", "name"),
    [
        ("email_hmac", "email", "email"),
        ("phone_hmac", "phone", "phone"),
        ("device_hmac", "device_id", "device"),
        ("ip_hmac", "ip", "ip"),
        ("payment_hmac", "payment_token", "payment"),
    ],
)
def test_the_platforms_own_digest_counts_where_there_is_no_raw_value(field: str, raw: str, name: str) -> None:
    keyed = account_of("x", an_account({field: HMAC}))
    assert keyed.already_keyed == {name: bytes.fromhex(HMAC)}
    both = account_of("x", an_account({field: HMAC, raw: "given"}))
    assert not both.already_keyed


def test_public_words_are_quoted_without_numbers_and_addresses() -> None:
    quoted = quoted_of(
        Account(account_id="1", handle="umar", display_name="Umar +92 301 2345678 u@v.example")
    )
    assert quoted.handle == "umar"
    assert "2345678" not in quoted.display_name
    assert "@" not in quoted.display_name


def test_self_description_is_quoted_on_demand_alone_redacted_and_cut() -> None:
    account = Account(account_id="1", bio="Call +92 301 2345678 or u@v.example, daily")
    assert quoted_of(account).bio == ""
    quoted = quoted_of(account, bio=True).bio
    assert quoted.startswith("Call •••")
    assert "2345678" not in quoted
    assert "@" not in quoted
    whole = quoted_of(Account(account_id="1", bio="b" * QUOTED_BIO_CHARS), bio=True).bio
    assert whole == "b" * QUOTED_BIO_CHARS
    cut = quoted_of(Account(account_id="1", bio="b" * (QUOTED_BIO_CHARS + 1)), bio=True).bio
    assert cut == "b" * (QUOTED_BIO_CHARS - 1) + "…"


@for_each("before", range(985, 1_000))
def test_number_where_a_self_description_is_cut_is_not_quoted(before: int) -> None:
    masked = "+92 301 2345678, " * 40
    bio = masked + "b" * (before - len(masked)) + " 0301 2345678" + " end" * 9
    quoted = quoted_of(Account(account_id="1", bio=bio), bio=True).bio
    assert not set(quoted) & set("0123456789")


def test_a_ban_without_a_date_gives_no_timing() -> None:
    ban = ban_of(a_ban("7", banned_at=None, handle="umar"), KEYERS)
    assert ban.facts.banned_at is None
    assert [fingerprint.at for fingerprint in ban.fingerprints] == [None]
    assert ban.facts.descent.root_id == "telegram:7"
    assert matched_of(ban.facts).banned_at is None


PAKISTAN = timezone(timedelta(hours=5))
MIDNIGHT = NOON - timedelta(hours=12)
ASIDE = datetime(NOON.year, NOON.month, NOON.day, tzinfo=PAKISTAN)


@for_each(
    ("banned_at", "told_after", "moment"),
    [
        (NOON, timedelta(0), NOON),
        (NOON, timedelta(hours=23), NOON),
        (NOON, timedelta(days=1), MIDNIGHT),
        (MIDNIGHT, timedelta(0), MIDNIGHT),
        (ASIDE, timedelta(0), MIDNIGHT),
        (ASIDE + timedelta(seconds=1), timedelta(0), ASIDE + timedelta(seconds=1)),
    ],
)
def test_of_a_date_without_a_time_and_of_a_ban_told_late_the_day_is_known(
    banned_at: datetime, told_after: timedelta, moment: datetime
) -> None:
    event = a_ban("7", banned_at=banned_at, handle="umar")
    believed_from = (banned_at + told_after - timedelta(days=1)).timestamp()
    ban = ban_of(event, KEYERS, believed_from=believed_from)
    assert [fingerprint.at for fingerprint in ban.fingerprints] == [moment.timestamp()]
    assert ban.fingerprints[0].at_is_day is (moment == MIDNIGHT)
    assert ban.facts.banned_at == banned_at.timestamp()


def test_a_row_of_a_file_has_no_record_that_could_be_late() -> None:
    ban = ban_of(a_ban("7", banned_at=NOON, handle="umar"), KEYERS)
    assert ban.fingerprints[0].at == NOON.timestamp()


def test_a_sign_up_is_remembered_at_its_own_time() -> None:
    remembered = remembered_of(a_sign_up("9", at=NOON, handle="umar"), KEYERS)
    assert (remembered.account, remembered.seen_at) == ("telegram:9", NOON.timestamp())
    assert [fingerprint.pepper_id for fingerprint in remembered.fingerprints] == [1]


MADE = NOON - timedelta(days=30)


@for_each(
    ("event", "begun"),
    [
        (a_sign_up("9", at=NOON), NOON),
        (a_sign_up("9", at=NOON, created_at=MADE), MADE),
        (a_sign_up("9", at=NOON, created_at=NOON + timedelta(hours=1)), NOON),
        (a_change("9", at=NOON), None),
        (a_change("9", at=NOON, created_at=MADE), MADE),
        (a_change("9", at=NOON, created_at=NOON + timedelta(hours=1)), None),
    ],
)
def test_an_account_showed_nothing_before_it_was_made(event: AccountEvent, begun: datetime | None) -> None:
    shown = remembered_of(event, KEYERS).shown
    assert shown == Showings(None if begun is None else int(begun.timestamp()), int(NOON.timestamp()))


def test_what_a_rival_explains_stands_under_evidence_whatever_it_weighs() -> None:
    lines = (
        Evidence("device", 0.0, "same", "The same device. A household explains it.", explained=True),
        Evidence(
            "network", -0.2, "same-prefix", "The same network. A household explains it.", explained=True
        ),
        Evidence("handle", 2.0, "part", "Alike."),
        Evidence("locale", 0.0, "other-language", "Different."),
    )
    rivals = (RivalShare("household", 0.75, "Two of a household."), RivalShare("stranger", 0.25, "Chance."))
    found = Score(-3.0, lines, -1.2, 0.23, "none", rivals)
    event = a_sign_up("1", at=NOON, handle="umar")
    (mine,), words = remembered_of(event, KEYERS).fingerprints, quoted_of(event.account)
    evidence, against = evidence_lines(found, mine, mine, words, words)
    assert [(it.signal, it.explained) for it in evidence] == [
        ("handle", False),
        ("device", True),
        ("network", True),
    ]
    assert [(it.signal, it.explained) for it in against] == [("locale", False)]
    assert [(it.name, it.share, it.sentence) for it in rival_shares(found)] == [
        ("household", 0.75, "Two of a household."),
        ("stranger", 0.25, "Chance."),
    ]


def test_a_ban_takes_over_since_when_its_account_shows_its_values() -> None:
    ban = ban_of(a_ban("9", at=NOON, handle="umar", bio="honey and candles"), KEYERS)
    before = remembered_of(a_sign_up("9", at=MADE, handle="umar"), KEYERS)
    seconds = int(MADE.timestamp())
    taken = with_remembered(ban, before).facts.shown
    assert (taken.of("handle"), taken.of("avatar")) == (Span(seconds, seconds), Span(seconds, seconds))
    assert taken.of("bio") == Span(int(NOON.timestamp()), int(NOON.timestamp()))
    assert with_remembered(ban, None) == ban


def test_of_a_state_after_the_ban_the_account_s_beginning_counts_alone() -> None:
    ban = ban_of(a_ban("9", at=NOON, handle="umar"), KEYERS)
    later = remembered_of(a_change("9", at=NOON + timedelta(hours=1), created_at=MADE, handle="umar"), KEYERS)
    assert with_remembered(ban, later).facts.shown == Showings(int(MADE.timestamp()), int(NOON.timestamp()))
