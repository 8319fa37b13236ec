"""Words of names, and how alike two names are."""

from __future__ import annotations

import math

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from samehand.frequency.name_prior import bits, decoration, segments
from samehand.names import similarity as module
from samehand.names.cached_property import kept
from samehand.names.handle_words import handle_sounds, handle_words
from samehand.names.similarity import common_runs, similarity
from samehand.names.word import RUN_MIN, Similarity, Word
from samehand.normalize.text.phonetic import consonant_key
from tests.makers import a_word
from tests.tables import for_each

# What is kept is worked out once, for each instance by itself.


class OtherWord(msgspec.Struct, frozen=True, dict=True):
    text: str

    @kept
    def letters(self) -> list[str]:
        """Its letters, in a list of its own."""
        return sorted(self.text)


def test_it_is_worked_out_once_and_for_each_by_itself() -> None:
    one, other = OtherWord("ab"), OtherWord("ba")
    assert one.letters is one.letters
    assert one.letters == other.letters
    assert one.letters is not other.letters


# Words of names.


# Which words a handle is read as, and how they sound.


@for_each(
    ("handle", "words"),
    [
        ("umar_media", ("umar", "media")),
        ("Umar.Media_Backup", ("umar", "media", "backup")),
        ("umarmedia", ("umar", "media")),
        ("xqzvkw", ("xqzvkw",)),
    ],
)
def test_words_are_those_that_are_written_apart_or_read_together(handle: str, words: tuple[str, ...]) -> None:
    assert handle_words(a_word(handle)) == words


def test_words_sound_by_their_consonants_and_vowels_have_no_sound() -> None:
    assert handle_sounds(a_word("umar_media")) == handle_sounds(a_word("omer_midea"))
    assert "" not in handle_sounds(a_word("a_media"))


# What follows from a word is worked out once and says what the word says.


@given(st.text("aeimnrz", max_size=12), st.text("aeimnrz", max_size=12))
def test_who_shares_no_shortest_run_shares_no_longer_one(ours: str, theirs: str) -> None:
    runs = Word(ours, (), "").runs
    longer = [ours[at : at + size] for size in range(RUN_MIN, 13) for at in range(len(ours) - size + 1)]
    assert any(run in theirs for run in runs) == any(run in theirs for run in longer)


def test_words_written_apart_are_read_apart_where_that_makes_them_commoner() -> None:
    """Together `calme` is on no list."""
    assert segments("calmeyasemin") != (*segments("cal"), *segments("me"), *segments("yasemin"))
    assert Word("calmeyasemin", ("calmeyasemin",), "").beyond_names_bits > 0.0
    assert Word("calmeyasemin", ("cal", "me", "yasemin"), "").beyond_names_bits == 0.0


# Two words are alike in the strictest way that holds, and a laxer way costs more.


words = st.text("abcdehimnorstu", max_size=14)
# Short and long names, words that decorate, and letters of any kind, so that each kind of likeness comes up.
pieces = st.lists(
    st.sampled_from(
        ("umar", "media", "umarmedia", "gulzar", "gulzer", "vazir", "wazir", "ab", "official", "tv")
    )
    | st.text("aeimnrz", min_size=1, max_size=6),
    min_size=1,
    max_size=4,
)


@for_each(
    ("ours", "theirs", "kind"),
    [
        ("umar_media", "um4r.media", "same"),
        ("umar_media_official", "umar_media", "decorated"),
        ("officialvrzghn", "vrzghn", "decorated"),
        ("real_umar_media", "umar_media_official", "decorated"),  # neither is in the other
        ("media_umar", "umar_media", "reordered"),
        ("umar_nedia", "umar_media", "one-typo"),
        ("umra_nedia", "umar_media", "two-typos"),
        ("shamil", "tamil", "one-typo"),  # one letter of the script, two of ours
        ("tamil", "shamil", "one-typo"),
    ],
)
def test_each_kind_is_told(ours: str, theirs: str, kind: str) -> None:
    found = similarity(a_word(ours), a_word(theirs))
    assert found is not None
    assert found.kind == kind


def worth(ours: str, theirs: str) -> float:
    found = similarity(a_word(ours), a_word(theirs))
    return 0.0 if found is None else bits(found.part) - found.penalty_bits


def test_a_letter_changed_names_the_original_and_not_what_shares_a_part_with_it() -> None:
    assert worth("zarfeshan/checkout", "zarfishan/checkout") > worth("zarfeshan/checkout", "quetta/checkout")
    assert worth("uploadlibs-resource", "uploadlib-resources") > worth(
        "uploadlibs-resource", "uploadlib-metadata"
    )


