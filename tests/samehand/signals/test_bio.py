"""Self-descriptions that agree in part: what they say fades out with how much they share."""

from __future__ import annotations

from hashlib import blake2b
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account
from samehand.scoring.weights import default_weights
from samehand.signals.bio import BIO, SIGNATURE_BYTES, BioTrait, resemblance
from tests.samehand.signals.test_contract import SIGHT, keyer
from tests.tables import for_each

ALIKE_BYTES = 17  # of 64: fewer that agree are of different texts
WHOLE_BYTES = 55  # of 64: from here on the texts are almost the same, and counted as one


def weight(agreeing: int, length: int) -> float:
    """Nats for two texts of a length whose signatures agree in so many bytes."""
    one = BioTrait(bytes(SIGNATURE_BYTES), length)
    other = BioTrait(bytes(agreeing) + bytes([1]) * (SIGNATURE_BYTES - agreeing), length)
    found = BIO.compare(one, other, SIGHT)
    assert found is not None
    return default_weights().signals["bio"].levels[found.level].match_weight(found.rate or 1.0)


@for_each("length", [15, 40, 120, 255])
def test_the_more_is_shared_the_more_it_says_and_no_step_makes_a_case(length: int) -> None:
    said = [weight(agreeing, length) for agreeing in range(ALIKE_BYTES - 1, WHOLE_BYTES)]
    steps = [later - former for former, later in pairwise(said)]
    assert min(steps) >= 0.0
    # One byte of the estimate is .016 of the text and a standard error four of them.
    assert max(steps) < 2.0


def test_a_part_says_no_more_of_a_short_text_than_of_a_long_one() -> None:
    said = [weight(40, length) for length in (15, 30, 60, 200)]
    assert said == sorted(said)
    assert said[0] < said[-1] - 2.0


def test_what_many_strangers_of_one_language_share_says_little() -> None:
    agreeing = ALIKE_BYTES
    shared = bytes(agreeing)
    likeness = resemblance(bytes(64), shared + bytes([1]) * (64 - agreeing))
    assert 0.25 <= likeness < 0.28
    assert weight(agreeing, 60) < 1.5


@for_each(
    ("text", "edited"),
    [
        (
            "Bees on the roof, debts in the cellar, songs between",
            "Bees on the roof, debts in the cellar, lantern between",
        ),
        (
            "Half surveyor, half baker, never awake before the muezzin",
            "Half surveyor, half lantern, never awake before the muezzin",
        ),
    ],
)
def test_a_sentence_of_which_one_word_is_edited_says_almost_what_its_copy_does(
    text: str, edited: str
) -> None:
    assert rate_of(text, edited) < 2.0**-20


def rate_of(one: str, other: str) -> float:
    ours, theirs = (BIO.distil(Account(platform="x", account_id="1", bio=it), keyer) for it in (one, other))
    assert ours is not None
    assert theirs is not None
    found = BIO.compare(ours, theirs, SIGHT)
    assert found is not None
    assert found.rate is not None
    return found.rate


def test_a_phrase_of_which_one_word_is_edited_stays_cheap() -> None:
    assert rate_of("living my best life every day", "living my best life every week") > 2.0**-12


@given(
    seed=st.integers(0, 1 << 32),
    agreeing=st.integers(0, 64),
    ours=st.integers(12, 255),
    theirs=st.integers(12, 255),
)
def test_no_two_texts_weigh_more_than_so_many_shared_bands_allow(
    seed: int, agreeing: int, ours: int, theirs: int
) -> None:
    rng = Random(seed)
    same = set(rng.sample(range(SIGNATURE_BYTES), agreeing))
    mine = BioTrait(bytes(SIGNATURE_BYTES), ours)
    other = BioTrait(bytes(int(at not in same) for at in range(SIGNATURE_BYTES)), theirs)
    shared = len({*BIO.keys(mine)} & {*BIO.keys(other)})
    table = default_weights().signals["bio"]
    found = BIO.compare(mine, other, SIGHT)
    assert found is not None
    if shared and found.rate is not None:
        most = BIO.most(mine, SIGHT, table, banned=False).by_number
        assert table.nats(found.level, found.rate) <= most[shared - 1] + 1e-9


def test_the_signature_of_a_text_stays() -> None:
    """Stores keep it: another one would resemble nothing that they hold."""
    text = "Official channel of the northern valley. News, songs and statements. " * 20
    trait = BIO.distil(Account(platform="x", account_id="1", bio=text), keyer)
    assert trait is not None
    assert blake2b(trait.signature, digest_size=8).hexdigest() == "7afd96f1d80650d8"


def test_a_text_of_twelve_letters_is_the_shortest_that_says_anything() -> None:
    said = [
        BIO.distil(Account(platform="x", account_id="1", bio="abcdefghijkl"[:length]), keyer)
        for length in (11, 12)
    ]
    assert [None if trait is None else trait.length for trait in said] == [None, 12]
