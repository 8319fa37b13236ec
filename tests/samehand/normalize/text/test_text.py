"""Letters and words of a text: scripts, sounds, leet, and what everybody writes."""

from __future__ import annotations

import itertools
import re
import unicodedata
from pathlib import Path
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from samehand.frequency.name_prior.decorations import DECORATIONS
from samehand.normalize.text.compose import composed
from samehand.normalize.text.everyday import EVERYDAY, decorating_words, words_of
from samehand.normalize.text.fold import fold_name
from samehand.normalize.text.fold_flags import FLAGS, FoldFlags, flags_of
from samehand.normalize.text.fold_table import (
    EITHER_L,
    FOLD_VERSION,
    PHONETIC,
    TABLE_SHA256,
    VISUAL,
    packed_table,
    table_digest,
)
from samehand.normalize.text.leet import ascii_readings, collapse, cut, exclamation_reading
from samehand.normalize.text.phonetic import (
    by_letters,
    consonant_key,
    leaves_out_vowels,
    one_leaves_out_vowels,
)
from samehand.normalize.text.scripts import Script, dominant_script, has_mixed_script, is_pooled, stratum
from tests.tables import for_each

# Everyday words are told by what they say, in every language, and no name is among them.


NAMES: Final = Path(__file__).parents[4] / "tools" / "commonness" / "names.txt"
# Names of a language that stand first in its list are the commonest of all.
COMMONEST: Final = 60
# Words for which the list of names has a namesake: what they say is met far more often.
ALSO_NAMES: Final = frozenset(
    ["alsany", "an", "asl", "asli", "chan", "de", "fan", "hd", "hq", "i", "im", "yo"]
)

# Concepts by which accounts are decorated most are known in every language that this is about.
SPOKEN: Final = ("en", "es", "ru", "tr", "ar", "fa", "ur", "hi", "pa", "bn", "zh", "ko")


def commonest_names() -> set[str]:
    found: set[str] = set()
    listed = 0
    for line in NAMES.read_text("utf-8").splitlines():
        if line.startswith(("[", "#")):
            listed = listed if line.startswith("#") else 0
            continue
        for entry in line.split():
            listed += 1
            if listed <= COMMONEST:
                folds = map(fold_name, entry.partition("*")[0].split("|"))
                found |= {fold.base for fold in folds if fold is not None}
    return found


def test_no_word_that_decorates_is_a_common_name() -> None:
    assert sorted((DECORATIONS & commonest_names()) - ALSO_NAMES) == []


@for_each("concept", ["news", "official", "new", "page", "account", "group"])
def test_what_decorates_most_is_known_in_the_languages_this_is_about(concept: str) -> None:
    assert [language for language in SPOKEN if language not in EVERYDAY[concept]] == []


def test_a_word_read_in_sentences_only_decorates_no_name() -> None:
    assert "lama" in words_of("old")
    assert "lama" not in decorating_words()


def test_every_line_is_of_a_language_and_every_word_is_there_once() -> None:
    for concept, languages in EVERYDAY.items():
        for language, words in languages.items():
            assert re.fullmatch("[a-z]{2,3}", language), (concept, language)
            assert words, (concept, language)
            assert len(set(words)) == len(words), (concept, language)


# The script of a text, mixtures within a word, and the stratum in which a name is judged.


@for_each(
    ("text", "script"),
    [
        ("Umar", Script.LATIN),
        ("𝓤𝓶𝓪𝓻", Script.LATIN),
        ("Умар", Script.CYRILLIC),
        ("Νίκος", Script.GREEK),
        ("عمر", Script.ARABIC),
        ("ﻋﻤﺮ", Script.ARABIC),
        ("עמר", Script.HEBREW),
        ("राहुल", Script.DEVANAGARI),
        ("習近平", Script.HAN),
        ("安倍しんぞう", Script.KANA),
        ("한글", Script.HANGUL),
        ("გიორგი", Script.OTHER),
        ("12 🔥", Script.NONE),
        ("", Script.NONE),
        ("عمر خان Umar", Script.ARABIC),
        ("Umar عمر", Script.LATIN),
    ],
)
def test_the_script_of_most_letters(text: str, script: Script) -> None:
    assert dominant_script(text) is script


@for_each("text", ["аdmin", "umаr", "paypaӏ", "Ωmar", "umarع"])
def test_two_scripts_in_one_word_are_a_mixture(text: str) -> None:
    assert has_mixed_script(text)


