"""Fields in one form each, contact points, and addresses and numbers that nobody quotes."""

from __future__ import annotations

import random
import unicodedata
from base64 import urlsafe_b64encode
from binascii import crc_hqx
from datetime import date, datetime, time
from itertools import pairwise
from time import process_time

from hypothesis import assume, example, given
from hypothesis import strategies as st

from samehand.normalize.contact.contact_point import profile_point, registrable_part
from samehand.normalize.contact.contacts import (
    POINTS_MAX,
    ContactPoint,
    claims,
    own_points,
    plain_text,
    read_contacts,
)
from samehand.normalize.contact.ordinary import is_ordinary, is_priced
from samehand.normalize.contact.pseudonym import pseudonymous
from samehand.normalize.contact.redact import MASK, redacted
from samehand.normalize.contact.urls import page_points
from samehand.normalize.contact.wallets import wallet_points
from samehand.normalize.device import _LENGTH_MAX, _LENGTH_MIN, normal_device
from samehand.normalize.email import PROVIDERS, disposable_domains, fold_email
from samehand.normalize.handle import DEFAULT_RULES, RULES, clean_handle, is_made_up, rules_for
from samehand.normalize.network import Address, read_address
from samehand.normalize.phone import fold_phone, region_of
from samehand.normalize.user_agent import agent_family
from simulate.population.people import Population
from simulate.timeline.records import created
from tests.samehand.makers import keyer
from tests.tables import for_each

# Each platform's rules, by the examples that stand beside them.

EXAMPLES = [
    (rules.platform, typed, cleaned) for rules in (*RULES, DEFAULT_RULES) for typed, cleaned in rules.examples
]


@for_each(("platform", "typed", "cleaned"), EXAMPLES)
def test_what_people_type_is_cleaned_to_the_handle(platform: str, typed: str, cleaned: str) -> None:
    assert clean_handle(typed, platform) == cleaned


@for_each(
    ("platform", "handle", "made_up"),
    [
        ("x", "Elizabe39542212", True),
        ("x", "umar1947", False),
        ("x", "nadrobiskahar13844", False),
        ("telegram", "user48213", True),
        ("facebook", "100012345678901", True),
        ("facebook", "umar12345", False),
        ("instagram", "user_7741", True),
        ("elsewhere", "guest-0012", True),
        ("elsewhere", "username", False),
    ],
)
def test_what_platforms_make_up(platform: str, handle: str, made_up: bool) -> None:
    assert is_made_up(handle, platform) is made_up


def test_a_link_to_another_host_loses_its_scheme_alone() -> None:
    assert clean_handle("https://www.example.org/www.umar", "x") == "example.org/www.umar"
    assert clean_handle("//example.org//umar", "x") == "example.org//umar"


@given(st.text(max_size=256), st.sampled_from([rules.platform for rules in RULES] + ["elsewhere"]))
def test_any_text_is_cleaned(text: str, platform: str) -> None:
    cleaned = clean_handle(text, platform)
    assert len(cleaned) <= len(text)
    assert not cleaned.startswith("@")
    assert rules_for(platform).ignored == "" or not set(rules_for(platform).ignored) & set(cleaned)


# One mailbox, one spelling; no address, no fault.


@for_each(
    ("typed", "address"),
    [
        ("umar.media@gmail.com", "umarmedia@gmail.com"),
        ("Umar Media <UmarMedia+x@GoogleMail.com>", "umarmedia@gmail.com"),
        ("mailto:u.m.a.r@gmail.com?subject=hi", "umar@gmail.com"),
        ("umar.media@outlook.com", "umar.media@outlook.com"),
        ("umar+shop@outlook.com", "umar@outlook.com"),
        ("umar-shop@yahoo.com", "umar@yahoo.com"),
        ("umar+x@yahoo.com", "umar+x@yahoo.com"),
        ("umar@me.com", "umar@icloud.com"),
        ("u.m-a_r@pm.me", "umar@proton.me"),
        ("umar-media@ya.ru", "umarmedia@yandex.ru"),
        ("umar.media+x@example.org", "umar.media+x@example.org"),
        ("ü@exämple.de", "ü@xn--exmple-cua.de"),
        ("umar@example.org.", "umar@example.org"),
        ("ｕｍａｒ@gmail.com", "umar@gmail.com"),
    ],
)
def test_an_address_is_folded_as_its_provider_folds_it(typed: str, address: str) -> None:
    folded = fold_email(typed)
    assert folded is not None
    assert folded.address == address


def test_a_name_is_compared_across_providers() -> None:
    locals_ = {
        folded.local
        for typed in (
            "umar.media@gmail.com",
            "Umar_Media+1@example.org",
            "umarmedia@proton.me",
            "umar.media-x@yahoo.com",
        )
        if (folded := fold_email(typed)) is not None
    }
    assert locals_ == {"umarmedia"}


@for_each(
    "bad",
    [
        "",
        "umar",
        "@gmail.com",
        "umar@",
        "umar@gmail",
        "a b@gmail.com",
        "umar..m@gmail.com",
        ".u@gmail.com",
        "u@-x.com",
        '"u m"@gmail.com',
        "u@[127.0.0.1]",
        "x" * 65 + "@gmail.com",
        "u@" + "x" * 250 + ".com",
        "u@é" + "é" * 80 + ".com",
    ],
)
def test_what_is_no_address_is_nothing(bad: str) -> None:
    assert fold_email(bad) is None


