"""The display name, compared word by word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from msgspec.structs import replace
from rapidfuzz.distance import OSA

from samehand.account import Account
from samehand.blocking.display_name import initial_keys, listed_keys, tried_keys
from samehand.blocking.rare_words import shown_by_runs
from samehand.blocking.spellings import WORD_LENGTH_MAX
from samehand.encoding.sixbit import SEPARATOR, pack_text, packable, unpack_text
from samehand.frequency.name_prior import bits
from samehand.frequency.rates import rate_of_bits
from samehand.keys import DISPLAY_NAME_KINDS, Key, KeyKind, key_of
from samehand.names.name_trait import SOUND_MIN, TYPO_LENGTH_MIN, NameTrait
from samehand.names.similarity import (
    LETTER_BITS,
    REST_BITS,
    UNWRITTEN_BITS,
    most_bits,
    similarity,
    worth_bits,
)
from samehand.normalize.contact.pseudonym import pseudonymous
from samehand.normalize.text.fold import fold_name
from samehand.normalize.text.phonetic import LETTER_LENGTH_MAX, by_letters, one_leaves_out_vowels, word_keys
from samehand.signals.base import Example, Keyer, Levels, Most, Quoted, SignalBase
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext

WORDS_MAX: Final = 8  # words of a name that are compared; longer ones are slogans

# The first byte of the stored form: which fields follow the words, in this order.
_SOUNDS: Final = 1
_BASE: Final = 2
_SHORT: Final = 0x80  # six bits a letter


# Kinds of similarity in which the whole names are alike, and the level and sentence of the other kinds.
_SPELT_ALIKE: Final = frozenset(("same", "one-typo", "two-typos", "decorated", "reordered"))
_RUN: Final = ("shared-words", "The display names have a long run of letters in common.")
_IN_PART: Final = {"consonants": ("near-same", ""), "extended": _RUN, "part": _RUN}
_NOT_SAME: Final = ("same-words", "near-same", "shared-words")
_DIFFERENT: Final = Comparison("different")


@dataclass(frozen=True, slots=True)
class _Matched:
    words: tuple[str, ...]
    penalty_bits: float
    exact: bool
    left_over: bool


class NameSignal(SignalBase[NameTrait]):
    """The two display names are written alike."""

    name = "name"
    code = 2
    sentences: Mapping[str, str] = {
        "same-name": "The display names are the same.",
        "same-words": "The display names are made of the same distinctive words.",
        "near-same": "The display names have the same words in other spellings.",
        "shared-words": "The display names share some words.",
        "different": "The display names do not resemble each other.",
    }
    group: str | None = "name"

    def distil(self, account: Account, keyer: Keyer) -> NameTrait | None:
        """The folded name, an address or a number in it as a digest; ``None`` where nothing is left of it."""
        name = pseudonymous(account.display_name or "", keyer)
        folded = fold_name(name) if name else None
        if folded is None or not folded.base:
            return None
        words = tuple(word[:WORD_LENGTH_MAX] for word in folded.tokens[:WORDS_MAX])
        sounds = tuple(sound[:WORD_LENGTH_MAX] for sound in folded.consonants[:WORDS_MAX])
        return NameTrait(words, sounds, folded.base[:WORD_LENGTH_MAX])

    def pack(self, trait: NameTrait) -> bytes:
        """A byte that says which fields follow, then their text; fields that the words imply are left out."""
        fields = [" ".join(trait.words)]
        head = 0
        if trait.sounds != tuple(word_keys(list(trait.words))):
            head |= _SOUNDS
            fields.append(" ".join(trait.sounds))
        if trait.base != "".join(trait.words)[:WORD_LENGTH_MAX]:
            head |= _BASE
            fields.append(trait.base)
        text = SEPARATOR.join(fields)
        return bytes((head | _SHORT,)) + pack_text(text) if packable(text) else bytes((head,)) + text.encode()

    def unpack(self, payload: bytes) -> NameTrait:
        return _unpacked(payload)

    def keys(self, trait: NameTrait) -> Iterable[Key]:
        return listed_keys(trait)

    def probes(self, trait: NameTrait) -> Iterable[Key]:
        return tried_keys(trait)

    def counts(self, trait: NameTrait) -> Iterable[Key]:
        """Each word of the name."""
        return (key_of(KeyKind.WORD, word.encode()) for word in dict.fromkeys(trait.words))

    def compare(self, ours: NameTrait, theirs: NameTrait, context: ComparisonContext) -> Comparison | None:
        """The names word by word, then as one run of letters: the better of the two comparisons.

        A bearer of the very name also resembles it, so no resemblance is rarer than the name itself.
        """
        comparison = self._resembling(ours, theirs, context)
        if comparison is None or comparison.rate is None or comparison.level == "same-name":
            return comparison
        borne = 1.0
        for place in theirs.telling or range(len(theirs.words)):
            word = theirs.words[place]
            borne *= context.word(word, rate_of_bits(bits(word)))[0]
        return replace(comparison, rate=borne) if borne > comparison.rate else comparison

    def _resembling(
        self, ours: NameTrait, theirs: NameTrait, context: ComparisonContext
    ) -> Comparison | None:
        matched = _match_words(ours, theirs)
        if matched is not None and not matched.left_over:
            if not matched.exact:
                return self._finding("near-same", "", matched.words, matched.penalty_bits, context)
            if ours.words == theirs.words:
                return self._finding("same-name", "", matched.words, 0.0, context)
            return self._finding("same-words", "", matched.words, 1.0, context)
        whole = similarity(ours.word, theirs.word)
        if whole is not None and whole.kind in _SPELT_ALIKE:
            because = "The display names are the same but for spacing or a letter or two."
            return self._finding("near-same", because, (whole.part,), whole.penalty_bits, context)
        # Either resemblance leaves the rest of the words out, so the one of more bits explains the pair.
        slack = 0.0
        if matched is not None:
            # The parts of both names that are not shared cost: an evader keeps most of a name.
            kept = _bits(matched.words)
            totals = (_bits(ours.words), _bits(theirs.words))
            left = [max(0.0, 1.0 - kept / total) for total in totals if total]
            slack = matched.penalty_bits + 1.0 + REST_BITS * sum(left, 0.0)
        if whole is not None and (matched is None or worth_bits(whole) > _bits(matched.words) - slack):
            level, because = _IN_PART[whole.kind]
            return self._finding(level, because, (whole.part,), whole.penalty_bits, context)
        if matched is not None:
            shared = " and ".join([f"“{word}”" for word in matched.words])
            because = f"The display names share {shared}."
            return self._finding("shared-words", because, matched.words, slack, context)
        return None if ours.word.shares_a_token(theirs.word) else _DIFFERENT

    def _finding(
        self,
        level: str,
        because: str,
        words: tuple[str, ...],
        penalty_bits: float,
        context: ComparisonContext,
    ) -> Comparison:
        shipped = rate = 2.0**penalty_bits
        crowds = []
        for word in words:
            each = rate_of_bits(bits(word))
            counted, crowd = context.word(word, each)
            shipped, rate = shipped * each, rate * counted
            crowds.append(crowd)
        return Comparison(level, min(rate, 1.0), min(crowds, default=0), min(shipped, 1.0), because=because)

    def most(self, trait: NameTrait, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The key of the whole name may add what its words' counts say; any other key shows a part of it."""
        words = 1.0
        for word in trait.words:
            words *= context.among_namesakes(KeyKind.WORD, word.encode(), rate_of_bits(bits(word)))[0]

        def nats(own: float) -> float:
            return table.most(_NOT_SAME, context.named_at_least(rate_of_bits(own)))

        joined = context.named_at_least(rate_of_bits(most_bits(trait.word)))
        whole = max(table.nats("same-name", words), table.nats("near-same", joined))
        part = table.most(_NOT_SAME, min(words, joined))
        by_key = {key_of(KeyKind.NAME_WORD, trait.base.encode()): max(whole, part)}
        of_parts = shown_by_runs(trait.word, nats)
        of_parts |= {key: nats(bits(word)) for word, key in initial_keys(trait)}
        return Most(dict.fromkeys(DISPLAY_NAME_KINDS, part), of_parts | by_key)

    def show(self, trait: NameTrait, quoted: Quoted) -> str:
        """The name as it was given, or its folded words where it was not kept."""
        return quoted.display_name or " ".join(trait.words)

    @property
    def examples(self) -> tuple[Example, ...]:
        account = _called("Umar Farooqi Waziri")
        return (
            Example(account, _called("UMAR ғarooqi waziri"), "same-name"),
            Example(_called("Waziri Umar Farooqi"), account, "same-words"),
            Example(_called("Omar Faruqi Wazeeri"), account, "near-same"),
            Example(_called("Abou Obeida al-Korashi"), _called("Abu Ubaydah al-Qurashi"), "near-same"),
            Example(_called("UmarFarooqiWaziri"), account, "same-name"),
            Example(_called("umarfarooqiwaziri"), account, "near-same"),
            Example(_called("Farooqi Waziri Shop"), account, "shared-words"),
            Example(_called("Salma Khan"), account, "different"),
            Example(_called("✨"), account, None),
        )


