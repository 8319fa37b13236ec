"""Edits of handles and names as evaders make them, each a pure function of a generator and a text.

Three sets hold the same kinds with different operators: ``TUNING`` may be looked at while weights and rules
are made, and ``VALIDATION`` shows then whether they hold for what they were not made on; ``HELD_OUT`` is what
they are judged by, with other tables, other positions and other amounts.
An operator that does not apply to a text (no digits to drop, nothing to reorder) returns it unchanged.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from types import MappingProxyType

from simulate.evasion import edit_tables as tables
from simulate.evasion.bio_edits import HELD_OUT_BIO_EDITS, TUNING_BIO_EDITS, VALIDATION_BIO_EDITS
from simulate.population import avatars
from simulate.sampling import Weighted, below, between, digits, one_of

Edit = Callable[[Random, str], str]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TOKENS = re.compile(r"[^\W\d_]+|\d+")
_DIGIT = re.compile(r"\d")
_SEPARATORS = re.compile(r"[\s._-]+")


def _end_digits(rng: Random, text: str, longest: int) -> str:
    return text + digits(rng, between(rng, 1, longest))


def year_or_front_digits(rng: Random, text: str) -> str:
    if rng.random() < 0.6:
        return f"{text}{between(rng, 1970, 2026)}"
    return f"{between(rng, 2, 99)}{text}"


def _digits_changed(rng: Random, text: str, keep_length: bool) -> str:
    stem = text.rstrip("0123456789")
    length = len(text) - len(stem)
    if not length or not stem:
        return text
    return stem + digits(rng, length if keep_length else between(rng, 1, 5))


def _digits_dropped(rng: Random, text: str, everywhere: bool) -> str:
    bare = _DIGIT.sub("", text) if everywhere else text.rstrip("0123456789")
    return bare if len(bare) >= 3 else text


def _affixed(rng: Random, text: str, affixes: Sequence[str], gaps: Sequence[str], front: float) -> str:
    affix, gap = one_of(rng, affixes), one_of(rng, gaps)
    return f"{affix}{gap}{text}" if rng.random() < front else f"{text}{gap}{affix}"


def syllables(rng: Random, text: str) -> str:
    word = "".join(one_of(rng, tables.HELD_OUT_SYLLABLES) for _ in range(between(rng, 2, 3)))
    return f"{word}{text}" if rng.random() < 0.5 else f"{text}{word}"


def _separated(rng: Random, text: str, separators: Sequence[str]) -> str:
    """Another separator where there is one, else one put in the middle."""
    if _SEPARATORS.search(text):
        return _SEPARATORS.sub(one_of(rng, (*separators, "")), text)
    return _inserted(text, between(rng, 2, max(2, len(text) - 2)), one_of(rng, separators))


def separated_twice(rng: Random, text: str) -> str:
    return _separated(rng, f"_{text}_" if rng.random() < 0.4 else text, ("__", "._", "_."))


def _reordered(rng: Random, text: str, gaps: Sequence[str]) -> str:
    """The tokens in another order; a text of one token stays as it is."""
    tokens = _TOKENS.findall(text)
    if len(tokens) < 2:
        return text
    turn = between(rng, 1, len(tokens) - 1)
    return one_of(rng, gaps).join(tokens[turn:] + tokens[:turn])


def _mapped(rng: Random, text: str, table: Mapping[str, str], share_min: float, share_max: float) -> str:
    """A share of the letters that have a counterpart replaced by it, at least one."""
    places = [place for place, letter in enumerate(text) if letter in table]
    if not places:
        return text
    share = share_min + rng.random() * (share_max - share_min)
    letters = list(text)
    for place in rng.sample(places, max(1, round(share * len(places)))):
        letters[place] = table[letters[place]]
    return "".join(letters)


def _accented(rng: Random, text: str, table: Mapping[str, str], most: int) -> str:
    places = [place for place, letter in enumerate(text) if letter in table]
    letters = list(text)
    for place in rng.sample(places, min(len(places), between(rng, 1, most))):
        choices = table[letters[place]]
        # A short vowel follows its letter; an accented letter takes its place.
        letters[place] = choices if choices.startswith(letters[place]) else one_of(rng, choices)
    return "".join(letters)


def _repeated(rng: Random, text: str, places: int, most: int) -> str:
    for _ in range(places):
        place = _letter_place(rng, text)
        text = _inserted(text, place, text[place : place + 1] * between(rng, 1, most))
    return text


def _hidden(rng: Random, text: str, marks: str, most: int) -> str:
    for _ in range(between(rng, 1, most)):
        text = _inserted(text, between(rng, 1, max(1, len(text) - 1)), one_of(rng, marks))
    return text


def _styled(rng: Random, text: str, fonts: Sequence[tuple[int, int]]) -> str:
    capital, small = one_of(rng, fonts)
    return "".join(
        chr(capital + ord(letter) - ord("A")) if "A" <= letter <= "Z"
        else chr(small + ord(letter) - ord("a")) if "a" <= letter <= "z"
        else letter
        for letter in text
    )  # fmt: skip


def _omitted(rng: Random, text: str, from_place: int) -> str:
    if len(text) < 5:
        return text
    place = between(rng, from_place, len(text) - 1)
    return text[:place] + text[place + 1 :]


def _letter_added(rng: Random, text: str, beside: bool) -> str:
    place = _letter_place(rng, text)
    letter = one_of(
        rng, tables.NEIGHBOURS.get(text[place : place + 1].lower(), _LETTERS) if beside else _LETTERS
    )
    return _inserted(text, place + (1 if beside else 0), letter)


def _swapped(rng: Random, text: str, distance: int) -> str:
    if len(text) < 4:
        return text
    place = between(rng, 0, len(text) - 1 - distance)
    letters = list(text)
    letters[place], letters[place + distance] = letters[place + distance], letters[place]
    return "".join(letters)


def _substituted(rng: Random, text: str, beside: bool) -> str:
    place = _letter_place(rng, text)
    letter = one_of(
        rng, tables.NEIGHBOURS.get(text[place : place + 1].lower(), _LETTERS) if beside else _LETTERS
    )
    return text[:place] + letter + text[place + 1 :]


def counted_on(rng: Random, text: str) -> str:
    """The number at the end and a few more; who was `umar92` was 92 and is 93."""
    stem = text.rstrip("0123456789")
    if not stem or stem == text:
        return text
    return f"{stem}{int(text[len(stem) :]) + between(rng, 1, 5)}"


def drawn_out(rng: Random, text: str) -> str:
    """The last letter once to three times more."""
    letters = text.rstrip("0123456789_.")
    return text if not letters else _inserted(text, len(letters), letters[-1] * between(rng, 1, 3))


def _vowel_edit(rng: Random, text: str, letters: str) -> str:
    """One vowel left out, or another put in its place; never the first letter, by which people are found."""
    places = [place for place, letter in enumerate(text) if place and letter in tables.VALIDATION_VOWELS]
    if not places or len(text) < 5:
        return text
    place = one_of(rng, places)
    other = one_of(rng, letters.replace(text[place], "")) if letters else ""
    return text[:place] + other + text[place + 1 :]


def letter_at_an_end(rng: Random, text: str) -> str:
    letter = one_of(rng, "xzoi")
    return letter + text if rng.random() < 0.4 else text + letter


def two_last_swapped(rng: Random, text: str) -> str:
    letters = text.rstrip("0123456789_.")
    if len(letters) < 4:
        return text
    place = len(letters) - 2 - between(rng, 0, 1)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _inserted(text: str, place: int, letters: str) -> str:
    return text[:place] + letters + text[place:]


def _letter_place(rng: Random, text: str) -> int:
    places = [place for place, letter in enumerate(text) if letter.isalpha()]
    return one_of(rng, places) if places else below(rng, max(1, len(text)))


def _in_turn(rng: Random, text: str, edits: Mapping[str, Edit], kinds: Sequence[str], steps: int) -> str:
    for kind in rng.sample(list(kinds), steps):
        text = edits[kind](rng, text)
    return text


_TYPOS = ("omission", "insertion", "swap", "substitution")
_COMBINED = ("digits_added", "affix_known", "separators", "repeats", "leet", "reorder", *_TYPOS)


def _with_combinations(edits: dict[str, Edit]) -> Mapping[str, Edit]:
    single = dict(edits)
    edits["two_typos"] = partial(_in_turn, edits=single, kinds=_TYPOS, steps=2)
    edits["two_kinds"] = partial(_in_turn, edits=single, kinds=_COMBINED, steps=2)
    edits["three_kinds"] = partial(_in_turn, edits=single, kinds=_COMBINED, steps=3)
    return MappingProxyType(edits)


TUNING: Mapping[str, Edit] = _with_combinations(
    {
        "digits_added": partial(_end_digits, longest=3),
        "digits_changed": partial(_digits_changed, keep_length=True),
        "digits_dropped": partial(_digits_dropped, everywhere=False),
        "affix_known": partial(_affixed, affixes=tables.TUNING_AFFIXES, gaps=("", "_"), front=0.3),
        "affix_unknown": partial(_affixed, affixes=tables.TUNING_WORDS, gaps=("", "_"), front=0.3),
        "separators": partial(_separated, separators=("_", ".", "-")),
        "reorder": partial(_reordered, gaps=("", "_")),
        "accents": partial(_accented, table=tables.TUNING_ACCENTS, most=2),
        "repeats": partial(_repeated, places=1, most=2),
        "leet": partial(_mapped, table=tables.TUNING_LEET, share_min=0.3, share_max=1.0),
        "homoglyphs": partial(_mapped, table=tables.TUNING_LOOK_ALIKES, share_min=0.2, share_max=1.0),
        "zero_width": partial(_hidden, marks=tables.TUNING_INVISIBLE, most=2),
        "fonts": partial(_styled, fonts=tables.TUNING_FONTS),
        "omission": partial(_omitted, from_place=1),
        "insertion": partial(_letter_added, beside=False),
        "swap": partial(_swapped, distance=1),
        "substitution": partial(_substituted, beside=False),
    }
)
"""Kind of edit → operator, for tuning."""

HELD_OUT: Mapping[str, Edit] = _with_combinations(
    {
        "digits_added": year_or_front_digits,
        "digits_changed": partial(_digits_changed, keep_length=False),
        "digits_dropped": partial(_digits_dropped, everywhere=True),
        "affix_known": partial(_affixed, affixes=tables.HELD_OUT_AFFIXES, gaps=("", ".", "__"), front=0.4),
        "affix_unknown": syllables,
        "separators": separated_twice,
        "reorder": partial(_reordered, gaps=(".", "__")),
        "accents": partial(_accented, table=tables.HELD_OUT_ACCENTS, most=3),
        "repeats": partial(_repeated, places=2, most=3),
        "leet": partial(_mapped, table=tables.HELD_OUT_LEET, share_min=0.2, share_max=0.8),
        "homoglyphs": partial(_mapped, table=tables.HELD_OUT_LOOK_ALIKES, share_min=0.3, share_max=1.0),
        "zero_width": partial(_hidden, marks=tables.HELD_OUT_INVISIBLE, most=4),
        "fonts": partial(_styled, fonts=tables.HELD_OUT_FONTS),
        "omission": partial(_omitted, from_place=0),
        "insertion": partial(_letter_added, beside=True),
        "swap": partial(_swapped, distance=2),
        "substitution": partial(_substituted, beside=True),
    }
)
"""Kind of edit → operator, for judging; never to be tuned on."""

VALIDATION: Mapping[str, Edit] = _with_combinations(
    {
        "digits_added": partial(_end_digits, longest=5),
        "digits_changed": counted_on,
        "digits_dropped": partial(_digits_dropped, everywhere=False),
        "affix_known": partial(_affixed, affixes=tables.VALIDATION_AFFIXES, gaps=("", "_", "."), front=0.4),
        "affix_unknown": partial(_affixed, affixes=tables.VALIDATION_WORDS, gaps=("", ".", "__"), front=0.5),
        "separators": partial(_separated, separators=("__", "_x_", "-")),
        "reorder": partial(_reordered, gaps=("-", ".")),
        "accents": partial(_accented, table=tables.VALIDATION_ACCENTS, most=4),
        "repeats": drawn_out,
        "leet": partial(_mapped, table=tables.VALIDATION_RESPELT, share_min=0.2, share_max=0.6),
        "homoglyphs": partial(_mapped, table=tables.VALIDATION_LOOK_ALIKES, share_min=0.3, share_max=1.0),
        "zero_width": partial(_hidden, marks=tables.VALIDATION_INVISIBLE, most=4),
        "fonts": partial(_styled, fonts=tables.VALIDATION_FONTS),
        "omission": partial(_vowel_edit, letters=""),
        "insertion": letter_at_an_end,
        "swap": two_last_swapped,
        "substitution": partial(_vowel_edit, letters=tables.VALIDATION_VOWELS),
    }
)
"""Kind of edit → operator, for seeing whether rules hold for what they were not made on."""

HANDLE_KINDS = Weighted(
    [
        *("digits_added", "digits_changed", "digits_dropped", "affix_known", "affix_unknown", "separators"),
        *("reorder", "repeats", "leet", "homoglyphs", "omission", "insertion", "swap", "substitution"),
        *("two_typos", "two_kinds", "three_kinds"),
    ],
    [16, 5, 3, 18, 6, 8, 4, 6, 6, 2, 4, 4, 3, 4, 3, 6, 2],
)
"""How often evaders use which kind on a handle: digits and affixes lead by far."""

NAME_KINDS = Weighted(
    [
        *("affix_known", "accents", "homoglyphs", "zero_width", "fonts", "repeats", "omission"),
        *("substitution", "reorder"),
    ],
    [22, 10, 16, 12, 12, 8, 7, 7, 6],
)
"""How often they use which kind on a display name, where any letter is allowed."""


@dataclass(frozen=True, slots=True)
class EditSet:
    """All that one side, tuning, validating or judging, may do to names, bios and pictures."""

    name: str
    strings: Mapping[str, Edit]
    bios: Mapping[str, Edit]
    pictures: Weighted[avatars.AvatarEdit]
    crop: avatars.AvatarEdit

    def handle(self, rng: Random, text: str) -> str:
        """The handle after an edit that changed it."""
        return self._changed(rng, text, HANDLE_KINDS)

    def display_name(self, rng: Random, text: str) -> str:
        """The display name after an edit that changed it."""
        return self._changed(rng, text, NAME_KINDS)

    def bio(self, rng: Random, text: str, most: int = 2) -> str:
        """The bio after one to ``most`` edits that changed it; still mostly the same words."""
        edited = text
        for kind in rng.sample(list(self.bios), between(rng, 1, most)):
            edited = self.bios[kind](rng, edited)
        return edited if edited != text else f"{text} {one_of(rng, '✦☆♡♪')}"

    def _changed(self, rng: Random, text: str, kinds: Weighted[str]) -> str:
        # A kind that does not apply leaves the text as it is; an affix always applies, so this ends.
        while True:
            edited = self.strings[kinds.pick(rng)](rng, text)
            if edited != text:
                return edited


EDIT_SETS: Mapping[str, EditSet] = MappingProxyType(
    {
        "tuning": EditSet("tuning", TUNING, TUNING_BIO_EDITS, avatars.TUNING, avatars.TUNING_CROP),
        "validation": EditSet(
            "validation", VALIDATION, VALIDATION_BIO_EDITS, avatars.VALIDATION, avatars.VALIDATION_CROP
        ),
        "held_out": EditSet(
            "held_out", HELD_OUT, HELD_OUT_BIO_EDITS, avatars.HELD_OUT, avatars.HELD_OUT_CROP
        ),
    }
)
"""The three sets by name."""