@for_each(
    "text", ["Umar عمر", "安倍しんぞう", "漢字한글", "日本語テスト", "Умар Umar", "iPhoneを買う", "umar_عمر"]
)
def test_two_scripts_side_by_side_are_none(text: str) -> None:
    assert not has_mixed_script(text)


@for_each(
    ("text", "locale", "expected"),
    [
        ("عمر", "ur-PK", "ur"),
        ("عمر", "ur_PK.UTF-8", "ur"),
        ("عمر", None, "arabic"),
        ("عمر", "xx", "arabic"),
        ("Umar", "UR", "ur"),
        ("Мюллер", "de", "de"),
        ("🔥", "eo", "none"),
    ],
)
def test_a_stratum_is_a_language_or_else_a_script(text: str, locale: str | None, expected: str) -> None:
    assert stratum(text, locale) == expected


@for_each(("locale", "pooled"), [("ps-AF", False), (None, True), ("xx", True)])
def test_a_script_is_a_pool_of_languages_and_a_language_is_none(locale: str | None, pooled: bool) -> None:
    assert is_pooled(stratum("عمر", locale)) is pooled


@given(st.sets(st.tuples(st.text(max_size=3), st.text(max_size=6)), max_size=200))
def test_there_are_only_so_many_strata(asked: set[tuple[str, str]]) -> None:
    assert len({stratum(text, locale) for text, locale in asked}) <= 64


@given(st.text())
def test_any_text_has_a_script(text: str) -> None:
    assert dominant_script(text) in Script
    has_mixed_script(text)


# One name in many spellings has one consonant key.


def key(text: str) -> str:
    folded = fold_name(text)
    assert folded is not None
    return "".join(folded.consonants)


@for_each(
    "spellings",
    [
        ("Muhammad", "Mohamed", "Mohammad", "محمد"),
        ("Ahmed", "Ahmad", "أحمد", "احمد"),
        ("Usman", "Uthman", "Osman", "عثمان"),
        ("Zulfiqar", "Dhulfiqar", "ذوالفقار")[:2],
        ("Abdul Rahman", "Abd al-Rahman", "Abdur Rahman", "عبد الرحمن"),
        ("Abdulrahman", "Abdurrahman", "عبدالرحمن"),
        ("Abdullah", "Abdallah", "عبدالله", "عبد الله"),
        ("Khalid", "Khaled", "خالد"),
        ("Yousuf", "Yusuf", "Youssef", "يوسف", "یوسف"),
        ("Hussain", "Husayn", "Hussein", "حسین"),
        ("Suhail", "Sohail", "سهيل"),
        ("Tehrik", "Tahreek", "تحریک"),
        ("Taliban", "Taleban", "طالبان"),
        ("Pakistan", "پاکستان"),
        ("Fatima", "Fatimah", "فاطمہ", "فاطمة"),
        ("Ghulam", "Gulam", "غلام"),
        ("Djamel", "Jamal", "جمال"),
        ("Lakshman", "Laxman", "लक्ष्मण"),
        ("Dikshit", "Dixit"),
        ("Sharma", "शर्मा"),
        ("Zahid", "زاہد"),
        ("Naveed", "Navid", "نوید"),
        ("Khokhar", "کھوکھر"),
        ("Bugti", "بگٹی"),
        ("Farida", "Farideh", "فریده"),
        ("Ilyas", "Elyas", "الیاس"),
        ("Saeed", "Said", "سعید"),
        ("Sharif", "Chérif", "شريف"),
        ("Gandhi", "गांधी"),
    ],
)
def test_spellings_of_a_name_share_a_key(spellings: tuple[str, ...]) -> None:
    keys = {key(spelling) for spelling in spellings}
    assert len(keys) == 1, dict(zip(spellings, map(key, spellings), strict=True))


def test_different_names_have_different_keys() -> None:
    names = ["Karim", "Kamran", "Imran", "Irfan", "Bilal", "Salman", "Tariq", "Rashid", "Zubair", "Hamza"]
    assert len({key(one) for one in names}) == len(names)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", max_size=30))
def test_a_key_holds_no_vowel_and_no_repeat(word: str) -> None:
    found = consonant_key(word)
    assert not set(found) & set("aeiou")
    assert all(one != other for one, other in itertools.pairwise(found))


def test_a_number_has_no_consonants() -> None:
    assert consonant_key("786") == ""


