"""Text of other scripts in Latin letters."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account
from samehand.normalize.text.fold import FIRST_STRONG_ISOLATE, POP_ISOLATE, as_written
from samehand.normalize.text.fold_table import PHONETIC
from samehand.normalize.text.indic import spoken
from samehand.normalize.text.phonetic import word_keys
from samehand.normalize.text.transliterate import read_any
from samehand.signals.name import NAME
from tests.samehand.signals.test_contract import SIGHT, keyer
from tests.tables import for_each
from tools.romanise import ARABIC, CYRILLIC, GREEK, HEBREW, OWN_ROMANISATION

# Our own tables read every letter they name in plain small letters.


def test_every_reading_is_small_latin_letters() -> None:
    assert all(re.fullmatch(r"[a-z]*", sound) for sound in OWN_ROMANISATION.values())


@for_each("table", [ARABIC, CYRILLIC, GREEK, HEBREW])
def test_the_shipped_table_was_built_from_these_readings(table: dict[str, str]) -> None:
    assert {letter: letter.translate(PHONETIC) for letter in table} == dict(table)


@for_each("alphabet", ["ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي", "پچژگکیٹڈڑںےھہۓ", "ټځڅډړږښګڼېۍ"])
def test_the_alphabets_of_arabic_urdu_and_pashto_are_whole(alphabet: str) -> None:
    assert set(alphabet) <= set(ARABIC)


def test_what_typists_exchange_is_read_alike() -> None:
    for one, other in ("كک", "يی", "هہ", "اأ", "اإ", "زظ", "صس"):
        assert ARABIC[one] == ARABIC[other]


# A word of any script as ASCII: its first reading, and the second where it could be another.


@for_each(
    ("text", "first", "second"),
    [
        ("Умар_media", "umar media", "ymap media"),
        ("umаr", "umar", None),
        ("umarعمر", "umar amr ", None),
        ("eعd", "eed", None),
        ("kyӏe", "kyie", "kyle"),
        ("卄卂卂", "nianxunxun", "haa"),
        ("習近平", "xijinping", None),
        ("الرحمن", "al rhmn", None),
        ("سهيل", "sahyl", None),
        ("سـهـيـل", "sahyl", None),  # stretched
        ("حَمْزَة", "hmzah", None),  # with its vowel signs
        ("حمزة", "hmzah", None),
        ("c✓c ✓", "cvc  ", None),
        ("🇵🇰é", "e", None),
    ],
)
def test_how_a_text_is_read(text: str, first: str, second: str | None) -> None:
    assert read_any(text) == (first, second)


@given(st.text(max_size=300))
def test_any_text_is_read_as_ascii(text: str) -> None:
    first, second = read_any(text)
    assert first.isascii()
    assert second is None or (second.isascii() and second != first)


# The scripts of India are read as their writers spell themselves in Latin letters.


@for_each(
    ("written", "said"),
    [
        ("राहुल शर्मा", "rahul sharma"),
        ("विक्रमादित्य तोमर", "vikramaditya tomar"),
        ("मनमोहन सिंह", "manmohan singh"),  # no a between two open syllables, and Singh
        ("राजपूत", "rajput"),
        ("बजरंगी", "bajrangi"),
        ("मिश्र शुक्ल", "mishra shukla"),  # the last vowel stays behind two consonants
        ("संजय दत्त", "sanjay datt"),
        ("मुंबई", "mumbai"),  # the nasal before a labial
        ("ज्ञानेश्वर", "gyaneshvar"),
        ("ऋषि", "rishi"),
        ("फ़िरोज़", "firoz"),  # letters with a dot, typed as two characters
        ("\u095eिरो\u095b", "firoz"),  # and as one
        ("न", "na"),
        ("অনিন্দিতা সরকার", "anindita sarkar"),  # Bengali
        ("ਜਸਵਿੰਦਰ ਸਿੰਘ", "jasvindar singh"),  # Gurmukhi, with its nasal
        ("ਪ੍ਰਕਾਸ਼", "prakash"),  # and a dot that makes another letter
        ("નરેન્દ્ર પટેલ", "narendra patel"),  # Gujarati
        ("ராஜ்குமார் கவிதா", "rajkumar kavitha"),  # Tamil speaks every vowel, and spells its t th
        ("వెంకట రమణ", "venkata ramana"),  # Telugu
        ("ಕುಮಾರ", "kumara"),  # Kannada
        ("രമേഷ് ബാലൻ", "ramesh balan"),  # Malayalam, with a consonant of its own that has no vowel
    ],
)
def test_a_name_is_read_as_it_is_said(written: str, said: str) -> None:
    assert read_any(written)[0] == said


@for_each(
    ("written", "spelt"),
    [("लक्ष्मण चतुर्वेदी", "Laxman Chaturvedi"), ("नरेंद्र चौधरी", "Narendra Chaudhary"), ("सोनाक्षी", "Sonakshi")],
)
def test_both_spellings_of_a_name_sound_the_same(written: str, spelt: str) -> None:
    assert word_keys(read_any(written)[0].split()) == word_keys(spelt.lower().split())


@given(st.text(alphabet=st.characters(min_codepoint=0x900, max_codepoint=0xD7F), max_size=40))
def test_any_run_of_these_scripts_can_be_spoken(text: str) -> None:
    assert read_any(text)[0].isascii()


@given(st.text(alphabet=st.characters(max_codepoint=0x8FF), max_size=40))
def test_other_scripts_are_left_as_they_are(text: str) -> None:
    assert spoken(text) == text


# A sentence quotes words as people wrote them, and no word of theirs disorders it.


@for_each(
    ("ours", "theirs", "quoted"),
    [
        ("زرغون توریالی", "احمد توریالی", ("توریالی",)),
        ("Zarghun Toryalai", "Ahmad Töryalai", ("Töryalai",)),
        ("अंकिता मल्होत्रा", "प्रिया मल्होत्रा", ("मल्होत्रा",)),
        ("Ҳамза Зарғунзод", "Алӣ Зарғунзод", ("Зарғунзод",)),
    ],
)
def test_words_in_common_are_quoted_as_the_banned_account_wrote_them(
    ours: str, theirs: str, quoted: tuple[str, ...]
) -> None:
    mine, other = (
        NAME.distil(Account(platform="x", account_id="1", display_name=one), keyer) for one in (ours, theirs)
    )
    assert mine is not None
    assert other is not None
    found = NAME.compare(mine, other, SIGHT)
    assert found is not None
    isolated = " and ".join(f"“\u2068{word}\u2069”" for word in quoted)
    assert as_written(found.because, (theirs, ours)) == f"The display names share {isolated}."


def test_a_word_that_no_name_has_is_quoted_as_it_was_folded() -> None:
    assert as_written("It says “fans”.", ("Umar",)) == "It says “\u2068fans\u2069”."


def test_a_sentence_without_a_quotation_is_left_alone() -> None:
    assert as_written("The names are the same.", ("Umar",)) == "The names are the same."


@given(st.text(), st.text(alphabet=st.characters() | st.sampled_from("\u202e\u2066\u2069"), max_size=40))
def test_isolates_are_balanced_whatever_is_quoted(word: str, name: str) -> None:
    told = as_written(f"They share “{word.translate({0x201C: None, 0x201D: None})}”.", (name,))
    inside = told.split(FIRST_STRONG_ISOLATE, 1)[1].rsplit(POP_ISOLATE, 1)[0]
    if name and inside in name:
        assert not set(inside) & set("\u202a\u202e\u2066\u2067\u2068\u2069")