@for_each(
    ("typed", "kind"),
    [
        ("x@mailinator.com", "disposable"),
        ("x@a.mailinator.com", "disposable"),
        ("x@gmail.com", "public-provider"),
        ("x@example.org", "other"),
    ],
)
def test_the_kind_of_provider(typed: str, kind: str) -> None:
    folded = fold_email(typed)
    assert folded is not None
    assert folded.domain_class == kind


def test_no_public_provider_is_on_the_list_of_throw_away_ones() -> None:
    assert len(disposable_domains()) > 1000
    assert not disposable_domains() & {domain for provider in PROVIDERS for domain in provider.domains}


@given(st.one_of(st.text(max_size=300), st.emails(), st.from_regex(r".{0,5}@.{0,9}\..{0,4}")))
def test_any_text_is_an_address_or_nothing_and_folding_twice_is_folding_once(text: str) -> None:
    folded = fold_email(text)
    if folded is not None:
        again = fold_email(folded.address)
        assert again is not None
        assert (again.address, again.local) == (folded.address, folded.local)


# Numbers in one form, their neighbours in one block, nobody's numbers nowhere.


@for_each(
    ("typed", "locale"),
    [
        ("+92 301 2345678", None),
        ("0092-301-2345678", None),
        ("0301 2345678", "ur-PK"),
        ("(0301) 2345678", "en_PK.UTF-8"),
        ("+٩٢٣٠١٢٣٤٥٦٧٨", None),
        ("+92 (0)301 2345678", None),
        ("+92 0301 2345678", None),
    ],
)
def test_one_number_in_many_spellings(typed: str, locale: str | None) -> None:
    folded = fold_phone(typed, locale)
    assert folded is not None
    assert (folded.e164, folded.country_code) == ("+923012345678", 92)


@for_each(
    ("typed", "locale", "e164"),
    [
        ("421 4567", "is-IS", "+3544214567"),
        ("+290 22027", None, "+29022027"),
        ("22027", "en-SH", None),
        ("+683 4002", None, None),  # seven digits with the country's code, four of them its own
        ("+92 301 2345678".rjust(40), None, "+923012345678"),
        ("+92 301 2345678".rjust(41), None, None),
    ],
)
def test_a_number_has_seven_digits_five_of_them_national_and_at_most_forty_characters(
    typed: str, locale: str | None, e164: str | None
) -> None:
    folded = fold_phone(typed, locale)
    assert (None if folded is None else folded.e164) == e164


def test_numbers_bought_together_share_a_block() -> None:
    blocks = {
        folded.block for tail in ("78", "99") if (folded := fold_phone(f"+9230123456{tail}")) is not None
    }
    assert blocks == {"+9230123456"}


@for_each(
    "junk",
    [
        "",
        "12345",
        "+00000000",
        "123456789",
        "+1 555 555 5555",
        "+441234567890",
        "+1 2121212121",
        "0301 2345678",
        "+",
        "9" * 60,
    ],
)
def test_what_is_nobodys_number_is_nothing(junk: str) -> None:
    assert fold_phone(junk) is None


def test_a_region_is_read_from_a_locale() -> None:
    assert [region_of(locale) for locale in ("ur-PK", "ur_pk.UTF-8", "zh-Hant-TW", "ur", None)] == [
        "PK",
        "PK",
        "TW",
        None,
        None,
    ]


@given(
    st.text(max_size=60),
    st.one_of(st.none(), st.text(max_size=8), st.sampled_from(["ur-PK", "en-US", "xx-ZZ"])),
)
def test_any_text_is_a_number_or_nothing(text: str, locale: str | None) -> None:
    folded = fold_phone(text, locale)
    if folded is not None:
        assert fold_phone(folded.e164) == folded


@given(st.integers(10**6, 10**14))
def test_a_number_folds_to_itself(number: int) -> None:
    folded = fold_phone(f"+{number}")
    if folded is not None:
        assert folded.e164.startswith(folded.block)
        assert fold_phone(folded.e164) == folded


# Device ids in one spelling; placeholders and constants name no device.

ID = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


@for_each("spelling", [ID, ID.upper(), ID.replace("-", ""), f"{{{ID}}}", f"IDFA:{ID}", f" gaid={ID} "])
def test_one_id_in_many_spellings(spelling: str) -> None:
    assert normal_device(spelling) == ID


@for_each(
    "junk",
    [
        "",
        "unknown",
        "NULL",
        "n/a",
        "abc",
        "00000000-0000-0000-0000-000000000000",
        "ffffffffffffffff",
        "9774d56d682e549c",
        "02:00:00:00:00:00",
        "000000000000000",
        "abababababab",
        "0123456789abcdef",
        "12341234123412341234",
        "x" * 300,
    ],
)
def test_junk_names_no_device(junk: str) -> None:
    assert normal_device(junk) is None


def test_an_opaque_id_is_kept_letter_for_letter() -> None:
    assert normal_device("d:Xy12_opaque-ID99") == "d:Xy12_opaque-ID99"


def test_an_id_has_a_length_between_both_limits() -> None:
    opaque = "".join(f"kQ{number}xZ7w" for number in range(10, 99))
    for length, known in (
        (_LENGTH_MIN - 1, False),
        (_LENGTH_MIN, True),
        (_LENGTH_MAX, True),
        (_LENGTH_MAX + 1, False),
    ):
        assert normal_device(opaque[:length]) == (opaque[:length] if known else None)


