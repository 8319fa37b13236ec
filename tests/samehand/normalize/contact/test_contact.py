"""Contact points as texts and fields show them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.contact.contact_point import (
    email_points,
    phone_points,
    profile_point,
    registrable_part,
)
from samehand.normalize.contact.contacts import (
    POINTS_MAX,
    ContactPoint,
    claims,
    own_points,
    plain_text,
    read_contacts,
)
from samehand.normalize.contact.ordinary import (
    is_counting,
    is_ordinary,
    is_priced,
    is_version,
    without_times,
)
from samehand.normalize.contact.pseudonym import pseudonymous
from samehand.normalize.contact.redact import MASK, redacted
from samehand.normalize.contact.urls import page_points
from tests.samehand.makers import keyer
from tests.tables import for_each

# A profile that calls another account its own is told from one that only names it.


OURS = ContactPoint("handle", "valley_news")


@for_each(
    "bio",
    [
        "backup of @valley_news",
        "Follow! My old account @valley_news was suspended",
        "previous acc: @valley_news",
        "الحساب القديم @valley_news محذوف",
        "پرانا اکاؤنٹ @valley_news بند",
        "اکانت قبلی @valley_news بسته شد",
        "старый канал @valley_news удалён",
        "eski hesabım @valley_news kapatıldı",
        "पुराना खाता @valley_news बंद",
        "mi cuenta anterior @valley_news fue suspendida",
        "akun lama @valley_news kena suspend",
        "이전 계정 @valley_news 정지됨",
        "原号 @valley_news 被封",
    ],
)
def test_whose_account_it_was_is_read_in_many_languages(bio: str) -> None:
    assert read_contacts(bio, (), None).claimed == {OURS}


@for_each(
    "bio",
    [
        "I follow @valley_news",
        "former @valley_news reporter, old soul",
        "@valley_news was suspended again, finally",
        "glad that they banned @valley_news",
        "eski @valley_news muhabiri",
        "they removed the account @valley_news",
        "backup singer for @valley_news",
    ],
)
def test_who_only_names_it_claims_nothing(bio: str) -> None:
    read = read_contacts(bio, (), None)
    assert read.points == (OURS,)
    assert read.claimed == frozenset()


@given(st.text(max_size=200), st.integers(0, 250), st.integers(0, 250))
def test_any_text_may_be_asked(text: str, start: int, end: int) -> None:
    assert claims(text, start, end) in (True, False)


# Parts that redaction masks become digits under a key: equal or different, and nothing else is left.


def of(text: str) -> str:
    return pseudonymous(text, keyer)


@for_each("text", ["", "umar_media_2", "khan.1990", "Umar • Media", "on 2024-12-25"])
def test_what_is_not_masked_stays(text: str) -> None:
    assert of(text) == text


def test_what_stands_around_stays() -> None:
    begin, number, end = of("umar_03012345678_x").split("_")
    assert (begin, end) == ("umar", "x")
    assert number.isdecimal()
    assert len(number) == 11
    assert number != "03012345678"


@for_each(
    ("one", "other"),
    [
        ("03012345678", "0301-2345678"),
        ("03012345678", "٠٣٠١ ٢٣٤ ٥٦٧٨"),
        ("umar.farooq@gmail.com", "umar.farooq.gmail.com"),
        ("umar.farooq@gmail.com", "U M A R F A R O O Q @ G M A I L . C O M"),
        ("39.40.12.7", "39[.]40[.]12[.]7"),
    ],
)
def test_the_same_in_other_signs_is_the_same(one: str, other: str) -> None:
    assert of(one) == of(other)


@given(st.integers(10**6, 10**15 - 1), st.integers(10**6, 10**15 - 1))
def test_two_numbers_are_the_same_or_different_as_they_were(one: int, other: int) -> None:
    assert (of(f"umar{one}") == of(f"umar{other}")) == (one == other)


def test_numbers_of_a_block_have_a_start_in_common_and_differ() -> None:
    block = [of(f"umar482137{last:02}") for last in range(100)]
    assert len(set(block)) == 100
    assert len({each[:-2] for each in block}) == 1


@for_each("common", ["1234567", "98765432", "0000000", "1111111111"])
def test_a_number_that_many_choose_is_worth_little(common: str) -> None:
    assert len(of(f"ali{common}")) == len("ali") + 4


@given(st.one_of(st.text(), st.from_regex(r"[a-z]{2,5}[0-9@.# ]{7,20}[a-z.]{0,6}", fullmatch=True)))
def test_any_text_is_taken_and_keeps_what_redaction_keeps(text: str) -> None:
    made = of(text)
    for kept in redacted(text).split(MASK):
        assert kept in made


# Contact points in what an account shows.


# The kinds of contact point that several readers make.


@for_each(
    ("host", "part"),
    [
        ("news.example.co.uk", "example.co.uk"),
        ("umar.blogspot.com", "umar.blogspot.com"),
        ("localhost", ""),
        ("umar.nosuchending", ""),
        ("", ""),
    ],
)
def test_the_part_of_a_host_that_somebody_registered(host: str, part: str) -> None:
    assert registrable_part(host) == part


def test_a_profile_is_named_as_its_platform_reads_it() -> None:
    assert profile_point("facebook", "Umar.Media") == ContactPoint("profile", "facebook:umarmedia")
    assert profile_point("telegram", "@Umar") == ContactPoint("telegram", "umar")


def test_what_is_no_address_and_no_number_is_no_point() -> None:
    assert list(email_points("umar@nosuchending")) == []
    assert list(phone_points("12", None)) == []


# Dates, prices and versions are judged as a whole: a number with anything left beside them is none.


@for_each(
    "run", ["2024-12-25", "25.12.2024 - 31.12.2024", "1446/09/01", "10.30-12.30", "1.500.000", "12,3456,78"]
)
def test_a_run_that_is_wholly_ordinary_is(run: str) -> None:
    assert is_ordinary(run, 0, len(run))


@for_each("run", ["2024-12-25 786", "06.12.23.14.30", "600.123.456", "03012345678", "2345678", "12,3456,789"])
def test_a_run_with_more_in_it_may_be_a_number(run: str) -> None:
    assert not is_ordinary(run, 0, len(run))


def test_a_currency_makes_a_price_of_a_sum_and_not_of_a_number_with_a_leading_nought() -> None:
    assert is_priced("Rs 2500000", 3, 10)
    assert is_ordinary("Rs 2500000", 3, 10)
    assert not is_ordinary("Rs 02500000", 3, 11)


def test_a_word_before_it_makes_a_version() -> None:
    assert is_version("version 1.2.3.4", 8)
    assert not is_version("diversion 1.2.3.4", 10)


def test_a_time_of_day_parts_numbers() -> None:
    assert without_times("2024 10:30 12") == "2024 ,,,,, 12"
    assert without_times("123:456") == "123:456"


@for_each(
    ("numbers", "counts"), [(["39", "40", "41"], True), (["39", "40"], False), (["1", "x", "3"], False)]
)
def test_equal_steps_count_from_three_numbers_on(numbers: list[str], counts: bool) -> None:
    assert is_counting(numbers) is counts


# Spelled-out signs are written as signs, and sentences are left alone.


@for_each(
    ("text", "plain"),
    [
        ("t dot me slash foo", "t.me/foo"),
        ("umar [at] example (dot) org", "umar@example.org"),
        ("umar at gmail dot com", "umar@gmail.com"),
        ("t . me / foo", "t.me/foo"),
        ("ｔ．ｍｅ", "t.me"),
        ("meet me at example.com", "meet me at example.com"),
        ("this or / that", "this or / that"),
        ("a \u200b\n  b", "a b"),
    ],
)
def test_how_a_text_is_written_plainly(text: str, plain: str) -> None:
    assert plain_text(text) == plain


# What a web address stands for.


@for_each(
    ("url", "kind", "value"),
    [
        ("https://t.me/+AbCd123", "telegram-invite", "AbCd123"),
        ("https://t.me/+923012345678", "phone", "+923012345678"),
        ("telegram.me/Valley_News/12", "telegram", "valley_news"),
        ("https://chat.whatsapp.com/invite/AbCdEf12", "whatsapp-invite", "AbCdEf12"),
        ("wa.me/qr/ABCDEF123", "whatsapp", "ABCDEF123"),
        ("discord.com/invite/Ab-12", "discord-invite", "Ab-12"),
        ("m.facebook.com/people/Umar-Media/", "profile", "facebook:umar-media"),
        ("linkedin.com/in/umar-media?x=1", "profile", "linkedin:umar-media"),
        ("youtube.com/channel/UCabc", "profile", "youtube:ucabc"),
        ("https://www.Example.org:8080/A%20b/", "url", "example.org/A b"),
        ("umar.tumblr.com", "url", "umar.tumblr.com"),
    ],
)
def test_an_address_is_a_point(url: str, kind: str, value: str) -> None:
    assert [(point.kind, point.value) for point in page_points(url)] == [(kind, value)]


@for_each("url", ["t.me", "t.me/share/url", "bit.ly/", "x.com/search?q=a", "https://", "facebook.com", "a.b"])
def test_an_address_of_nobody_is_none(url: str) -> None:
    assert list(page_points(url)) == []


@given(st.text(max_size=200))
def test_any_text_is_a_point_or_none(text: str) -> None:
    for host in ("", "t.me/", "https://wa.me/", "facebook.com/", "a.org/"):
        assert len(list(page_points(host + text))) <= 1


# Where a profile asks to be reached, however it is written.


def contact_points(bio: str, *links: str) -> tuple[ContactPoint, ...]:
    return read_contacts(bio, links, None).points


def points(bio: str, *links: str, locale: str | None = None) -> list[tuple[str, str]]:
    return [(point.kind, point.value) for point in read_contacts(bio, links, locale).points]


@for_each(
    ("bio", "kind", "value"),
    [
        ("join t.me/+AbCdEf123456", "telegram-invite", "AbCdEf123456"),
        ("https://t.me/joinchat/AbC_123-x", "telegram-invite", "AbC_123-x"),
        ("backup: https://t.me/s/Valley_News?x=1", "telegram", "valley_news"),
        ("t dot me slash valley", "telegram", "valley"),
        ("T . me / valley_news", "telegram", "valley_news"),
        ("t (dot) me/valley", "telegram", "valley"),
        ("ｔ．ｍｅ／valley", "telegram", "valley"),
        ("t\u200b.me/valley", "telegram", "valley"),
        ("https://chat.whatsapp.com/AbCdEfGhIjK", "whatsapp-invite", "AbCdEfGhIjK"),
        ("whatsapp.com/channel/0029VaXyZ", "whatsapp-invite", "0029VaXyZ"),
        ("wa.me/923012345678", "phone", "+923012345678"),
        ("https://api.whatsapp.com/send?phone=923012345678&text=x", "phone", "+923012345678"),
        ("ring +92 301 2345678!", "phone", "+923012345678"),
        ("discord.gg/aBcD12", "discord-invite", "aBcD12"),
        ("discord.com/invite/aBcD12", "discord-invite", "aBcD12"),
        ("write to U.mar@gmail.com.", "email", "umar@gmail.com"),
        ("umar [at] example.org", "email", "umar@example.org"),
        ("umar at gmail dot com", "email", "umar@gmail.com"),
        ("https://www.facebook.com/umar.media/", "profile", "facebook:umarmedia"),
        ("facebook.com/profile.php?id=100012345678", "profile", "facebook:100012345678"),
        ("instagram.com/Umar.Media?igsh=1", "profile", "instagram:umar.media"),
        ("x.com/Umar/status/123", "profile", "x:umar"),
        ("insta: @umar.media", "profile", "instagram:umar.media"),
        ("Telegram - @Valley_News", "telegram", "valley_news"),
        ("second account of @Umar_Media", "handle", "umar_media"),
        ("see news.example.org/a/b/c/d?utm=1", "url", "news.example.org/a/b/c"),
        ("facebook.com/groups/Valley.News/", "profile", "facebook:groups/valley.news"),
        ("linktr.ee/umar", "url", "linktr.ee/umar"),
        ("bit.ly/AbC", "url", "bit.ly/AbC"),
    ],
)
def test_a_contact_point_is_found(bio: str, kind: str, value: str) -> None:
    assert points(bio) == [(kind, value)]


@for_each(
    "bio",
    [
        "",
        "hello world. This is e.g. a Test.And more",
        "linktr.ee",
        "youtube.com/ and https://www.instagram.com",
        "t.me/share/url?url=x",
        "instagram.com/p/Cx12345",
        "born 12.05.2001, 1990-2000, 50%",
        "call 12345",
        "v1.2.3",
    ],
)
def test_what_reaches_nobody_is_no_point(bio: str) -> None:
    assert points(bio) == []


def test_links_come_first_and_a_point_counts_once() -> None:
    found = points(
        "t.me/valley and umar@gmail.com", "https://T.me/Valley", "mailto:u.mar@gmail.com", "tel:+923012345678"
    )
    assert found == [("telegram", "valley"), ("email", "umar@gmail.com"), ("phone", "+923012345678")]


def test_points_stand_in_the_order_of_the_bio() -> None:
    assert [kind for kind, _ in points("+923012345678 t.me/valley umar@gmail.com @umar")] == [
        "phone",
        "telegram",
        "email",
        "handle",
    ]


def test_a_local_number_is_read_with_a_locale_only() -> None:
    assert points("0301 2345678", locale="ur-PK") == [("phone", "+923012345678")]
    assert points("0301 2345678") == []


def test_an_invitation_keeps_its_case() -> None:
    assert points("t.me/+AbCdEf") != points("t.me/+abcdef")


def test_a_directory_is_cut_short() -> None:
    assert len(contact_points(" ".join(f"t.me/channel_{number}" for number in range(100)))) == POINTS_MAX


def test_an_account_is_named_as_others_name_it() -> None:
    assert set(own_points("@Valley_News", "telegram")) & set(contact_points("join t.me/valley_news"))
    assert set(own_points("Umar.Media", "facebook")) & set(contact_points("fb.com/umarmedia"))
    assert set(own_points("Umar_Media", "x")) & set(contact_points("formerly @umar_media"))
    assert own_points("", "x") == ()


HOSTILE = [
    "a." * 5000,
    " " * 10_000,
    "a@" * 5000,
    "[" * 10_000,
    "1 " * 5000,
    "http://" * 1400,
    "@" * 10_000,
    "t.me/+" * 1600,
]


@for_each("bio", HOSTILE)
def test_a_hostile_bio_is_read_to_its_end(bio: str) -> None:
    assert len(contact_points(bio, *[bio] * 50)) <= POINTS_MAX


PIECES = st.sampled_from(
    [
        "t.me/",
        "+",
        "@",
        "a.com",
        "/",
        " at ",
        " dot ",
        "wa.me/",
        "9230",
        "1",
        "?",
        "://",
        "x",
        "é",
        "[at]",
        "\u200b",
    ]
)


@given(
    st.one_of(st.text(max_size=500), st.lists(PIECES, max_size=40).map("".join)),
    st.lists(st.text(max_size=60), max_size=5),
)
def test_any_text_gives_points_within_bounds(bio: str, links: list[str]) -> None:
    found = contact_points(bio, *links)
    assert len(found) == len(set(found)) <= POINTS_MAX
    assert all(point.kind and point.value for point in found)