@for_each(
    ("written", "spelt"),
    [("slyman", "sulaiman"), ("drwysh", "darwish"), ("gvldbrg", "goldberg"), ("abrahym", "ibrahim")],
)
def test_a_word_without_its_vowels_is_the_spelt_one(written: str, spelt: str) -> None:
    assert leaves_out_vowels(written, spelt)
    assert one_leaves_out_vowels(spelt, written)


@for_each(
    ("written", "spelt"),
    [("karim", "karima"), ("salman", "sulaiman"), ("hasan", "husain"), ("krym", "akram")],
)
def test_another_vowel_or_one_more_at_the_end_is_another_name(written: str, spelt: str) -> None:
    assert not one_leaves_out_vowels(written, spelt)


def test_letters_that_write_one_letter_of_another_script_count_once() -> None:
    assert len(by_letters("shcherbakov")) == len("erbakov") + 1
    assert by_letters("archana") != "archana"
    assert by_letters("umar") == "umar"


# Words, numbers and leet, and what else they could be.


@for_each(
    ("seen", "words", "digits", "readings"),
    [
        ("umar media", ["umar", "media"], [], []),
        ("umar786", ["umar"], ["786"], []),
        ("786umar", ["umar"], ["786"], ["tbgumar"]),
        ("ali786khan", ["ali", "khan"], ["786"], ["alitbgkhan"]),
        ("m3di4", ["media"], [], ["medi"]),
        ("h1l", ["hil"], [], ["hll"]),
        ("a7mad", ["atmad"], [], ["ahmad"]),
        ("c@$h", ["cash"], [], []),
        ("12 34", [], ["12", "34"], []),
        ("@ $", [], [], []),
    ],
)
def test_how_a_text_is_cut(seen: str, words: list[str], digits: list[str], readings: list[str]) -> None:
    found = cut(seen)
    assert (found.words, found.digits, found.readings) == (words, digits, readings)


@for_each(
    ("word", "collapsed"),
    [
        ("ummaarr", "umar"),
        ("vvinter", "winter"),
        ("vvv", "v"),
        ("urnar", "umar"),
        ("rrnn", "m"),
        ("1100", "1100"),
    ],
)
def test_repeats_and_look_alike_pairs_collapse(word: str, collapsed: str) -> None:
    assert collapse(word) == collapsed


@given(st.text(alphabet="rnmvwab", max_size=30))
def test_a_collapsed_word_is_collapsed(word: str) -> None:
    assert collapse(collapse(word)) == collapse(word)


@for_each(
    ("text", "seen", "others"),
    [
        ("umar", "umar", []),
        ("UmarMedia", "umar media", []),
        ("UMAR", "umar", []),
        ("kyIe", "kyie", ["kyle"]),
        ("|-|assan", "|-|assan", ["hassan"]),
        ("Ali | Khan", "ali | khan", []),
        ("[TAG] Ali", "[tag] ali", []),
    ],
)
def test_how_ascii_is_read(text: str, seen: str, others: list[str]) -> None:
    assert ascii_readings(text) == (seen, others)


@for_each(("seen", "read"), [("um!r", "um1r"), ("!mran", "1mran"), ("hello!", None), ("hello", None)])
def test_an_exclamation_mark_that_touches_letters_is_an_i(seen: str, read: str | None) -> None:
    assert exclamation_reading(seen) == read


LONG_SIGNS = "|".join(
    map(
        re.escape,
        ("|\\/|", "\\/\\/", "|\\|", "/\\/", "/v\\", "|-|", "/-/", "|_|", "\\/", "/\\", "|)", "[)", "|>"),
    )
)
LONG_SIGNS += "|" + "|".join(map(re.escape, ("|<", "|3", "|2", "><")))
#: What is drawn, as an expression that tries every way of cutting a row of signs: right, and of use on short
#: texts only.
DRAWN = re.compile(
    rf"(?<=[a-z0-9@$])(?:{LONG_SIGNS})+|(?:{LONG_SIGNS})+(?=[a-z0-9@$])"
    r"|(?<=[a-z0-9@$])[|\[({<\]#&+](?=[a-z0-9@$])"
)


@given(st.text(alphabet="|\\/v-)>[(<32_]{#&+a@ ", max_size=12))
def test_signs_draw_letters_where_a_row_of_them_touches_one(text: str) -> None:
    _, others = ascii_readings(text)
    untouched = DRAWN.sub("", text)
    if untouched == text:
        assert others == []
    else:
        assert len(others) == 1
        # What no row touches stays as it is, in its order.
        rest = iter(others[0])
        assert all(sign in rest for sign in untouched)


