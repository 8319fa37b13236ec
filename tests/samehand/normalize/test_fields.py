"""Fields in one form each: handle, e-mail, phone, device, network, user agent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.device import normal_device
from samehand.normalize.email import PROVIDERS, disposable_domains, fold_email
from samehand.normalize.handle import DEFAULT_RULES, RULES, clean_handle, is_made_up, rules_for
from samehand.normalize.network import Address, read_address
from samehand.normalize.phone import fold_phone, region_of
from samehand.normalize.user_agent import agent_family
from tests.tables import for_each

# Each platform's rules, by the examples that stand beside them.

EXAMPLES = [
    (rules.platform, typed, cleaned) for rules in (*RULES, DEFAULT_RULES) for typed, cleaned in rules.examples
]


@for_each(("platform", "typed", "cleaned"), EXAMPLES)
def test_what_people_type_is_cleaned_to_the_handle(platform: str, typed: str, cleaned: str) -> None:
    assert clean_handle(typed, platform) == cleaned


@for_each("rules", [*RULES, DEFAULT_RULES])
def test_each_rule_has_examples_and_a_source(rules: object) -> None:
    assert getattr(rules, "examples", ())
    assert getattr(rules, "source", "")


@for_each(
    ("platform", "handle", "made_up"),
    [
        ("x", "Elizabe39542212", True),
        ("x", "umar1947", False),
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


def test_only_facebook_ignores_dots() -> None:
    assert clean_handle("u.m.a.r", "facebook") == "umar"
    assert clean_handle("u.m.a.r", "instagram") == "u.m.a.r"


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
        "10.1.2.3",
        "172.31.0.1",
        "192.168.1.4",
        "::ffff:192.168.1.4",
        "fd00::1",
        "100.64.3.9",
        "127.0.0.1",
        "::1",
        "169.254.0.1",
        "fe80::1%eth0",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "256.1.1.1",
        "",
        "x" * 100,
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
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Version/17.4 Safari/604.1",
            "safari/ios",
        ),
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