@given(st.one_of(st.text(max_size=300), st.uuids().map(str)))
def test_any_text_is_an_id_or_nothing_and_a_normal_id_stays(text: str) -> None:
    found = normal_device(text)
    if found is not None:
        assert normal_device(found) == found


# Public addresses and the networks around them; everything else is nothing.


@for_each(
    ("text", "address"),
    [
        ("39.40.12.7", Address("39.40.12.7", "39.40.12.0/24", "")),
        ("::ffff:39.40.12.7", Address("39.40.12.7", "39.40.12.0/24", "")),
        ("64:ff9b::39.40.12.7", Address("39.40.12.7", "39.40.12.0/24", "")),
        ("2002:2728:0c07::1", Address("39.40.12.7", "39.40.12.0/24", "")),
        (" [2400:ADC5:1:2::7] ", Address("2400:adc5:1:2::7", "2400:adc5:1:2::/64", "2400:adc5:1::/48")),
        ("203.0.113.9", Address("203.0.113.9", "203.0.113.0/24", "")),
    ],
)
def test_an_address_and_its_networks(text: str, address: Address) -> None:
    assert read_address(text) == address


@for_each(
    "text",
    [
        *("10.1.2.3", "172.31.0.1", "192.168.1.4", "::ffff:192.168.1.4", "fd00::1", "100.64.3.9"),
        *("127.0.0.1", "::1", "169.254.0.1", "fe80::1%eth0", "0.0.0.0", "224.0.0.1"),
        *("255.255.255.255", "256.1.1.1"),
        *("", "x" * 100),
    ],
)
def test_what_names_nobody_is_no_address(text: str) -> None:
    assert read_address(text) is None


@given(st.one_of(st.text(max_size=80), st.ip_addresses().map(str)))
def test_any_text_is_read_and_an_address_reads_as_itself(text: str) -> None:
    found = read_address(text)
    if found is not None:
        assert read_address(found.address) == found


# The family of a user agent does not change with its versions.

KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@for_each(
    ("user_agent", "family"),
    [
        (
            f"Mozilla/5.0 (Linux; Android 13; SM-A536B) {KIT} Chrome/120.0.0.0 Mobile Safari/537.36",
            "chrome/android/sm-a536b",
        ),
        (f"Mozilla/5.0 (Linux; Android 10; K) {KIT} Chrome/121.0.0.0 Mobile Safari/537.36", "chrome/android"),
        (
            f"Mozilla/5.0 (Linux; U; Android 4.4; en-us; GT-I9500 Build/KOT49H) {KIT} Safari/534.30",
            "safari/android/gt-i9500",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 12; M2101K6G; wv) {KIT} Chrome/99 Mobile Instagram 300.0",
            "instagram/android/m2101k6g",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Version/17.4 Safari/604.1", "safari/ios"),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT} Chrome/120 Safari/537.36 Edg/120.0",
            "edge/windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0", "firefox/linux"),
        ("python-requests/2.31", "python-requests"),
    ],
)
def test_the_family_of_an_agent(user_agent: str, family: str) -> None:
    assert agent_family(user_agent) == family


@for_each("nothing", ["", "???", "hello"])
def test_what_tells_nothing_is_nothing(nothing: str) -> None:
    assert agent_family(nothing) is None


@given(st.text(max_size=600))
def test_any_text_has_a_short_family_or_none(text: str) -> None:
    family = agent_family(text)
    assert family is None or 0 < len(family) <= 64


# A profile that calls another account its own is told from one that only names it.


OURS = ContactPoint("handle", "valley_news")


@for_each(
    "bio",
    [
        *("backup of @valley_news", "Follow! My old account @valley_news was suspended"),
        *("previous acc: @valley_news", "الحساب القديم @valley_news محذوف"),
        *("پرانا اکاؤنٹ @valley_news بند", "اکانت قبلی @valley_news بسته شد"),
        *("старый канал @valley_news удалён", "eski hesabım @valley_news kapatıldı"),
        *("पुराना खाता @valley_news बंद", "mi cuenta anterior @valley_news fue suspendida"),
        *("akun lama @valley_news kena suspend", "이전 계정 @valley_news 정지됨"),
        *("原号 @valley_news 被封", "旧号@valley_news没了", "前アカ @valley_news"),
        *("Our channel @valley_news got banned, we go on here", "ex acct: @valley_news"),
        *("kanalımız @valley_news kapandı", "önceki sayfa @valley_news"),
        *("تم حذف قناتي @valley_news", "قناتنا السابقه @valley_news"),
        *("چنل قبلیمون @valley_news", "پیجم @valley_news مسدود شد"),
        *("میرا چینل @valley_news بلاک ہو گیا", "hamara purana page @valley_news band hai"),
        *("زموږ پخوانی چینل @valley_news", "زما پاڼه @valley_news بنده شوه"),
        *("مئے کوهنیں چینل @valley_news", "منی اکاؤنٹ @valley_news بند بوتگ"),
        *("کەناڵی کۆنم @valley_news", "پەیجەکەم @valley_news داخرا", "hesabê min ê kevn @valley_news"),
        *("tsohuwar shafina @valley_news", "an rufe tashata @valley_news"),
        *("boggeygii hore @valley_news", "kanaalkayga @valley_news waa la xiray"),
        *("የድሮ ገጻችን @valley_news", "ቻናሌ @valley_news ታግዷል"),
        *("আমাদের আগের চ্যানেল @valley_news", "আমার পেজ @valley_news ব্যান", "amar purono id @valley_news"),
        *("channel kami @valley_news diblokir", "akunku @valley_news hilang"),
        *("ukurasa wangu wa zamani @valley_news", "наш канал @valley_news снесли"),
        *("notre page @valley_news a été supprimée", "minha conta @valley_news caiu", "nick cũ @valley_news"),
        *("my other account @valley_news", "moved here from @valley_news", "tsohon asusuna @valley_news"),
        *("koontadaydii hore @valley_news", "አሮጌው አካውንቴ @valley_news", "منی کہنیں اکانٹ @valley_news"),
        *("পুরাতন একাউন্ট @valley_news", "pindahan dari @valley_news", "asıl hesabım @valley_news"),
        *("Not a bot. Backup of “@valley_news”", "“Songs”, my old account @valley_news is not back"),
    ],
)
def test_whose_account_it_was_is_read_in_many_languages(bio: str) -> None:
    assert read_contacts(bio, (), None).claimed == {OURS}


