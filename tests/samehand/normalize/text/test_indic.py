"""The scripts of India are read as their writers spell themselves in Latin letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.text.indic import spoken
from samehand.normalize.text.phonetic import word_keys
from samehand.normalize.text.transliterate import read_any


@pytest.mark.parametrize(
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


@pytest.mark.parametrize(
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
