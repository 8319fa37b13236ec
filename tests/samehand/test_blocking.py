"""Which names share a key."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samehand.blocking.display_name import listed_keys
from samehand.blocking.rare_words import listed_words, tried_words
from samehand.blocking.spellings import (
    LETTERS_LISTED_WHOLE_LENGTH_MIN,
    letters,
    listed_letters,
    runs,
    sorted_letters,
    spellings,
    spread_runs,
)
from samehand.fingerprint.distil import enrolment_keys, query_keys
from samehand.keys import Key, KeyKind, key_of, kind_of, value_of
from samehand.names.name_trait import NameTrait
from samehand.names.word import Word
from samehand.signals.cross_field import keys_of_names
from samehand.signals.handle import HANDLE
from samehand.signals.name import NAME
from tests.samehand.makers import an_account, keyer, seen, trait_of
from tests.tables import for_each

# A disguised handle shares a key with the original, and a made-up one with nobody.


def listed(**shown: str | None) -> set[Key]:
    """Under which keys a banned account that shows this is found."""
    return set(enrolment_keys(seen(an_account(platform="forum", account_id="2", **shown))))


def tried(**shown: str | None) -> set[Key]:
    """Under which keys a new one is looked up."""
    return set(query_keys(seen(an_account(platform="forum", **shown))))


@for_each(
    ("banned", "mirror"),
    [
        ("rania_alrubaie", "alrubaie_rania"),  # the a's fall together where the words meet
        ("robert_star72", "star72robert"),  # digits inside are no letters
        ("longhua72", "longhua72official"),
        ("olga_2008", "olg4_2008"),  # a digit at the end that is a letter
        ("li_qin", "li_qinbackup"),
        ("sara786", "sara786_media"),
        ("qian1978", "dark_qian1978"),  # an affix nobody foresaw, on a short word
        ("caspian52325739", "g52325739"),  # a long number is nobody else's
        ("ana608", "aa608"),  # a short word is told by its number
        ("salma_khan91", "zzlma_khan91"),  # two typos, and the number kept
        ("ahmedkamboh1979", "ahmedkamboh1979738"),  # the digits make it look made up
        ("official_umar", "umar"),
        ("waziristan", "wozerustun"),
        ("umar_farooqi", "farooqi.umer"),  # reordered with a typo
        ("wlyfwlyfa", "wlxfwyyfa"),  # two typos between the ends of a handle without a number
        ("waziristani", "noxziristok"),  # five letters in a row kept, wherever they stand
        ("mongoose", "node-mongoose-orm"),  # a word put before and another behind
        ("kuke512", "fbqc_kuke512_uwks"),  # likewise, around too few letters for a run
        ("2007kuke", "fbqc_2007kuke_uwks"),
        ("kuke512", "fbqckuke512uwks"),
        ("kuke512", "fbqc_mukuke512_uwks"),  # of three words the second ends before the number
        ("tarok", "tarok_uwks"),  # letters for one run alone
    ],
)
def test_disguises_share_a_key(banned: str, mirror: str) -> None:
    assert listed(handle=banned) & tried(handle=mirror)


def test_digits_behind_a_handle_hide_nothing() -> None:
    """However much it looks like what a platform makes."""
    assert listed(handle="zarghun") & tried(handle="Zarghun39542212")


def test_of_two_decorations_the_core_without_both_is_listed_alone() -> None:
    keys = listed(handle="official_umar_backup")
    assert key_of(KeyKind.HANDLE_WORD, b"umar") in keys
    assert key_of(KeyKind.HANDLE_WORD, b"oficialumar") not in keys


def test_a_number_is_keyed_by_its_start_from_four_digits_on() -> None:
    start = key_of(KeyKind.HANDLE_NUMBERED, b"umar 2024")
    assert start in listed(handle="umar20241")
    assert start in listed(handle="umar2024")
    assert key_of(KeyKind.HANDLE_NUMBERED, b"umar 202") not in listed(handle="umar202")


# A handle finds the banned display name that it spells, and a display name the banned handle.


@for_each(
    ("handle", "display_name"),
    [
        ("umar_farooqi", "Umar Farooqi"),
        ("gulz4r_waziri_2", "Gulzar Waziri"),
        ("waziri.gulzar", "Gulzar Waziri"),
        ("gulzarwazri", "Gulzar Waziri"),
        ("gulzarwaziri_official", "Gulzar Waziri"),
        ("gulzarwaziri_dxb", "Gulzar Waziri"),
        ("gulzar_farooqi", "Gulzar Farooqi Waziri"),
        ("karim_wardak", "کریم وردک"),
        ("dmitri_vorontsov", "Дмитрий Воронцов"),
    ],
)
def test_a_handle_and_a_display_name_find_each_other(handle: str, display_name: str) -> None:
    assert tried(handle=handle) & listed(display_name=display_name)


@for_each(
    ("display_name", "handle"),
    [
        ("Umar Farooqi", "umar.farooqi"),
        ("Gulzar Waziri", "gulz4r_waziri_2"),
        ("Waziri Gulzar", "gulzarwaziri"),
        ("Gulzar Wazri", "gulzarwaziri"),
        ("Gulzar Waziri", "waziri"),
        ("Karim Wardak", "karimwardak77"),
        ("Дмитрий Воронцов", "dmitriy_vorontsov"),
    ],
)
def test_a_display_name_and_a_handle_find_each_other(display_name: str, handle: str) -> None:
    assert tried(display_name=display_name) & listed(handle=handle)


@for_each(
    ("handle", "pair"),
    [
        ("gulzar_waziri", "gulzar waziri"),
        ("gulzar_media", None),  # one word that names somebody is no pair
        ("gulzar", None),
        ("zadran_wardak_kakar_gulzar_dilber", "dilber gulzar kakar wardak"),  # five are a slogan
    ],
)
def test_a_handle_asks_for_a_name_by_its_words_in_order_and_by_its_letters_as_they_are(
    handle: str, pair: str | None
) -> None:
    word = trait_of(HANDLE, handle=handle).word
    keys = keys_of_names(word)
    pairs = [] if pair is None else [key_of(KeyKind.NAME_TOKENS, pair.encode())]
    assert [key for key in keys if kind_of(key) is KeyKind.NAME_TOKENS] == pairs
    any_order = [key_of(KeyKind.NAME_LETTERS, sorted_letters("".join(word.tokens)).encode())]
    assert [key for key in keys if kind_of(key) is KeyKind.NAME_LETTERS] == any_order


def test_strangers_do_not_meet() -> None:
    assert not tried(handle="salma_khan") & listed(display_name="Gulzar Waziri")


@given(handle=st.text(max_size=256), display_name=st.text(max_size=256))
def test_a_query_is_bounded(handle: str, display_name: str) -> None:
    """Each letter of a handle or a name adds a few keys, and only so many letters are keyed."""
    assert len(tried(handle=handle, display_name=display_name)) < 1_500


# Which spellings of a word meet: one typo, any order, an affix taken off.


words = st.text("abcdefghij", min_size=6, max_size=20)
letter = st.sampled_from("abcdefghij")


@given(word=words, data=st.data())
def test_a_letter_left_out_is_found(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    assert set(letters(word)) & set(letters(word[:place] + word[place + 1 :]))


@given(word=words, put=letter, data=st.data())
def test_a_letter_put_in_is_found(word: str, put: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word)))
    assert set(letters(word)) & set(letters(word[:place] + put + word[place:]))


@given(word=words, put=letter, data=st.data())
def test_a_letter_exchanged_is_found_in_any_order_of_the_rest(
    word: str, put: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    changed = list(word[:place] + put + word[place + 1 :])
    assert set(letters(word)) & set(letters("".join(data.draw(st.permutations(changed)))))


@given(word=st.text("abcdefghij", min_size=LETTERS_LISTED_WHOLE_LENGTH_MIN, max_size=24), data=st.data())
def test_a_long_word_lists_its_letters_whole_and_a_typo_leaves_a_run(word: str, data: st.DataObject) -> None:
    assert listed_letters(word) == letters(word)[:1]
    place = data.draw(st.integers(0, len(word) - 1))
    assert set(spread_runs(word)) & set(runs(word[:place] + word[place + 1 :]))
    assert set(spread_runs(word)) & set(runs(word[:place] + "x" + word[place + 1 :]))


def test_runs_are_listed_at_the_quarters_and_of_a_longer_word_at_both_ends() -> None:
    assert spread_runs("abcd") == []
    assert spread_runs("abcde") == ["abcde"]
    assert spread_runs("abcdef") == ["abcde", "bcdef"]
    assert spread_runs("abcdefghi") == ["bcdef", "cdefg", "defgh"]
    assert spread_runs("abcdefghijklm") == ["cdefg", "efghi", "ghijk", "abcde", "ijklm"]


def test_short_words_keep_their_order() -> None:
    assert set(spellings("umra")).isdisjoint(letters("umar"))
    assert "uma" in spellings("umar")


# A display name finds itself again with words put in, left out, glued on, turned about or misspelt.


def spelt(name: str) -> NameTrait:
    """A display name, folded."""
    return trait_of(NAME, platform="facebook", display_name=name)


def display_name_tried(name: NameTrait) -> set[Key]:
    """All keys under which it is looked up."""
    return {*NAME.keys(name), *NAME.probes(name)}


def kinds_shared(banned: str, new: str) -> set[KeyKind]:
    """The kinds of key under which a new name finds a banned one."""
    return {kind_of(key) for key in set(listed_keys(spelt(banned))) & display_name_tried(spelt(new))}


@for_each(
    ("banned", "new", "kind"),
    [
        ("Umar Farooqi", "Umar Farooqi Press", KeyKind.NAME_INITIAL),
        ("Umar Farooqi", "Umar Maria Farooqi", KeyKind.NAME_INITIAL),
        ("Umar Farooqi Waziri", "Umar Waziri", KeyKind.NAME_PAIR),
        ("Umar Farooqi", "Farooqi Umar", KeyKind.NAME_LETTERS),
        ("Official Umar Farooqi", "Farooqi Umar", KeyKind.NAME_TOKENS),
        ("Umar Farooqi", "Official Farooqi Umar Backup", KeyKind.NAME_INITIAL),
        ("Zarghun Kakar", "Zorghun Kakir", KeyKind.NAMING_RUN),
        ("Umar Farooqi", "UmarFarooqi", KeyKind.NAME_WORD),
        ("Umar Farooqi", "umarfarooqixyz", KeyKind.NAMING_RUN),
        ("Umar Farooqi", "Umar Farooqiofficial", KeyKind.NAMING_RUN),
        ("Umar Farooqi", "Umar Faroqqi", KeyKind.NAME_LETTERS),
        ("Umar Farooqi", "Umar Fxrooqy", KeyKind.NAME_INITIAL),
        ("Umar Farooqi", "Media Umar Fxrooqy", KeyKind.NAME_INITIAL),
        ("Umar Farooqi", "Omar Faruqi Media", KeyKind.NAME_CONSONANTS),
        ("Umar Farooqi", "Umar Frooqil", KeyKind.NAME_CONSONANTS),
    ],
)
def test_a_disguised_name_finds_the_original(banned: str, new: str, kind: KeyKind) -> None:
    assert kind in kinds_shared(banned, new)


def test_a_handle_and_a_name_meet_by_a_run_of_letters() -> None:
    handle = trait_of(HANDLE, handle="zorghunkakir")
    shared = set(HANDLE.keys(handle)) & display_name_tried(spelt("Zarghun Kakar"))
    assert {kind_of(key) for key in shared} == {KeyKind.NAMING_RUN}


def test_a_single_word_lists_no_pairs() -> None:
    assert {kind_of(key) for key in listed_keys(spelt("Umar"))} == {KeyKind.NAME_WORD}


WORDS = st.lists(
    st.text(st.characters(categories=["L", "M", "N", "So"]), min_size=1, max_size=70), max_size=12
)


@given(WORDS.map(" ".join))
def test_whatever_is_listed_is_tried_and_there_are_only_so_many(name: str) -> None:
    trait = NAME.distil(an_account(platform="facebook", display_name=name), keyer)
    if trait is None:
        return
    assert len(set(listed_keys(trait))) <= 80
    assert len(display_name_tried(trait)) <= 300
    assert all(value_of(key) for key in display_name_tried(trait))


# A rare word kept is enough for two names to meet, in whatever field it stands.


@for_each(
    ("ours", "theirs"),
    [
        ({"handle": "zarfeshan_writes"}, {"handle": "real_zarfeshan_poet"}),
        ({"handle": "the_zarfeshan_poet"}, {"handle": "zarfeshan"}),
        ({"handle": "zarfeshan"}, {"handle": "the_zarfeshan_poet"}),
        ({"display_name": "Zarfeshan Mobile Repair"}, {"handle": "zarfeshan_writes"}),
        ({"handle": "zarfeshan_writes"}, {"display_name": "Brothers of Zarfeshan in Exile"}),
        ({"display_name": "Zarfeshan Mobile"}, {"display_name": "Old Zarfeshan Poets"}),
    ],
)
def test_a_rare_word_is_found_wherever_it_stands(ours: dict[str, str], theirs: dict[str, str]) -> None:
    assert tried(**ours) & listed(**theirs)


def test_a_common_word_is_no_key() -> None:
    assert not tried(handle="ali_mobile_repair") & listed(handle="ali_furniture_quetta")


@for_each(("handle", "words"), [("zarfeshan_mirgul_wardakan", 2), ("waziristan", 0)])
def test_at_most_two_words_are_listed_and_none_that_is_a_whole_name(handle: str, words: int) -> None:
    assert [kind_of(key) for key in listed(handle=handle)].count(KeyKind.NAMING_WORD) == words


several_words = st.lists(st.text("abdeghiklmnoprstuz", min_size=1, max_size=9), min_size=1, max_size=10)


@given(handle=st.none() | several_words, name=st.none() | several_words)
def test_what_is_listed_is_tried(handle: list[str] | None, name: list[str] | None) -> None:
    both = [None if one is None else Word("".join(one), tuple(one), "") for one in (handle, name)]
    assert set(listed_words(*both)) <= set(tried_words(*both))