@for_each(
    "bio",
    [
        *("I follow @valley_news", "former @valley_news reporter, old soul"),
        *("@valley_news was suspended again, finally", "glad that they banned @valley_news"),
        *("eski @valley_news muhabiri", "they removed the account @valley_news"),
        *("backup singer for @valley_news", "my page was hacked by @valley_news"),
        *("exposing the old account of @valley_news", "my friend's old account @valley_news"),
        *("our favourite channel @valley_news is banned", "his previous account @valley_news"),
        *("@valley_news kanalı sahte, ihbar edin", "تم حظر @valley_news", "فضح قناة @valley_news القديمة"),
        *("چنل @valley_news بسته شد", "@valley_news کا چینل بند ہو گیا", "@valley_news ka page band karwao"),
        *("@valley_news بند بوتگ", "کەناڵی @valley_news داخرا", "an rufe shafin @valley_news"),
        *("bogga @valley_news waa la xiray", "የ@valley_news ገጽ ተዘጋ", "@valley_news এর পেজ বন্ধ"),
        *("my idol's account @valley_news", "@valley_news نے میرا اکاؤنٹ ہیک کیا"),
        *("ex @valley_news reporter", "the old account @valley_news scammed me"),
        *("mein Konto wurde gesperrt von @valley_news", "የጓደኛዬ የድሮ አካውንት @valley_news"),
        *("akun @valley_news diblokir", "laporkan akun lama @valley_news", "канал @valley_news закрыли"),
        *("he laughed, “my old account @valley_news”", "«мой старый канал @valley_news» и прочая ложь"),
        *(
            "he said my old account @valley_news",
            "قال: حسابي القديم @valley_news",
            "mein Alter sagte: backup @valley_news",
        ),
        *("this is not the backup of @valley_news", "nicht mein altes Konto @valley_news"),
        *(
            "unofficial backup of @valley_news",
            "RT @valley_news: my old account",
            "I miss the old page @valley_news",
        ),
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


@for_each("common", ["1234567", "98765432", "0000000", "1111111111", "1234567890", "123123123", "1122334455"])
def test_a_number_that_many_choose_is_worth_little(common: str) -> None:
    assert len(of(f"ali{common}")) == len("ali") + 4


@given(st.one_of(st.text(), st.from_regex(r"[a-z]{2,5}[0-9@.# ]{7,20}[a-z.]{0,6}", fullmatch=True)))
def test_any_text_is_taken_and_keeps_what_redaction_keeps(text: str) -> None:
    made = of(text)
    assume(
        made or any(map(str.isalpha, text))
    )  # else it may be a pattern of digits, of which nothing is left
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
        ("https://www.Example.org:8080/A%20b/", "url", "example.org"),
        ("https://docs.google.com:443/A%20b/", "url", "docs.google.com/A b"),
        ("umar.tumblr.com", "url", "umar.tumblr.com"),
        ("docs.google.com/forms/d/e/1FAIpQL/viewform", "url", "docs.google.com/forms/d/e/1FAIpQL"),
        ("drive.google.com/file/d/1aB/view?usp=sharing", "url", "drive.google.com/file/d/1aB"),
        ("play.google.com/store/details?hl=ur&id=org.umar", "url", "play.google.com/store/details/org.umar"),
        ("http://xn--e1afmkfd.xn--p1ai/", "url", "пример.рф"),
        ("gofund.me/1a2b3c", "url", "gofund.me/1a2b3c"),
        ("umar.substack.com/p/news-of-today", "url", "umar.substack.com"),
        ("https://valleyvoice.net/en/about.html", "url", "valleyvoice.net"),
    ],
)
def test_an_address_is_a_point(url: str, kind: str, value: str) -> None:
    assert [(point.kind, point.value) for point in page_points(url)] == [(kind, value)]


@for_each(
    "url",
    [
        *("t.me", "t.me/share/url", "bit.ly/", "x.com/search?q=a", "https://", "facebook.com", "a.b"),
        *("https://www.bbc.com/urdu/articles/c3g", "urdu.geo.tv/latest/1", "amazon.co.uk/dp/B01"),
        *("https://www.uok.edu.pk/physics", "health.gov.ng", "wordpress.com", "https://www.shopify.com"),
    ],
)
def test_an_address_of_nobody_is_none(url: str) -> None:
    assert list(page_points(url)) == []