# Accounts that share a cliché or a picture with many recur, within a batch and between batches. A trait takes
# 2 KB with what it caches: 8 MB.
@lru_cache(maxsize=4_096)
def _unpacked(payload: bytes) -> NameTrait:
    head = payload[0]
    text = unpack_text(payload[1:]) if head & _SHORT else payload[1:].decode()
    joined, *fields = text.split(SEPARATOR)
    words = tuple(joined.split(" ")) if joined else ()
    sounds = tuple(fields.pop(0).split(" ")) if head & _SOUNDS else tuple(word_keys(list(words)))
    base = fields.pop(0) if head & _BASE else "".join(words)[:WORD_LENGTH_MAX]
    return NameTrait(words, sounds, base)


def _match_words(ours: NameTrait, theirs: NameTrait) -> _Matched | None:
    """Pairs words greedily, their rarest word first, each with the word of ours that costs least."""
    # Most pairs share no word, and to compute how rare a word is takes longest.
    if not _perhaps_any(ours, theirs):
        return None
    # Those that name somebody, else all.
    named = ours.telling and theirs.telling
    mine = ours.telling if named else range(len(ours.words))
    wanted = theirs.telling if named else range(len(theirs.words))
    if not any(_cost(ours, here, theirs, there) is not None for there in wanted for here in mine):
        return None
    free = list(mine)
    words, slack, exact, missed = [], 0.0, True, False
    for place in theirs.by_rarity:
        if place not in wanted:
            continue
        costs = [(cost, here) for here in free if (cost := _cost(ours, here, theirs, place)) is not None]
        if not costs:
            missed = True
            continue
        cost, taken = min(costs)
        free.remove(taken)
        words.append(min(ours.words[taken], theirs.words[place], key=bits))
        slack += cost
        exact = exact and cost == 0.0
    if not words:
        return None
    return _Matched(tuple(words), slack, exact, missed or bool(free))


