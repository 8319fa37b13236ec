"""Edits of a bio that leave most of its words: what a person does who reuses it and hopes to pass."""

import re
from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType

from simulate.population.bios import EMOJI, SEPARATORS
from simulate.sampling import between, one_of

_PIECES = re.compile(r" \| | • |\. |, |\n| / | ~ ")
_HELD_OUT_EMOJI = "🦁🦋⭐🌸🎯🧿🪁🏔🥁🎲"
_ADDED = ("back again", "new account", "old one is gone", "follow me here", "2nd account")
_FILLERS = ("life", "vibes", "only", "forever", "love", "real", "good", "world")
_GREETINGS = ("hey, it's me:", "salam!", "so...", "welcome to my place.", "hi all,")
_FAREWELLS = ("dm for business", "don't report please", "see you", "peace", "that's all")
_ADDED_HELD_OUT = (
    "lost my last page",
    "part two",
    "spare page",
    "yeni hesap",
    "nueva cuenta",
    "حساب جديد",
    "नया खाता",
)


def reordered(rng: Random, text: str) -> str:
    pieces = _PIECES.split(text)
    rng.shuffle(pieces)
    return one_of(rng, SEPARATORS[:3]).join(pieces)


def pieces_reversed(rng: Random, text: str) -> str:
    return one_of(rng, SEPARATORS[3:]).join(reversed(_PIECES.split(text)))


def piece_dropped(rng: Random, text: str) -> str:
    pieces = _PIECES.split(text)
    if len(pieces) < 3:
        return text
    del pieces[between(rng, 0, len(pieces) - 1)]
    return one_of(rng, SEPARATORS).join(pieces)


def emoji_added(rng: Random, text: str) -> str:
    return f"{one_of(rng, EMOJI)} {text} {one_of(rng, EMOJI)}"


def emoji_between(rng: Random, text: str) -> str:
    return f" {one_of(rng, _HELD_OUT_EMOJI)} ".join(_PIECES.split(text))


def phrase_added(rng: Random, text: str) -> str:
    return f"{text}{one_of(rng, SEPARATORS)}{one_of(rng, _ADDED)}"


def phrase_before(rng: Random, text: str) -> str:
    return f"{one_of(rng, _ADDED_HELD_OUT)}{one_of(rng, SEPARATORS)}{text}"


def letter_doubled(rng: Random, text: str) -> str:
    place = between(rng, 0, max(0, len(text) - 1))
    return text[:place] + text[place : place + 1] * 2 + text[place + 1 :]


def letter_lost(rng: Random, text: str) -> str:
    place = between(rng, 0, max(0, len(text) - 1))
    return text[:place] + text[place + 1 :]


def shouted(rng: Random, text: str) -> str:
    return text.upper() if rng.random() < 0.5 else text.title()


def cut_short(rng: Random, text: str) -> str:
    """Two thirds of the pieces, in their order."""
    pieces = _PIECES.split(text)
    kept = sorted(rng.sample(range(len(pieces)), max(1, round(len(pieces) * 2 / 3))))
    return one_of(rng, SEPARATORS).join(pieces[place] for place in kept)


def tagged(rng: Random, text: str) -> str:
    """Words as hashtags, and no separator."""
    return " ".join(f"#{piece.replace(' ', '')}" for piece in _PIECES.split(text) if piece.strip())


def words_exchanged(rng: Random, text: str) -> str:
    """One or two words that say nothing in the place of others."""
    words = text.split(" ")
    for place in rng.sample(range(len(words)), min(len(words) // 3, between(rng, 1, 2))):
        words[place] = one_of(rng, _FILLERS)
    return " ".join(words)


def numbers_changed(rng: Random, text: str) -> str:
    return "".join(one_of(rng, "0123456789") if letter in "0123456789" else letter for letter in text)


def told_otherwise(rng: Random, text: str) -> str:
    """Between a greeting and a farewell."""
    return f"{one_of(rng, _GREETINGS)} {text} {one_of(rng, _FAREWELLS)}"


TUNING_BIO_EDITS: Mapping[str, Callable[[Random, str], str]] = MappingProxyType(
    {
        "reordered": reordered,
        "emoji added": emoji_added,
        "phrase added": phrase_added,
        "letter doubled": letter_doubled,
    }
)
VALIDATION_BIO_EDITS: Mapping[str, Callable[[Random, str], str]] = MappingProxyType(
    {
        "cut short": cut_short,
        "hashtags": tagged,
        "words exchanged": words_exchanged,
        "numbers changed": numbers_changed,
        "greeting and farewell": told_otherwise,
    }
)
HELD_OUT_BIO_EDITS: Mapping[str, Callable[[Random, str], str]] = MappingProxyType(
    {
        "reversed": pieces_reversed,
        "piece dropped": piece_dropped,
        "emoji between": emoji_between,
        "phrase before": phrase_before,
        "letter lost": letter_lost,
        "shouted": shouted,
    }
)
