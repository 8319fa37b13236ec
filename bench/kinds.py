"""The kinds of obfuscation under which a banned handle must be found again.

The operators of :mod:`simulate.evasion.edits` (20 sorts: digits added, changed and dropped, known and unknown
affixes, separators, reorders, accents, repeats, leet, look-alikes, hidden characters, fonts, one and two
typos, combinations of two and of three), and one that they lack: another spelling of the same sounds.

Display names have their own: those of these that people use on names, and a word put in.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from types import MappingProxyType

from simulate.evasion.edits import HELD_OUT, TUNING, Edit
from simulate.sampling import below, one_of

# One spelling and another that bearers of the same name use; applied either way.
_TUNING_SPELLINGS = (("ee", "i"), ("oo", "u"), ("ou", "u"), ("y", "i"), ("o", "u"), ("e", "i"))
_HELD_OUT_SPELLINGS = (("aa", "a"), ("ei", "ai"), ("ey", "i"), ("q", "k"), ("a", "e"), ("ph", "f"))


def _respelt(spellings: tuple[tuple[str, str], ...]) -> Edit:
    both = (*spellings, *((other, one) for one, other in spellings))

    def edit(rng: Random, text: str) -> str:
        possible = [pair for pair in both if pair[0] in text]
        if not possible:
            return text
        here, there = one_of(rng, possible)
        return text.replace(here, there, 1)

    return edit


_TUNING_WORDS = ("media", "news", "shop", "noor", "team", "khan")
_HELD_OUT_WORDS = ("press", "studio", "ali", "world", "maria", "group")
# Digits and leet are for handles; names have room for any letter.
_FOR_HANDLES = frozenset({"digits_added", "digits_changed", "digits_dropped", "leet"})


def _word_added(words: tuple[str, ...]) -> Edit:
    def edit(rng: Random, text: str) -> str:
        own = text.split()
        own.insert(below(rng, len(own) + 1), one_of(rng, words).capitalize())
        return " ".join(own)

    return edit


def _for_names(edits: Mapping[str, Edit], words: tuple[str, ...]) -> Mapping[str, Edit]:
    kept = {kind: edit for kind, edit in edits.items() if kind not in _FOR_HANDLES}
    return MappingProxyType({**kept, "word_added": _word_added(words)})


KINDS: Mapping[str, Mapping[str, Edit]] = MappingProxyType(
    {
        "tuning": MappingProxyType({**TUNING, "respelt": _respelt(_TUNING_SPELLINGS)}),
        "held_out": MappingProxyType({**HELD_OUT, "respelt": _respelt(_HELD_OUT_SPELLINGS)}),
    }
)
"""For tuning and for judging: kind of obfuscation → edit."""

NAME_KINDS: Mapping[str, Mapping[str, Edit]] = MappingProxyType(
    {
        "tuning": _for_names(KINDS["tuning"], _TUNING_WORDS),
        "held_out": _for_names(KINDS["held_out"], _HELD_OUT_WORDS),
    }
)
"""The same for display names."""
