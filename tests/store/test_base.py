"""A candidate reads its records when somebody asks."""

from __future__ import annotations

from samehand.fingerprint.distil import pack
from store.base import Candidate
from store.common.records import frame_of, read_frame
from tests.store.makers import an_account, fingerprints


def test_a_candidate_gives_the_fingerprints_that_were_packed() -> None:
    (one,) = fingerprints(an_account())
    candidate = Candidate("ref", (pack(one), pack(one)), 12.5)
    assert candidate.fingerprint == one
    assert candidate.fingerprints == (one, one)
    assert candidate.fingerprints is candidate.fingerprints


def test_a_candidate_shows_no_trait_of_its_account() -> None:
    frame = read_frame(frame_of(b"tags", fingerprints(an_account(handle="zufar_zarif")), None))
    assert "zufar" not in repr(Candidate("ref", frame.records, 12.5))
