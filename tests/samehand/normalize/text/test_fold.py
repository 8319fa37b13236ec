"""Disguises of a name fold to the name, other names stay others, anything at all folds."""

from __future__ import annotations

import random
import re

from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.handle import RULES
from samehand.normalize.text.fold import (
    ALTERNATES_MAX,
    FoldFlags,
    HandleFold,
    NameFold,
    fold_bio,
    fold_handle,
    fold_name,
)
from samehand.normalize.text.fold_table import PHONETIC
from tests.tables import for_each

PLATFORMS = [*(rules.platform for rules in RULES), "elsewhere"]
ANY_TEXT = st.one_of(
    st.text(max_size=256),
    st.text(
        alphabet=st.sampled_from("umar0123457!@$_.-|аеоӏعمر\u200b\u202e\u0301🔥🇵🇰ＵI'/\\( "), max_size=256
    ),
)


def handle(text: str, platform: str = "telegram") -> HandleFold:
    folded = fold_handle(text, platform)
    assert folded is not None, f"{text!r} left nothing"
    return folded


def name(text: str) -> NameFold:
    folded = fold_name(text)
    assert folded is not None, f"{text!r} left nothing"
    return folded


def readings(text: str) -> set[str]:
    folded = handle(text, "elsewhere")
    return {folded.base, *folded.alternates}


# --- disguises ---


@for_each(
    "disguise",
    [
        "Umar_Media",
        "umar.media",
        "UMAR-MEDIA",
        "t.me/umar_media",
        "@umar_media",
        "um4r_m3d1a",
        "umar_media786",
        "ummaarr_mediaaa",
        "umаr_mеdia",
        "𝓾𝓶𝓪𝓻_𝓶𝓮𝓭𝓲𝓪",
        "ⓤⓜⓐⓡ ⓜⓔⓓⓘⓐ",
        "ＵＭＡＲ＿ＭＥＤＩＡ",
        "u\u200bmar\u2060_media",
        "\u202eumar_media",
        "u̷m̴a̵r̶_̷m̸e̴d̵i̶a̷",
        "꧁★umar media★꧂",
        "🇵🇰 umar media ✓",
        "(2)umar media",
        "u♏ar media",
        "☾umar media☽",
        "urnar_media",
        "Ʉ₥₳Ɽ_mediа",
    ],
)
def test_a_disguised_handle_folds_to_the_plain_one(disguise: str) -> None:
    assert handle(disguise).base == "umarmedia"


@for_each(
    ("disguise", "plain"),
    [
        ("umar!media", "umarimedia"),
        ("!mran", "imran"),
        ("edd!emong3", "eddiemonge"),
        ("сосо", "coco"),
        ("kyӏedinh", "kyledinh"),
        ("kyIedinh", "kyledinh"),
        ("h4ck3r5", "hacker"),
        ("h4ck3r5", "hackers"),
        ("1s4nt0s", "lsantos"),
        ("ali786khan", "alitbgkhan"),
        ("a7mad", "ahmad"),
        ("7assan", "hasan"),
        ("3omar", "aomar"),
        ("|-|assan", "hasan"),
        ("ma|<tab", "maktab"),
    ],
)
def test_an_ambiguous_glyph_is_read_both_ways(disguise: str, plain: str) -> None:
    assert handle(plain, "elsewhere").base in readings(disguise)


@for_each(("written", "looks", "sound"), [("Умар", "ymap", "umar"), ("Νίκος", "nikoc", "nikos")])
def test_cyrillic_and_greek_are_read_by_sound_and_by_looks(written: str, looks: str, sound: str) -> None:
    folded = handle(written, "elsewhere")
    assert folded.base == sound
    assert looks in folded.alternates


# --- digits ---


@for_each(
    ("text", "base", "digits"),
    [
        ("umar786", "umar", "786"),
        ("ali786khan", "alikhan", "786"),
        ("braaaap 06", "brap", "06"),
        ("(2)cheemsburger gaming", "chemsburgergaming", "2"),
        ("raza1947", "raza", "1947"),
        ("m3dia2024", "media", "2024"),
        ("m3di4", "media", ""),
        ("4hmed", "ahmed", ""),
        ("۷۸۶عمر", "amr", "786"),
        ("786", "786", ""),
        ("1100", "1100", ""),
    ],
)
def test_numbers_are_a_field_of_their_own_and_leet_is_not(text: str, base: str, digits: str) -> None:
    folded = handle(text)
    assert (folded.base, folded.digits) == (base, digits)


def test_the_literal_keeps_what_the_base_lets_go() -> None:
    assert handle("Um4r__Media.786", "x").literal == "um4rmedia786"
    assert handle("Умар", "x").literal == "умар"
    assert handle("राहुल", "x").literal != handle("राहील", "x").literal


# --- words ---


def test_words_are_told_apart_by_signs_and_by_humps() -> None:
    assert handle("UmarMedia").tokens == handle("umar_media").tokens == ("umar", "media")
    assert handle("UMARMedia").tokens == ("umar", "media")
    assert handle("uMaRmEdIa").tokens == ("umarmedia",)
    assert name("O'Brien").tokens == ("obrien",)


def test_each_word_of_a_name_has_its_consonants() -> None:
    folded = name("Abd al-Rahman")
    assert folded.tokens == ("abd", "al", "rahman")
    assert folded.consonants == ("bd", "", "rhmn")


# --- scripts ---


