"""What all stores share: limits, errors, sums."""

from __future__ import annotations

import pytest

from samehand.fingerprint.distil import pack
from samehand.keys import KeyKind, falls_silent, posting_cap
from store.base import Candidate
from store.common.records import frame_of, read_frame
from store.errors import StoreError, StoreMismatch, StoreRefused, StoreUnavailable
from store.limits import SILENT_LISTS, listed_at_most
from tests.store.makers import an_account, fingerprints

# A candidate reads its records when somebody asks.


def test_a_candidate_gives_the_fingerprints_that_were_packed() -> None:
    (one,) = fingerprints(an_account())
    candidate = Candidate("ref", (pack(one), pack(one)), 12.5)
    assert candidate.fingerprint == one
    assert candidate.fingerprints == (one, one)
    assert candidate.fingerprints is candidate.fingerprints


def test_a_candidate_shows_no_trait_of_its_account() -> None:
    frame = read_frame(frame_of(b"tags", fingerprints(an_account(handle="zufar_zarif")), None))
    assert "zufar" not in repr(Candidate("ref", frame.records, 12.5))


# A store that is another one says in what, since each has a cure of its own.


def test_a_mismatch_says_in_what() -> None:
    assert (StoreMismatch("other").kind, StoreMismatch("other", "pepper").kind) == ("layout", "pepper")
    assert str(StoreMismatch("other", "pepper")) == "other"


def test_a_refusal_is_waited_out_by_who_runs_already() -> None:
    with pytest.raises(StoreUnavailable):
        raise StoreRefused("Redis refuses the login")
    assert issubclass(StoreRefused, StoreError)


# The caps that follow from others.


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_name_lists_more_than_it_proposes_and_all_else_as_many(kind: KeyKind) -> None:
    assert listed_at_most(kind) == posting_cap(kind) * (SILENT_LISTS if falls_silent(kind) else 1)