def test_a_long_row_of_signs_is_read_in_one_pass() -> None:
    assert ascii_readings("|-|" * 5_000 + "a")[1] == ["h" * 5_000 + "a"]
    assert ascii_readings("/\\" * 5_000) == ("/\\" * 5_000, [])


# The table that folds text, and what it notes.


# Normal forms are the library's, however long the text.


@given(st.text(), st.integers(1, 60))
def test_words_and_lines_of_any_length_are_composed_as_the_library_does(text: str, times: int) -> None:
    long = f"{text} " * times
    if max(map(len, long.split(" "))) < 100:
        assert composed("NFKC", long) == unicodedata.normalize("NFKC", long)
        assert composed("NFC", long) == unicodedata.normalize("NFC", long)


def test_no_more_is_made_than_somebody_reads() -> None:
    made = composed("NFKC", "\ufdfa" * 10_000, 2_000)
    assert 2_000 < len(made) < 5_000
    assert unicodedata.normalize("NFKC", "\ufdfa" * 10_000).startswith(made)


def test_piles_of_marks_in_the_wrong_order_stay_on_their_letters() -> None:
    text = "cafe\u0301\u0316 " * 500
    assert composed("NFKC", text) == unicodedata.normalize("NFKC", text)


# What hides is told, what a language needs is not.


@for_each(
    ("text", "expected"),
    [
        ("u\u200bm\u202ear", FoldFlags.INVISIBLE | FoldFlags.BIDI),
        ("\u3164", FoldFlags.INVISIBLE),
        ("umаr ⓤ", FoldFlags.MIXED_SCRIPT),
        ("می\u200cخواهم\u200f", FoldFlags.NONE),
        ("Umar\u200f", FoldFlags.BIDI),
        ("Nguye\u0302\u0303n", FoldFlags.NONE),
    ],
)
def test_the_flags_of_a_text(text: str, expected: FoldFlags) -> None:
    assert flags_of(text) == expected


def test_every_combination_is_at_hand() -> None:
    assert len(FLAGS) == 2 ** (len(FoldFlags.__members__) - 1)
    assert all(int(flags) == bits for bits, flags in enumerate(FLAGS))


@given(st.text())
def test_any_text_has_flags(text: str) -> None:
    assert flags_of(text) in FLAGS


# The shipped table is the one that FOLD_VERSION names, and it answers for every character.

# The digest of the table of each version that was ever released: a changed table needs a new version.
RELEASED = {
    1: "6b938675a3269397e382d07deab7b13e49ebb770883e5f60e6ba9d68c4ce73e8",
    2: "b9a7d0fd74626b193839b2fef789dfb2f96b784b4b6fb51bdd1f9f3c17874ee2",
    3: "b9a7d0fd74626b193839b2fef789dfb2f96b784b4b6fb51bdd1f9f3c17874ee2",  # other rules, the same table
}


def test_the_shipped_table_is_the_one_its_version_names() -> None:
    assert table_digest(packed_table()) == TABLE_SHA256 == RELEASED[FOLD_VERSION]


@given(st.characters())
def test_every_character_reads_as_lower_case_ascii(char: str) -> None:
    for table in (VISUAL, PHONETIC):
        read = char.translate(table)
        assert read.isascii()
        assert read == read.lower()


@for_each(
    ("char", "looks", "sound"),
    [("р", "p", "r"), ("с", "c", "s"), ("Ω", "o", "o"), ("𝓊", "u", "u"), ("ع", "e", "a"), ("文", "x", "wen")],
)
def test_looks_and_sound_are_told_apart(char: str, looks: str, sound: str) -> None:
    assert char.translate(PHONETIC) == sound
    if char != "文":
        assert char.translate(VISUAL) == looks


def test_an_unlisted_letter_stays_itself() -> None:
    rare, other = "\U0002a6b2", "\U0002a6b3"
    assert rare.translate(PHONETIC) != other.translate(PHONETIC)
    assert rare.translate(PHONETIC).isalpha()


def test_pictures_and_brackets_divide_words_and_are_no_letters() -> None:
    for decoration in "★☾✓🔥😀『』꧁™":
        assert decoration.translate(VISUAL).strip() == ""


def test_a_bar_is_an_i_or_an_l() -> None:
    assert "Ӏ".translate(EITHER_L) == "l"
    assert all(VISUAL[code] == "i" for code in EITHER_L)
