"""Ordinary handles against each other: whom they alarm, and whether made mirrors stand out among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from bench.real.labelled import roc_area
from bench.real.lookup import Looked, Named, looked_up
from simulate.sampling import below, one_of, seeded

Relation = Callable[[Random, str, str], str | None]
"""(generator, handle, another person's handle) to a mirror's handle, or ``None`` where it does not apply."""

_WORD_MIN, _RUN_MIN, _PREFIX_KEPT, _TYPO_MIN = 4, 5, 4, 7
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORDS = re.compile(r"[a-z]+", re.IGNORECASE)


def same_stem(rng: Random, handle: str, other: str) -> str | None:
    """Other digits behind the stem."""
    stem = handle.rstrip("0123456789")
    if sum(map(str.isalpha, stem)) < _WORD_MIN:
        return None
    made = stem + "".join(str(below(rng, 10)) for _ in range(1 + below(rng, 4)))
    return None if made == handle else made


def contained_word(rng: Random, handle: str, other: str) -> str | None:
    """The longest word kept, another's word put before or behind it."""
    word, added = _longest_word(handle), _longest_word(other)
    if len(word) < _WORD_MIN or len(added) < _WORD_MIN or word.lower() == added.lower():
        return None
    gap = one_of(rng, ("", "_", "-", "."))
    return gap.join((word, added) if below(rng, 2) else (added, word))


def nearly_all_letters(rng: Random, handle: str, other: str) -> str | None:
    """One letter exchanged behind the beginning."""
    places = [place for place in range(_PREFIX_KEPT, len(handle)) if handle[place].isalpha()]
    if len(handle) < _TYPO_MIN or not places:
        return None
    place = one_of(rng, places)
    letter = one_of(rng, [letter for letter in _LETTERS if letter != handle[place].lower()])
    return handle[:place] + letter + handle[place + 1 :]


def kept_run(rng: Random, handle: str, other: str) -> str | None:
    """Five to seven letters in a row kept, and letters of another's handle around them."""
    word, rest = _longest_word(handle), _longest_word(other)
    if len(word) <= _RUN_MIN or len(rest) < _WORD_MIN:
        return None
    length = min(_RUN_MIN + below(rng, 3), len(word) - 1)
    start = below(rng, len(word) - length + 1)
    cut = 1 + below(rng, len(rest) - 1)
    return rest[:cut] + word[start : start + length] + rest[cut:]


def _longest_word(handle: str) -> str:
    return max(_WORDS.findall(handle), key=len, default="")


RELATIONS: Mapping[str, Relation] = {
    "same_stem": same_stem,
    "contained_word": contained_word,
    "nearly_all_letters": nearly_all_letters,
    "kept_run": kept_run,
}


MIRRORS_A_RELATION = 250
_LOWEST = -99.0  # log-odds of an account that nothing was found for


def alarms(ordinary: list[str]) -> dict[str, Any]:
    """Every ordinary handle looked up among all the others as bans: whoever alerts is a false alarm.

    Unless both handles are one person's, which only a person can tell: the pairs are listed.
    """
    handles = [Named(handle, "handle") for handle in ordinary]
    looked = looked_up(handles, handles)
    pairs = [
        (handle, ordinary[one.ban], one)
        for place, handle in enumerate(ordinary)
        for one in looked.found[place]
        if one.ban != place and one.band != "none"
    ]
    return {
        "accounts": len(ordinary),
        "bans_each": len(ordinary) - 1,
        "alarmed": len({handle for handle, _, _ in pairs}),
        "likely": sum(one.band == "likely" for _, _, one in pairs),
        "pairs": [f"{one} / {other}" for one, other, _ in pairs],
        "seconds": round(looked.seconds, 1),
    }


def mirrors(ordinary: list[str]) -> dict[str, Any]:
    """Every second handle is banned. Mirrors are made of bans by each relation; the rest are the benign.

    ``first``: mirrors whose ban comes first. ``roc_area``: how often a mirror's score against its ban is
    above the best score of a benign account.
    """
    bans, benign = ordinary[::2], ordinary[1::2]
    made = {name: _made(relation, name, bans, benign) for name, relation in RELATIONS.items()}
    accounts = [mirror for several in made.values() for _, mirror in several] + benign
    looked = looked_up([Named(ban, "handle") for ban in bans], [Named(one, "handle") for one in accounts])
    crowd = [
        (several[0].log_odds if several else _LOWEST)
        for several in looked.found[len(accounts) - len(benign) :]
    ]
    told: dict[str, Any] = {"bans": len(bans), "benign": len(benign)}
    start = 0
    for name, several in made.items():
        told[name] = _figures([ban for ban, _ in several], looked, start, crowd)
        start += len(several)
    return told


def _made(relation: Relation, name: str, bans: list[str], benign: list[str]) -> list[tuple[int, str]]:
    rng = seeded(4, f"real {name}")
    made: list[tuple[int, str]] = []
    for place in rng.sample(range(len(bans)), len(bans)):
        mirror = relation(rng, bans[place], benign[below(rng, len(benign))])
        if mirror is not None:
            made.append((place, mirror))
        if len(made) == MIRRORS_A_RELATION:
            break
    return made


def _figures(bans: list[int], looked: Looked, start: int, crowd: list[float]) -> dict[str, Any]:
    own = [
        next((one.log_odds for one in several if one.ban == ban), _LOWEST)
        for ban, several in zip(bans, looked.found[start : start + len(bans)], strict=True)
    ]
    first = sum(
        bool(several) and several[0].ban == ban
        for ban, several in zip(bans, looked.found[start : start + len(bans)], strict=True)
    )
    area = roc_area([*((odds, True) for odds in own), *((odds, False) for odds in crowd)])
    return {
        "mirrors": len(bans),
        "first": first,
        "found": sum(odds > _LOWEST for odds in own),
        "roc_area": None if area is None else round(area, 4),
    }