def test_two_runs_in_common_say_more_than_one() -> None:
    ours = "site.org/waziri/hypert"
    assert worth(ours, "site.org/gulzar/hypert") > worth(ours, "site.org/boltan/layout")


def test_a_run_says_more_the_more_it_is_of_either_word() -> None:
    assert worth("hypertxy", "hypertzq") > worth("hypertxyabnop", "hypertzq")
    assert worth("hypertxy", "hypertzq") > worth("hypertxy", "hypertzqdefgh")


def test_the_same_consonants_say_little_where_nothing_else_agrees() -> None:
    assert worth("requesta", "requests") > worth("requesta", "raxityo")


def test_a_run_is_no_rarer_than_the_word_that_it_lies_in() -> None:
    assert worth("pqedia", "xyzvmedia") < 1.0


@for_each(
    ("cut", "whole", "also"),
    [
        ("kuznetso", "kuznetsov", "kuznetsov_dmitriy"),
        ("elizabe", "elizabeth", "elizabeth_hall"),
        ("frederi", "frederick", "frederick_hall"),
    ],
)
def test_a_name_cut_short_is_no_rarer_than_the_name(cut: str, whole: str, also: str) -> None:
    assert bits(cut) > bits(whole)
    assert max(worth(cut, also), worth(also, cut)) <= bits(whole)
    assert max(worth(f"olga_{cut}", also), worth(also, f"olga_{cut}")) <= bits(whole)


def test_a_name_that_ends_like_a_decoration_is_no_rarer_in_part_than_whole() -> None:
    assert bits("beatri") > bits("beatrix")
    assert worth("beatri", "beatrix") <= bits("beatrix")


def test_a_word_of_its_own_says_more_than_letters_somewhere() -> None:
    assert worth("gulzar_writes", "real_gulzar_poet") > worth("gulzarwrites", "realgulzarpoet")


def test_runs_come_in_the_order_of_the_banned_word() -> None:
    assert common_runs("hypertzzzzgithub", "githubcomhypert") == ["github"]
    assert common_runs("githubxyhypert", "githubcomhypert") == ["github", "hypert"]


def test_strangers_are_not_alike() -> None:
    assert similarity(a_word("salma_khan"), a_word("umar_media")) is None


def plainly(ours: Word, theirs: Word) -> Similarity | None:
    """What two words must be said to have in common: each kind tried, nothing told beforehand."""
    if not ours.base or not theirs.base:
        return None
    if ours.base == theirs.base:
        return Similarity("same", theirs.base, 0.0)
    if len(ours.tokens) > 1 and sorted(ours.tokens) == sorted(theirs.tokens):
        return Similarity("reordered", theirs.base, math.log2(math.factorial(min(len(ours.tokens), 6))))
    for long, short in ((ours.base, theirs.base), (theirs.base, ours.base)):
        ends = (long.startswith(short), long[len(short) :]), (long.endswith(short), long[: -len(short)])
        if any(there and decoration(rest) for there, rest in ends):
            return Similarity("decorated", short, 1.0 + module._unknown_bits(short, long))
    core, other = ("".join(x for x in word.tokens if not decoration(x)) for word in (ours, theirs))
    if core and core == other:
        return Similarity("decorated", core, 1.0)
    kinds = (
        module._extended(ours.base, theirs.base),
        module._typos(ours, theirs),
        module._consonants(ours, theirs),
        module._part(ours, theirs),
    )
    return max(
        (one for one in kinds if one is not None),
        key=lambda one: bits(one.part) - one.penalty_bits,
        default=None,
    )


def of_tokens(tokens: list[str]) -> Word:
    base = "".join(tokens)
    return Word(base, tuple(tokens), consonant_key(base))


@given(pieces, pieces, st.data())
def test_what_is_told_beforehand_changes_no_likeness(
    one: list[str], added: list[str], data: st.DataObject
) -> None:
    kept = data.draw(st.permutations(one)) if data.draw(st.booleans()) else one
    ours, theirs = (
        of_tokens(kept),
        of_tokens(data.draw(st.sampled_from((added, one + added, added[:1] + one)))),
    )
    assert similarity(ours, theirs) == plainly(ours, theirs)
    assert similarity(theirs, ours) == plainly(theirs, ours)


@given(words, words)
def test_any_two_words_compare(one: str, other: str) -> None:
    found = similarity(Word(one, (one,), ""), Word(other, (other,), ""))
    assert found is None or 0 <= found.penalty_bits <= bits(found.part) + 1e-9