def _perhaps_any(ours: NameTrait, theirs: NameTrait) -> bool:
    """A quick test whether words match, on all of them and with what ours caches; may be true in vain."""
    if not ours.any_of_them.isdisjoint(theirs.words) or not ours.long_sounds.isdisjoint(theirs.sounds):
        return True
    for wanted in theirs.words:
        length = len(wanted)
        if length < TYPO_LENGTH_MIN:
            continue
        # One of the words may lack a letter of another script that is several in Latin (shch).
        shortest, longest = length - LETTER_LENGTH_MAX, length + LETTER_LENGTH_MAX
        for word, size in ours.spelt:
            if shortest <= size <= longest and _one_letter_apart(word, wanted):
                return True
    return False


def _bits(words: Iterable[str]) -> float:
    return sum(map(bits, words), 0.0)


def _cost(ours: NameTrait, mine: int, theirs: NameTrait, other: int) -> float | None:
    """The cost (bits) of counting two words as one, or ``None`` where they do not resemble each other."""
    word, wanted = ours.words[mine], theirs.words[other]
    if word == wanted:
        return 0.0
    sound = theirs.sounds[other] if other < len(theirs.sounds) else ""
    sounds_alike = len(sound) >= SOUND_MIN and mine < len(ours.sounds) and ours.sounds[mine] == sound
    if sounds_alike and one_leaves_out_vowels(word, wanted):
        return UNWRITTEN_BITS
    if min(len(word), len(wanted)) >= TYPO_LENGTH_MIN and _one_letter_apart(word, wanted):
        return LETTER_BITS + 2.0
    return LETTER_BITS + 3.0 if sounds_alike else None


def _one_letter_apart(word: str, wanted: str) -> bool:
    """Returns whether two words differ by one edit or swap, in Latin letters or in those of their script."""
    if abs(len(word) - len(wanted)) <= 1 and OSA.distance(word, wanted, score_cutoff=1) <= 1:
        return True
    ours, theirs = by_letters(word), by_letters(wanted)
    return (
        (len(ours), len(theirs)) != (len(word), len(wanted))
        and abs(len(ours) - len(theirs)) <= 1
        and OSA.distance(ours, theirs, score_cutoff=1) <= 1
    )


def _called(display_name: str) -> Account:
    return Account(platform="facebook", account_id="1", display_name=display_name)


NAME: Final = NameSignal()