@for_each(
    ("one", "other"),
    [
        ("علي", "علی"),
        ("كريم", "کریم"),
        ("أحمد", "احمد"),
        ("مُحَمَّد", "محمد"),
        ("محـــمد", "محمد"),
        ("فاطمة", "فاطمه"),
        ("ﻣﺤﻤﺪ", "محمد"),
        ("عبد الرحمن", "عبدالرحمن"),
        ("ښار", "شار"),
    ],
)
def test_one_arabic_script_name_typed_on_two_keyboards_is_one_name(one: str, other: str) -> None:
    assert name(one).base == name(other).base


@for_each("text", ["한글", "習近平", "राहुल", "สมชาย", "გიორგი", "Հայկ", "ኢትዮጵያ", "עמר", "さくら", "𠀋𠀌"])
def test_no_script_folds_to_nothing(text: str) -> None:
    folded = handle(text, "elsewhere")
    assert folded.base.isalpha()


def test_an_arabic_word_beside_a_latin_one_keeps_its_sound() -> None:
    assert name("Umar عمر").tokens == ("umar", "amr")
    assert name("umarعمر").tokens == ("umar", "amr")


# --- nothing, and too much ---


@for_each("text", ["", " ", "🔥🔥", "★", "\u200b\u200b", "\u3164", "___", "!!", "🇵🇰", "\u202e", "❤️", "@"])
def test_only_decoration_is_no_name(text: str) -> None:
    assert fold_handle(text, "x") is None
    assert fold_name(text) is None
    assert fold_bio(text).text == ""


def test_one_character_and_256_are_handles_like_any_other() -> None:
    assert handle("a").base == "a"
    assert handle("ab" * 128).base == "ab" * 128
    assert handle("a" * 256).base == "a"


# --- flags ---


@for_each(
    ("text", "flag"),
    [
        ("um\u200bar", FoldFlags.INVISIBLE),
        ("umar\u3164", FoldFlags.INVISIBLE),
        ("um\u202ear", FoldFlags.BIDI),
        ("pazer\u200f", FoldFlags.BIDI),
        ("umаr", FoldFlags.MIXED_SCRIPT),
    ],
)
def test_what_hides_is_told(text: str, flag: FoldFlags) -> None:
    assert name(text).flags & flag


@for_each(
    "text",
    [
        "Umar Media",
        "Umar عمر",
        "می\u200cخواهم",
        "क्\u200dष",
        "👨\u200d👩\u200d👧 Ali",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f Ali",
        "習近平の日本",
        "Nguyễn Thị",
        "محمد\u200f",
        "Zoë",
        "❤️ Sara",
    ],
)
def test_what_a_language_needs_hides_nothing(text: str) -> None:
    assert name(text).flags == FoldFlags.NONE


def test_a_made_up_handle_is_told() -> None:
    assert handle("Elizabe39542212", "x").made_up
    assert handle("user-48213", "elsewhere").made_up
    assert not handle("umar786", "x").made_up


# --- text ---


def test_a_bio_folds_to_plain_words() -> None:
    assert (
        fold_bio("  Hello,   WORLD!! Ünïcode — t.me/x · عمر 123").text == "hello world unicode t me x amr 123"
    )


# --- laws ---


@given(ANY_TEXT, st.sampled_from(PLATFORMS))
def test_any_text_folds_to_plain_ascii_within_its_bounds(text: str, platform: str) -> None:
    folded = fold_handle(text, platform)
    if folded is None:
        return
    assert re.fullmatch(r"[a-z]+|[0-9]+", folded.base)
    assert re.fullmatch(r"[0-9]*", folded.digits)
    assert all(re.fullmatch(r"[a-z]+|[0-9]+", token) for token in folded.tokens)
    assert all(re.fullmatch(r"[a-z]+", other) and other != folded.base for other in folded.alternates)
    assert len(set(folded.alternates)) == len(folded.alternates) <= ALTERNATES_MAX
    assert re.fullmatch(r"[a-z]*", folded.consonants)
    assert folded.literal


@given(ANY_TEXT, st.sampled_from(PLATFORMS))
def test_a_base_is_its_own_base(text: str, platform: str) -> None:
    folded = fold_handle(text, platform)
    if folded is not None:
        again = handle(folded.base, platform)
        assert (again.base, again.alternates, again.digits) == (folded.base, (), "")


@given(ANY_TEXT)
def test_a_name_folds_as_a_handle_does_and_twice_the_same(text: str) -> None:
    folded = fold_name(text)
    assert folded == fold_name(text)
    if folded is not None:
        assert len(folded.consonants) == len(folded.tokens)


@given(st.text(max_size=400))
def test_folded_text_is_folded(text: str) -> None:
    folded = fold_bio(text).text
    assert re.fullmatch(r"(?:[a-z0-9]+(?: [a-z0-9]+)*)?", folded)
    assert fold_bio(folded).text == folded


@given(st.characters(categories=["L"]))
def test_a_letter_is_never_nothing(letter: str) -> None:
    if letter.translate(PHONETIC).strip():
        assert fold_name(letter * 3) is not None


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=20), st.integers(0, 2**16))
def test_hidden_characters_separators_and_case_change_no_base(plain: str, seed: int) -> None:
    chance = random.Random(seed)
    hidden = "".join(
        chance.choice((letter, letter.upper())) + chance.choice(("", "", "\u200b", "\u2060", "_", "\u0336"))
        for letter in plain
    )
    assert handle(hidden, "elsewhere").base == handle(plain, "elsewhere").base
