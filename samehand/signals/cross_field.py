"""A handle that spells the other account's display name, or a display name that spells its handle.

`Umar Media` is banned and comes back as `um4r_media_2`. The signal compares the traits of `handle` and
`name` and stores none of its own, so it adds no byte to a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import Final, NamedTuple

from msgspec.structs import replace

from samehand.account import Account
from samehand.blocking.rare_words import listed_words, shown_by_words, tried_words
from samehand.blocking.spellings import CONSONANTS_MIN, cores, letters
from samehand.frequency.name_prior import bits, decoration
from samehand.frequency.rates import rate_of_bits
from samehand.keys import DISPLAY_NAME_KINDS, HANDLE_KINDS, Key, KeyKind, key_of, keys_of
from samehand.names.handle_trait import HandleTrait
from samehand.names.handle_words import handle_sounds, handle_words
from samehand.names.name_trait import NameTrait
from samehand.names.similarity import most_bits, similarity, worth_bits
from samehand.names.word import Similarity, Word
from samehand.normalize.text.phonetic import PLAIN_SOUNDS
from samehand.signals.base import Example, Levels, Most, PairSignalBase, Quoted, Traits
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext

_WORDS_MAX: Final = 4  # words of a handle that are keyed together; more are a slogan

# Names of up to so many words are tried in every order: 24 orders, and hardly any handle spells more words.
_ORDERED_WORDS_MAX: Final = 4
_REORDER_BITS: Final = 1.0
# The cost of comparing across fields: they are written by different rules, and a handle that consists of two
# names is often simply its owner's.
_FIELD_BITS: Final = 1.0
_SOUNDS_MIN: Final = 4
_SOUND_BITS: Final = 7.0  # the cost of other vowels in two words
_PARTS: Final = (KeyKind.NAMING_WORD,)  # keys of a word that is part of a name

_LEVELS: Final = {
    "same": "spells-it",
    "reordered": "spells-it",
    "decorated": "nearly",
    "one-typo": "nearly",
    "two-typos": "nearly",
    "consonants": "nearly",
    "extended": "part",
    "part": "part",
}


def keys_of_names(handle: Word) -> list[Key]:
    """The keys under which a display name would be listed that this handle spells."""
    keys = keys_of(KeyKind.NAME_WORD, [handle.base, *cores(handle.base, handle.tokens)])
    keys += keys_of(KeyKind.NAME_LETTERS, letters("".join(handle.tokens) or handle.base)[:1])
    telling = sorted({word for word in handle_words(handle) if not decoration(word)})[:_WORDS_MAX]
    if len(telling) > 1:
        keys.append(key_of(KeyKind.NAME_TOKENS, " ".join(telling).encode()))
    sound = "".join(sorted(handle_sounds(handle)))
    if len(sound) >= CONSONANTS_MIN:
        keys.append(key_of(KeyKind.NAME_CONSONANTS, sound.encode()))
    return keys


def keys_of_handles(name: Word) -> list[Key]:
    """The keys under which a handle would be listed that spells this display name."""
    keys = keys_of(KeyKind.HANDLE_WORD, [name.base, *cores(name.base, name.tokens)])
    keys += keys_of(KeyKind.HANDLE_SORTED, letters("".join(name.tokens) or name.base)[:1])
    if len(name.consonants) >= CONSONANTS_MIN:
        keys.append(key_of(KeyKind.HANDLE_CONSONANTS, name.consonants.encode()))
    return keys


class CrossedNames(NamedTuple):
    """The handle and the display name of an account, each ``None`` where it shows none."""

    handle: HandleTrait | None
    name: NameTrait | None


def shown_names(trait: Traits) -> CrossedNames:
    """Both names of an account, by its traits."""
    return names_of(trait("handle"), trait("name"))


def names_of(handle: object | None, name: object | None) -> CrossedNames:
    """Both names, of two traits whose types are not known."""
    return CrossedNames(
        handle if isinstance(handle, HandleTrait) else None, name if isinstance(name, NameTrait) else None
    )


class _Crossed(NamedTuple):
    """A similarity across fields: the words in common, its and its cost (bits).

    ``handle`` is the base of the handle if it spells the whole display name, else empty.
    """

    level: str
    words: tuple[str, ...]
    penalty_bits: float
    handle: str = ""

    @property
    def worth(self) -> float:
        return sum(map(bits, self.words), 0.0) - self.penalty_bits


class CrossingSignal(PairSignalBase):
    """One account's handle is written like the other's display name."""

    name = "crossing"
    sentences: Mapping[str, str] = {
        "spells-it": "One account's handle spells the other's display name.",
        "nearly": "One account's handle nearly spells the other's display name.",
        "part": "One account's handle has a part of the other's display name.",
    }
    group: str | None = "name"
    beyond = frozenset(("handle", "name"))

    def of(self, trait: Traits) -> CrossedNames | None:
        """Both names of an account; ``None`` where it shows neither."""
        names = shown_names(trait)
        return names if names.handle or names.name else None

    def between(self, ours: Traits, theirs: Traits, context: ComparisonContext) -> Comparison | None:
        return self.compare(shown_names(ours), shown_names(theirs), context)

    def compare(
        self, ours: CrossedNames, theirs: CrossedNames, context: ComparisonContext
    ) -> Comparison | None:
        """Our handle with their name and theirs with ours: the rarer, with the other; ``None`` of neither."""
        crossed = (
            _crossed(ours.handle, theirs.name, ours_first=True),
            _crossed(theirs.handle, ours.name, ours_first=False),
        )
        held = sorted(
            (crossing for crossing in crossed if crossing is not None and crossing.worth > 0.0),
            key=lambda crossing: -crossing.worth,
        )
        comparisons = [_finding(crossing, context) for crossing in held]
        return replace(comparisons[0], also=tuple(comparisons[1:])) if comparisons else None

    def keys(self, names: CrossedNames) -> list[Key]:
        """The rarest words of both fields, by which either field of another account finds this one."""
        return listed_words(*_words(names))

    def probes(self, names: CrossedNames) -> list[Key]:
        """For each field, the keys that the other field of an account would list; and the words of both."""
        handle, name = _words(names)
        keys = tried_words(handle, name)
        if handle is not None:
            keys += keys_of_names(handle)
        if name is not None:
            keys += keys_of_handles(name)
        return keys

    def most(self, names: CrossedNames, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """Keys of a whole field may add what its letters are worth; keys of its words only those words."""

        def nats(own: float) -> float:
            return table.most(tuple(self.sentences), context.named_at_least(rate_of_bits(own)))

        by_kind: dict[int, float] = {}
        of_parts: dict[Key, float] = {}
        handle, name = _words(names)
        if handle is not None:
            by_kind = dict.fromkeys(DISPLAY_NAME_KINDS, nats(most_bits(handle)))
            of_parts = shown_by_words(handle, _PARTS, None, nats)
        if name is not None:
            whole = nats(most_bits(name))
            by_kind[KeyKind.NAMING_WORD] = max(whole, by_kind.get(KeyKind.NAMING_WORD, 0.0))
            by_kind = dict.fromkeys(HANDLE_KINDS, whole) | by_kind
            of_parts |= shown_by_words(name, _PARTS, None, nats)
        return Most(by_kind, of_parts)

    def show(self, quoted: Quoted) -> str:
        """Both names of one account as they were given; empty where they were not kept."""
        return " / ".join(filter(None, (quoted.handle, quoted.display_name)))

    @property
    def examples(self) -> tuple[Example, ...]:
        """Each level, in both directions, and strangers."""
        return (
            Example(_called("gulzar_waziri_2"), _named("Gulzar Waziri"), "spells-it"),
            Example(_named("ǤULZAR WAZIRI"), _called("waziri.gulzar"), "spells-it"),
            Example(_called("gulzarwaziri_official"), _named("Gulzar Waziri"), "nearly"),
            Example(_called("gulzar_vaziry"), _named("Gulzar Waziri"), "nearly"),
            Example(_called("karim_wardak"), _named("کریم وردک"), "nearly"),
            Example(_called("gulzarwaziri_dxb"), _named("Gulzar Waziri"), "part"),
            Example(_called("salma_khan"), _named("Gulzar Waziri"), None),
            Example(_called("gulzar_waziri"), _called("gulzar_waziri"), None),
        )


def _finding(crossing: _Crossed, context: ComparisonContext) -> Comparison:
    shipped = rate = 2.0**crossing.penalty_bits
    crowds = []
    for word in crossing.words:
        each = rate_of_bits(bits(word))
        counted, crowd = context.word(word, each)
        shipped, rate = shipped * each, rate * counted
        crowds.append(crowd)
    if crossing.handle:
        # To spell a handle is no rarer than to bear it.
        borne, crowd = context.among_namesakes(KeyKind.STEM, crossing.handle.encode(), min(shipped, 1.0))
        rate = max(rate, borne)
        crowds.append(crowd)
    return Comparison(crossing.level, min(rate, 1.0), min(crowds, default=0), min(shipped, 1.0))


def _crossed(handle: HandleTrait | None, name: NameTrait | None, *, ours_first: bool) -> _Crossed | None:
    if handle is None or name is None:
        return None
    # The cost of a handle that is the name's words, in their order or another.
    written, words = handle.written, "".join(name.words)
    cost: float | None = None
    if name.base in written or words in written:
        cost = _FIELD_BITS
    # Most handles have another length than the name, so the orders are seldom tried.
    elif (
        2 <= len(name.words) <= _ORDERED_WORDS_MAX
        and len(words) in map(len, written)
        and any(map(written.__contains__, map("".join, permutations(name.words))))
    ):
        cost = _FIELD_BITS + _REORDER_BITS
    if cost is not None:
        return _Crossed("spells-it", name.words or (name.base,), cost, handle.word.base)
    pair = (handle.word, name.word) if ours_first else (name.word, handle.word)
    resemblance, sounding = similarity(*pair), _sounding(handle, name)
    if sounding is not None and (resemblance is None or worth_bits(sounding) > worth_bits(resemblance)):
        resemblance = sounding
    if resemblance is None:
        return None
    return _Crossed(_LEVELS[resemblance.kind], (resemblance.part,), resemblance.penalty_bits + _FIELD_BITS)


def _sounding(handle: HandleTrait, name: NameTrait) -> Similarity | None:
    """The similarity of words with the same consonants, in any order: `umar_media` and `عمر میڈیا`."""
    sounds, word = name.word.consonants, handle.word
    if len(sounds) < _SOUNDS_MIN:
        return None
    # A quick test: a name with the same sounds has the consonants that every spelling keeps, and most handles
    # lack the first of them.
    for sound in sounds:
        if sound in PLAIN_SOUNDS and sound not in word.base and sound not in "".join(word.tokens):
            return None
    # Last, since to read a handle without separators as words takes longest.
    if handle.sounds != name.sounded:
        return None
    cheapest = min((handle.word.base, name.base), key=bits)
    return Similarity("consonants", cheapest, _SOUND_BITS)


def _words(names: CrossedNames) -> tuple[Word | None, Word | None]:
    handle, name = names
    return None if handle is None else handle.word, None if name is None else name.word


def _called(handle: str) -> Account:
    return Account(platform="telegram", account_id="1", handle=handle)


def _named(display_name: str) -> Account:
    return Account(platform="telegram", account_id="1", display_name=display_name)


CROSS_FIELD: Final = CrossingSignal()