@given(st.text(max_size=200))
def test_any_text_is_a_point_or_none(text: str) -> None:
    for host in ("", "t.me/", "https://wa.me/", "facebook.com/", "a.org/"):
        assert len(list(page_points(host + text))) <= 1


# Wallets, by their checks.


@for_each(
    ("bio", "value"),
    [
        ("BTC: 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        ("bitcoin:3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy?amount=1", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
        ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
        ("USDT TRC20 TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
        ("0xdAC17F958D2ee523a2206206994597C13D831ec7", "0xdac17f958d2ee523a2206206994597c13d831ec7"),
        ("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),
        ("XMR " + "4" + "AbCdEfGh1" * 10 + "wxyZ", "4" + "AbCdEfGh1" * 10 + "wxyZ"),
    ],
)
def test_a_wallet_is_a_point_in_a_bio_as_in_a_link(bio: str, value: str) -> None:
    assert points(bio) == points("", bio) == [("wallet", value)]


def test_a_wallet_in_an_address_of_those_who_list_them_is_the_wallet() -> None:
    wallet = "0xdac17f958d2ee523a2206206994597c13d831ec7"
    assert points("", f"https://etherscan.io/address/{wallet}") == [("wallet", wallet)]


def test_two_spellings_of_one_wallet_of_ton_are_one() -> None:
    account = bytes(range(33))
    spelt = []
    for flag in (b"\x11", b"\x51"):  # to be sent back if it fails, or not
        checked = flag + account + crc_hqx(flag + account, 0).to_bytes(2, "big")
        spelt.append(points("TON " + urlsafe_b64encode(checked).decode()))
    assert spelt[0] == spelt[1] == [("wallet", account.hex())]


@for_each(
    "bio",
    [
        *("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"),
        *("0x" + "0" * 40, "1111111111111111111114oLvT2", "d41d8cd98f00b204e9800998ecf8427e", "z" * 10_000),
        *("EQ" + "AbCdEf12" * 5 + "AbCdEf", "Donaudampfschifffahrtsgesellschaftskapitaen"),
    ],
)
def test_a_long_word_whose_check_fails_is_no_wallet(bio: str) -> None:
    assert points(bio) == list(wallet_points(bio)) == []


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
        ("facebook.com/umar.media?id=100012345678", "profile", "facebook:umarmedia"),
        ("instagram.com/Umar.Media?igsh=1", "profile", "instagram:umar.media"),
        ("x.com/Umar/status/123", "profile", "x:umar"),
        ("insta: @umar.media", "profile", "instagram:umar.media"),
        ("Telegram - @Valley_News", "telegram", "valley_news"),
        ("second account of @Umar_Media", "handle", "umar_media"),
        ("see news.example.org/a/b/c/d?utm=1", "url", "news.example.org"),
        ("see telegra.ph/news/of/today/and?utm=1", "url", "telegra.ph/news/of/today"),
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
        *("", "hello world. This is e.g. a Test.And more", "linktr.ee"),
        *("facebook.com/profile.php", "facebook.com/profile.php?id=1234", "facebook.com/?id=100012345678"),
        *("youtube.com/ and https://www.instagram.com", "t.me/share/url?url=x"),
        *("instagram.com/p/Cx12345", "born 12.05.2001, 1990-2000, 50%", "call 12345", "v1.2.3"),
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
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb " * 280,
    "EQ" * 5000,
]


@for_each("bio", HOSTILE)
def test_a_hostile_bio_is_read_to_its_end(bio: str) -> None:
    assert len(contact_points(bio, *[bio] * 50)) <= POINTS_MAX


PIECES = st.sampled_from(
    [
        *("t.me/", "+", "@", "a.com", "/", " at ", " dot ", "wa.me/", "9230", "1", "?", "://", "x"),
        *("é", "[at]", "\u200b"),
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


# Addresses and numbers are taken out of words before they are quoted; the words stay.


@for_each(
    ("given_text", "shown"),
    [
        ("write u.media@valley.example now", "write ••• now"),
        ("call +92 301 2345678", "call •••"),
        ("0301-2345678", "•••"),
        ("from 39.40.12.7", "from •••"),
        ("2001:db8:1:2::7 it is", "••• it is"),
        ("2001[:]db8[:]1[:][:]7 it is", "••• it is"),
        ("from 39[.]40[.]12[.]7", "from •••"),
        ("from 39(dot)40(dot)12(dot)7/24", "from •••/24"),
        ("39,40,12,7 again", "••• again"),
        ("39 dot 40 dot 12 dot 7", "•••"),
        ("39_40_12_7", "•••"),
        ("٣٩،٤٠،١٢،٧", "•••"),
        ("۳۹[.]۴۰[.]۱۲[.]۷", "•••"),
        ("umar@school۔edu۔pk", "•••"),  # the full stop of Urdu
        ("۳۹۔۴۰۔۱۲۔۷", "•••"),
        ("३९ . ४० . १२ . ७", "•••"),
        ("ip39.40.12.7", "ip•••"),
        # Letters that look like several Latin ones, before one that looks like one of them.
        ("œuvre ßæ: umar at gm\u0430il dot com now", "œuvre ßæ: ••• now"),
    ],
)
def test_what_is_personal_is_masked(given_text: str, shown: str) -> None:
    assert redacted(given_text) == shown


@for_each(
    "mailbox",
    [
        *("umar @ gmail.com", "umar @gmail.com", "umar@ gmail . com", "umar@gmail"),
        *("umar.media @ valley.example", "umar[at]gmail.com", "umar (at) gmail (dot) com"),
        *("umar {AT} valley {DOT} example", "umar at gmail dot com", "umar at valley dot org"),
        *("Umar AT Gmail DOT Com", "umar at gmail com", "umar arroba gmail punto com"),
        *("umar собака yandex точка ru", "umar_at_gmail_com", "umar_at_gmail_dot_com"),
        *("umar＠gmail．com", "umar@gmail․com", "ｕｍａｒ＠ｇｍａｉｌ．ｃｏｍ", "umar﹫gmail。com"),
        *("u\u200bmar@gma\u200bil.com", "umar@münchen.example", "@umar@valley.example"),
        *("umar *at* gmail *dot* com", "umar|at|gmail|dot|com", "umar /at/ valley /dot/ org"),
        *('umar "at" gmail "dot" com', "umaratgmail.com", "umarATgmailDOTcom"),
        *("umar ایٹ gmail ڈاٹ com", "umar एट gmail डॉट com", "umar.farooq.gmail.com", "umar_gmail.com"),
        *("umar/gmail.com", "umargmail.com", "umar_gmail_com", "umar.farooq gmail.com"),
        *("umar786 gmail.com", "umar#gmail.com", "umar # gmail.com", "umar*gmail.com"),
        *("umar🌀gmail.com", "umar 🌀 gmail.com", "umar(a)gmail.com", "umar [et] valley.example"),
        *("umar#valley.org", "umar.farooq.yahoo.com", "u m a r @ g m a i l . c o m"),
        *("u m a r  @  g m a i l . c o m", "u m a r @ v a l l e y . o r g"),
        *("u m a r at g m a i l dot c o m", "umar @ g mail . com", "umar at g-m-a-i-l dot c-o-m"),
        *("umar at gma1l dot com", "umar at gmaiI dot c0m", "umar@gmail,com", "umar at gmаil dot cоm"),
        *("umar.gmаil.соm", "umar#ɢᴍᴀɪʟ.ᴄᴏᴍ", "u\u200bmar#gma\u200bil.com", "umar＃gmail。com"),
        *("umar ایٹ جی میل ڈاٹ کام", "عمر ات جيميل نقطة كوم", "umar एट जीमेल डॉट कॉम"),
        *("умар собака джимейл точка ком", "umar艾特gmail点com", "umar골뱅이gmail점com"),
        *("umarアットgmailドットcom", "umar@localhost", "u.khan+news@LOCALHOST", "umar @localdomain.com"),
        *("umar [at] localhost", "umar@ᴍailhost"),
    ],
)
def test_a_mailbox_is_masked_however_it_is_written(mailbox: str) -> None:
    shown = redacted(f"News: {mailbox}, daily")
    assert MASK in shown
    # Of the whole address nothing but its frame is left.
    left = set(
        "".join(
            filter(str.isalnum, unicodedata.normalize("NFKC", shown.replace("daily", "").replace("News", "")))
        )
    )
    assert left == set()


@for_each(
    "number",
    [
        *("0 3 0 1 2 3 4 5 6 7 8", "0-3-0-1-2-3-4-5", "0.3.0.1.2.3.4.5", "0301 – 2345678"),
        *("(0301) - 2345678", "+92(301)234-5678", "0301_234_5678", "٠٣٠١٢٣٤٥٦٧٨", "۰۳۰۱ ۲۳۴ ۵۶۷۸"),
        *("०३०१२३४५६७८", "０３０１２３４５６７８", "𝟎𝟑𝟎𝟏𝟐𝟑𝟒𝟓𝟔", "⓪③⓪①②③④⑤", "0️⃣3️⃣0️⃣1️⃣2️⃣3️⃣4️⃣5️⃣"),
        *("一三八零零一三八零零零", "0\u20d23\u20d20\u20d21\u20d22\u20d23\u20d24\u20d2"),
        "zero three zero one two three four five six seven eight",
        *("Zero Three ZERO one, two, three, four, five", "zero_three_zero_one_two_three_four"),
        *("ZeroThreeZeroOneTwoThreeFourFive", "zero three 0 1 double four 5"),
        *("sifar teen sifar ek do teen chaar", "seis uno dos tres cuatro cinco seis"),
        *("ноль три ноль один два три четыре", "صفر تین صفر ایک دو تین چار"),
        *("शून्य तीन शून्य एक दो तीन चार पाँच", "0301*234*5678", "0301 | 234 | 5678"),
        *("0/3/0/1/2/3/4/5/6", "0301 🔥 234 🔥 5678", "4111 1111 1111 1111", "4111/1111/1111/1111"),
        *("5500,0000,0000,0004", "3782*822463*10005", "0301,2345678", "03,01,23,45,67", "٠٣٠١،٢٣٤٥٦٧٨"),
        *(
            "zerothreezerozeroonetwothree",
            "Zerothreezerozerofivefivefiveonetwo",
            "zerо three zerо zerо one two six",
        ),
        *("zero    three    zero    zero    one    two    six", "nol tiga nol nol satu dua delapan"),
        *("zéro trois zéro zéro un deux trois", "zero três zero zero um dois quatro cinco sete oito nove"),
        *("صفر ثلاثه صفر صفر خمسه ستة تسعه", "sifr thalatha sifr sifr wahid ithnan thalatha"),
        *(
            "shunya teen shunya shunya ek do teen",
            "শূন্য তিন শূন্য এক দুই তিন চার",
            "sıfır üç sıfır beş bir iki dört",
        ),
        *("null drei null null fünf zwei vier", "صفر دری صفر صفر یو دوه درې څلور پنځه شپږ اووه"),
        *("0301[.]234[.]5678", "06.12.23.14.30", "06-12-23-14-30", "03-01-2019 786", "600.123.456"),
    ],
)
def test_a_number_is_masked_however_it_is_written(number: str) -> None:
    shown = redacted(f"call {number} now")
    assert shown.startswith("call ")
    assert shown.endswith(f"{MASK} now")
    assert not any(map(str.isdigit, shown))


@for_each(
    "words",
    [
        *("Umar Media", "umar_media_2", "user_786", "ali_2019_786", "khan.1990", "since 2019"),
        *("1990-2000", "2018 2019 2020", "2018 ❤ 2019 ❤ 2020", "100% 200% 300%", "$50 $60 $70 $80 $90"),
        *("10:30, 12:30, 14:30", "दो तीन चार", "what gmail.com is", "1990 – 2024 | archive"),
        *("1,000,000 followers", "4,111,111,111,111,112 stars", "24/7", "12:30", "3.14159"),
        *("Room 101, floor 5", "مقامی خبریں ۲۰۱۹", "تاریخ ۲۰۲۳۔۰۵۔۱۲"),
        *("آپ کا شکریہ۔ علی @لاہور۔ پاکستان", "سال ۱۳۹۹-۱۴۰۰", "五一六", "one two three"),
        *("no no no no no no no no", "oh oh oh oh oh oh oh oh", "@umar", "follow me @umar.media"),
        *("me @gmail", "Working @ Google", "Umar @ Noon. Follow", "Umar (at) home", "Chef at noma.dk"),
        *("meet at Polka Dot in Lahore", "look at mail is here", "at gmail we trust", "news at 9"),
        *("chat dot party", "Patat Dotcom", "umar․media", "v1.2.3", "v1.2.3.4", "version 1.2.3.4"),
        *("Chrome 120.0.6099.109", "10.0.19041.1234", "2024-12-25", "2024-12-25T10:30:00"),
        *("25.12.2024 – 31.12.2024", "01.12.-05.12.2024", "12/25/2024 10:30", "25.12.24 10:30"),
        *("24/12 25/12 26/12", "10.30-12.30", "10:20:30:45", "1446-09-01", "25/12/2567", "Rs 2500000"),
        *("PKR 1.500.000", "1.234.567,89 €", "1 500 000", "USD 1,200,150,175", "۱٬۰۰۰٬۰۰۰"),
        *("۱۰، ۲۰، ۳۰، ۴۰، ۵۰", "39,40,41,42", "Room 101, 102, 203, 204", "my gmail.com"),
        *("www.gmail.com", "https://gmail.com", "mail.yahoo.com", "Umar | gmail.com", "Umar #gmail"),
        *(
            "C#.net",
            "dua_2019_786",
            "Saba 1990",
            "no 2019 2020",
            "k@rim",
            "Isl@mabad News",
            "follow @localhost",
        ),
        *("notwithstandinglyone", "nonononononononononono", "un deux trois"),
    ],
)
def test_what_stands_in_names_all_day_stays(words: str) -> None:
    assert redacted(words) == words


def test_names_of_ordinary_accounts_stay_as_they_are() -> None:
    rng, people = random.Random(9), Population(3, 2_000)
    told = [created(people.person(rng), 0.0).account for _ in range(500)]
    names = [name for one in told for name in (one.handle, one.display_name) if name]
    # Some sign up under their number, and some handles are nothing but one.
    plain = [name for name in names if sum(map(str.isdigit, name)) < 5]
    assert len(plain) > 500
    assert [name for name in plain if redacted(name) != name] == []


DIGITS_OF_SCRIPTS = st.sampled_from(
    [
        *("0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "০১২৩৪৫৬৭৮৯", "๐๑๒๓๔๕๖๗๘๙"),
        "０１２３４５６７８９",
    ]
)


def in_digits(text: str, digits: str) -> str:
    return "".join(digits[int(char)] if char.isdecimal() else char for char in text)


octets = st.integers(0, 255)


@given(
    st.tuples(octets, octets, octets, octets),
    st.sampled_from(["[.]", "(.)", "{.}", " . ", "[dot]", " dot ", ",", "_", "|", "."]),
    DIGITS_OF_SCRIPTS,
    st.sampled_from(["", "me ", "آئی پی "]),
)
def test_no_internet_address_survives_whatever_parts_it(
    address: tuple[int, ...], between: str, digits: str, before: str
) -> None:
    numbers = list(map(str, address))
    if between != ".":  # a score or a list may look the same
        assume(sum(map(len, numbers)) >= 6)
        assume(len({b - a for a, b in pairwise(address)}) > 1)
    shown = redacted(before + in_digits(between.join(numbers), digits))
    assert shown == before + MASK


@given(
    st.dates(date(1900, 1, 1), date(2099, 12, 31)),
    st.times(),
    DIGITS_OF_SCRIPTS,
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y"]),
    st.sampled_from(["", " %H:%M", " %H:%M:%S", " %H.%M", " – %d.%m.%Y", ", %H:%M"]),
)
def test_dates_and_times_stay_in_any_digits(day: date, hour: time, digits: str, form: str, more: str) -> None:
    words = in_digits(f"on {datetime.combine(day, hour).strftime(form + more)} again", digits)
    assert redacted(words) == words


@for_each("parted", [",", " ", ".", "'"])
@for_each("price", ["${}", "Rs {}", "{} USD", "${}.00", "{},00"])
def test_a_card_in_groups_of_three_is_no_price(parted: str, price: str) -> None:
    shown = redacted(price.format(f"{4_111_111_111_111_111:,}".replace(",", parted)))
    assert not any(map(str.isdigit, shown))


@example(163_828_060_280, "$", "0123456789", True)  # its digits pass the check of a card's number
@given(st.integers(1, 10**12), st.sampled_from("$€£₹"), DIGITS_OF_SCRIPTS, st.booleans())
def test_prices_stay_in_any_digits(amount: int, sign: str, digits: str, cents: bool) -> None:
    words = sign + in_digits(f"{amount:,}" + ".50" * cents, digits)
    assert redacted(words) == words


@given(st.lists(st.integers(0, 30), min_size=2, max_size=4))
def test_versions_stay(numbers: list[int]) -> None:
    for words in (f"v{'.'.join(map(str, numbers))}", f"version {'.'.join(map(str, numbers))}"):
        assert redacted(words) == words


@given(
    st.from_regex(r"[a-z]{3,8}[._]?[a-z0-9]{2,6}", fullmatch=True),
    st.sampled_from(["@", "#", "*", "&", " @ ", "[at]", "(a)", ".", "_", "-", "~", " # ", "🌀"]),
    st.sampled_from(["gmail", "hotmail", "outlook", "g m a i l", "gma1l", "GMAIL"]),
    st.sampled_from([".com", " . com", " dot com", "[.]com", "．com", ".c0m"]),
)
def test_no_mailbox_of_a_large_provider_survives(local: str, at: str, provider: str, ending: str) -> None:
    assert redacted(f"{local}{at}{provider}{ending}") == MASK


#: Pieces of whatever is masked, so that any of them meets any other.
MASKED_PIECES = st.sampled_from(
    [
        *"@.․＠()[]<>_-–,:/• 0179٣①三\u200b\u0301aéع",
        " at ",
        "at",
        "dot",
        "[at]",
        "(dot)",
        "gmail",
        "com",
        "valley",
        *(
            *("zero", "three", "double", "one", "2019", "1234567", "4111 1111 1111 1111", "a@b.co"),
            *("::1", "\ufdfa"),
        ),
    ]
)


@given(st.one_of(st.text(), st.lists(MASKED_PIECES, max_size=24).map("".join)))
def test_any_text_is_taken_and_what_is_masked_once_stays_so(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)


@given(st.lists(MASKED_PIECES, max_size=12).map("".join), st.lists(MASKED_PIECES, max_size=12).map("".join))
def test_no_mailbox_survives_among_whatever(before: str, after: str) -> None:
    assert "umar.qureshi@valley.example" not in redacted(f"{before} umar.qureshi@valley.example {after}")


@given(st.integers(10**6, 10**15 - 1))
def test_no_long_number_survives(number: int) -> None:
    assert str(number) not in redacted(f"me {number} you")


@given(
    st.integers(10**8, 10**15 - 1),
    st.sampled_from(
        [
            *("0123456789", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９", "०१२३४५६७८९", "⓪①②③④⑤⑥⑦⑧⑨"),
            "〇一二三四五六七八九",
        ]
    ),
    st.lists(st.sampled_from(["", "", " ", "-", ".", "_", " - ", "\u200b"]), min_size=15, max_size=15),
)
def test_no_number_survives_in_any_digits_and_groups(number: int, digits: str, gaps: list[str]) -> None:
    written = "".join(digits[int(digit)] + gap for digit, gap in zip(str(number), gaps, strict=False))
    shown = redacted(f"me {written} you")
    assert not [digit for digit in digits if digit in shown]


@for_each(
    "piece",
    [
        *(
            *("2018-10-12-", "12/10/2018-", "2018 ", "1.1.-", "10.30-", "10:30 ", "1 000 ", "0301,"),
            *("39,40,", "39[.]"),
        ),
        *(
            *("39 dot ", "1:", "1", "@", "@g", "at ", "a @ ", "a ", "gmailcom", "gmail.com ", "c o m "),
            *("a#a.", "g m a i "),
        ),
    ],
)
def test_a_row_of_anything_takes_time_linear_in_its_length(piece: str) -> None:
    def seconds(length: int) -> float:
        took = []
        for end in "abc":  # so that nothing is remembered
            row = piece * (length // len(piece)) + f"9999999{end}"
            begun = process_time()
            redacted(row)
            took.append(process_time() - begun)
        return min(took)

    small, large = seconds(1_000), seconds(8_000)
    assert large <= max(24 * small, 0.002), "linear is 8, quadratic 64"
