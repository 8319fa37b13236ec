"""Addresses and numbers are taken out of words before they are quoted; the words stay."""

from __future__ import annotations

import random
import unicodedata
from datetime import date, datetime, time
from itertools import pairwise
from time import process_time

from hypothesis import assume, example, given
from hypothesis import strategies as st

from samehand.normalize.contact.redact import MASK, redacted
from simulate.population.people import Population
from simulate.timeline.records import created
from tests.tables import for_each


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
    ],
)
def test_what_is_personal_is_masked(given_text: str, shown: str) -> None:
    assert redacted(given_text) == shown


@for_each(
    "mailbox",
    [
        "umar @ gmail.com",
        "umar @gmail.com",
        "umar@ gmail . com",
        "umar@gmail",
        "umar.media @ valley.example",
        "umar[at]gmail.com",
        "umar (at) gmail (dot) com",
        "umar {AT} valley {DOT} example",
        "umar at gmail dot com",
        "umar at valley dot org",
        "Umar AT Gmail DOT Com",
        "umar at gmail com",
        "umar arroba gmail punto com",
        "umar собака yandex точка ru",
        "umar_at_gmail_com",
        "umar_at_gmail_dot_com",
        "umar＠gmail．com",
        "umar@gmail․com",
        "ｕｍａｒ＠ｇｍａｉｌ．ｃｏｍ",
        "umar﹫gmail。com",
        "u\u200bmar@gma\u200bil.com",
        "umar@münchen.example",
        "@umar@valley.example",
        "umar *at* gmail *dot* com",
        "umar|at|gmail|dot|com",
        "umar /at/ valley /dot/ org",
        'umar "at" gmail "dot" com',
        "umaratgmail.com",
        "umarATgmailDOTcom",
        "umar ایٹ gmail ڈاٹ com",
        "umar एट gmail डॉट com",
        "umar.farooq.gmail.com",
        "umar_gmail.com",
        "umar/gmail.com",
        "umargmail.com",
        "umar_gmail_com",
        "umar.farooq gmail.com",
        "umar786 gmail.com",
        "umar#gmail.com",
        "umar # gmail.com",
        "umar*gmail.com",
        "umar🌀gmail.com",
        "umar 🌀 gmail.com",
        "umar(a)gmail.com",
        "umar [et] valley.example",
        "umar#valley.org",
        "umar.farooq.yahoo.com",
        "u m a r @ g m a i l . c o m",
        "u m a r  @  g m a i l . c o m",
        "u m a r @ v a l l e y . o r g",
        "u m a r at g m a i l dot c o m",
        "umar @ g mail . com",
        "umar at g-m-a-i-l dot c-o-m",
        "umar at gma1l dot com",
        "umar at gmaiI dot c0m",
        "umar@gmail,com",
        "umar at gmаil dot cоm",
        "umar.gmаil.соm",
        "umar#ɢᴍᴀɪʟ.ᴄᴏᴍ",
        "u\u200bmar#gma\u200bil.com",
        "umar＃gmail。com",
        "umar ایٹ جی میل ڈاٹ کام",
        "عمر ات جيميل نقطة كوم",
        "umar एट जीमेल डॉट कॉम",
        "умар собака джимейл точка ком",
        "umar艾特gmail点com",
        "umar골뱅이gmail점com",
        "umarアットgmailドットcom",
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
        "0 3 0 1 2 3 4 5 6 7 8",
        "0-3-0-1-2-3-4-5",
        "0.3.0.1.2.3.4.5",
        "0301 – 2345678",
        "(0301) - 2345678",
        "+92(301)234-5678",
        "0301_234_5678",
        "٠٣٠١٢٣٤٥٦٧٨",
        "۰۳۰۱ ۲۳۴ ۵۶۷۸",
        "०३०१२३४५६७८",
        "０３０１２３４５６７８",
        "𝟎𝟑𝟎𝟏𝟐𝟑𝟒𝟓𝟔",
        "⓪③⓪①②③④⑤",
        "0️⃣3️⃣0️⃣1️⃣2️⃣3️⃣4️⃣5️⃣",
        "一三八零零一三八零零零",
        "0\u20d23\u20d20\u20d21\u20d22\u20d23\u20d24\u20d2",
        "zero three zero one two three four five six seven eight",
        "Zero Three ZERO one, two, three, four, five",
        "zero_three_zero_one_two_three_four",
        "ZeroThreeZeroOneTwoThreeFourFive",
        "zero three 0 1 double four 5",
        "sifar teen sifar ek do teen chaar",
        "seis uno dos tres cuatro cinco seis",
        "ноль три ноль один два три четыре",
        "صفر تین صفر ایک دو تین چار",
        "शून्य तीन शून्य एक दो तीन चार पाँच",
        "0301*234*5678",
        "0301 | 234 | 5678",
        "0/3/0/1/2/3/4/5/6",
        "0301 🔥 234 🔥 5678",
        "4111 1111 1111 1111",
        "4111/1111/1111/1111",
        "5500,0000,0000,0004",
        "3782*822463*10005",
        "0301,2345678",
        "03,01,23,45,67",
        "٠٣٠١،٢٣٤٥٦٧٨",
        "0301[.]234[.]5678",
        "06.12.23.14.30",
        "06-12-23-14-30",
        "03-01-2019 786",
        "600.123.456",
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
        "Umar Media",
        "umar_media_2",
        "user_786",
        "ali_2019_786",
        "khan.1990",
        "since 2019",
        "1990-2000",
        "2018 2019 2020",
        "2018 ❤ 2019 ❤ 2020",
        "100% 200% 300%",
        "$50 $60 $70 $80 $90",
        "10:30, 12:30, 14:30",
        "दो तीन चार",
        "what gmail.com is",
        "1990 – 2024 | archive",
        "1,000,000 followers",
        "4,111,111,111,111,112 stars",
        "24/7",
        "12:30",
        "3.14159",
        "Room 101, floor 5",
        "مقامی خبریں ۲۰۱۹",
        "تاریخ ۲۰۲۳۔۰۵۔۱۲",
        "آپ کا شکریہ۔ علی @لاہور۔ پاکستان",
        "سال ۱۳۹۹-۱۴۰۰",
        "五一六",
        "one two three",
        "no no no no no no no no",
        "oh oh oh oh oh oh oh oh",
        "@umar",
        "follow me @umar.media",
        "me @gmail",
        "Working @ Google",
        "Umar @ Noon. Follow",
        "Umar (at) home",
        "Chef at noma.dk",
        "meet at Polka Dot in Lahore",
        "look at mail is here",
        "at gmail we trust",
        "news at 9",
        "chat dot party",
        "Patat Dotcom",
        "umar․media",
        "v1.2.3",
        "v1.2.3.4",
        "version 1.2.3.4",
        "Chrome 120.0.6099.109",
        "10.0.19041.1234",
        "2024-12-25",
        "2024-12-25T10:30:00",
        "25.12.2024 – 31.12.2024",
        "01.12.-05.12.2024",
        "12/25/2024 10:30",
        "25.12.24 10:30",
        "24/12 25/12 26/12",
        "10.30-12.30",
        "10:20:30:45",
        "1446-09-01",
        "25/12/2567",
        "Rs 2500000",
        "PKR 1.500.000",
        "1.234.567,89 €",
        "1 500 000",
        "USD 1,200,150,175",
        "۱٬۰۰۰٬۰۰۰",
        "۱۰، ۲۰، ۳۰، ۴۰، ۵۰",
        "39,40,41,42",
        "Room 101, 102, 203, 204",
        "my gmail.com",
        "www.gmail.com",
        "https://gmail.com",
        "mail.yahoo.com",
        "Umar | gmail.com",
        "Umar #gmail",
        "C#.net",
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
        "0123456789",
        "٠١٢٣٤٥٦٧٨٩",
        "۰۱۲۳۴۵۶۷۸۹",
        "०१२३४५६७८९",
        "০১২৩৪৫৬৭৮৯",
        "๐๑๒๓๔๕๖๗๘๙",
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
PIECES = st.sampled_from(
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
            "zero",
            "three",
            "double",
            "one",
            "2019",
            "1234567",
            "4111 1111 1111 1111",
            "a@b.co",
            "::1",
            "\ufdfa",
        ),
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=24).map("".join)))
def test_any_text_is_taken_and_what_is_masked_once_stays_so(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)


@given(st.lists(PIECES, max_size=12).map("".join), st.lists(PIECES, max_size=12).map("".join))
def test_no_mailbox_survives_among_whatever(before: str, after: str) -> None:
    assert "umar.qureshi@valley.example" not in redacted(f"{before} umar.qureshi@valley.example {after}")


@given(st.integers(10**6, 10**15 - 1))
def test_no_long_number_survives(number: int) -> None:
    assert str(number) not in redacted(f"me {number} you")


@given(
    st.integers(10**8, 10**15 - 1),
    st.sampled_from(
        [
            "0123456789",
            "٠١٢٣٤٥٦٧٨٩",
            "０１２３４５６７８９",
            "०१२३४५६७८९",
            "⓪①②③④⑤⑥⑦⑧⑨",
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
            "2018-10-12-",
            "12/10/2018-",
            "2018 ",
            "1.1.-",
            "10.30-",
            "10:30 ",
            "1 000 ",
            "0301,",
            "39,40,",
            "39[.]",
        ),
        *(
            "39 dot ",
            "1:",
            "1",
            "@",
            "@g",
            "at ",
            "a @ ",
            "a ",
            "gmailcom",
            "gmail.com ",
            "c o m ",
            "a#a.",
            "g m a i ",
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
